"""Sending once, whatever happens to jobs and servers."""

import asyncio
import email
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from email import policy
from pathlib import Path
from typing import Any

import pytest
import svcs
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import text

from backend import wiring
from backend.cli.worker import work
from backend.config import PLAIN, Smtp
from backend.domains.messages.announcing import KINDS, MAIL_JOB, RECEIPT_JOB
from backend.domains.messages.drafts import MailTask
from backend.domains.messages.issuing import ReceiptService
from backend.domains.messages.service import MessageService
from backend.infra.announcements import Announcements
from backend.infra.clock import SystemClock
from backend.infra.mail import Mail, MailRefusedError, MailServerError
from backend.infra.postgres import db
from tests.cli.ports import free_port
from tests.conftest import NOW, Stores, make_settings
from tests.factories.apps import running_app
from tests.factories.bookings import Customer, make_consultant, next_week
from tests.factories.catalog import make_retail
from tests.factories.checkout import fill, place
from tests.factories.documents import text_of
from tests.factories.messages import post, waiting
from tests.fakes.mail import Outbox
from tests.waiting import PATIENCE_SECONDS, wait_until


@pytest.fixture
def ada(client: FlaskClient) -> Customer:
    return Customer.new(client)


@pytest.fixture
def outbox() -> Outbox:
    return Outbox()


def sent() -> list[dict[str, Any]]:
    query = "SELECT key, recipient, kind, subject_id, refusal FROM sent_mails ORDER BY key"
    return [dict(row._mapping) for row in db.session.execute(text(query))]


class TestSend:
    def test_sends_once_when_its_job_runs_twice(self, ada: Customer, outbox: Outbox) -> None:
        ada.book(ada.slots(make_consultant())[0]["slot_id"])

        post(outbox)
        mails = post(outbox)

        assert len(mails) == 1
        assert [row["kind"] for row in sent()] == ["booking_confirmed"]

    def test_sends_again_what_the_server_did_not_take_under_the_same_id(
        self, ada: Customer, outbox: Outbox
    ) -> None:
        ada.book(ada.slots(make_consultant())[0]["slot_id"])
        down = Outbox(failure=MailServerError("It is down."))

        with pytest.raises(MailServerError):
            post(down)
        db.session.rollback()
        before = sent()
        first = post(outbox)[0].id
        db.session.rollback()
        second = post(outbox)[1].id

        assert before == []
        assert first == second

    def test_writes_down_what_is_refused_and_does_not_try_again(self, ada: Customer, outbox: Outbox) -> None:
        ada.book(ada.slots(make_consultant())[0]["slot_id"])

        post(Outbox(failure=MailRefusedError("550 No such user")))
        mails = post(outbox)

        assert mails == []
        assert [row["refusal"] for row in sent()] == ["550 No such user"]

    def test_forgets_what_is_no_more(self, app: Flask, outbox: Outbox) -> None:
        service = replace(svcs.flask.get(MessageService), mailer=outbox)
        task = MailTask("booking_confirmed", "bkg_01kaj3zq6m8v9x2c4b5n7p8q9r", "1", {})

        assert service.send(task=task, now=NOW) is False
        assert outbox.mails == []


class TestMailsOfOrders:
    def test_an_order_is_confirmed_with_its_receipt(self, ada: Customer, outbox: Outbox) -> None:
        fill(ada, **{make_retail(stock=5).id: 2})
        order = place(ada)

        for arguments in waiting(RECEIPT_JOB):
            svcs.flask.get(ReceiptService).deliver(now=NOW, **arguments)
        (mail,) = post(outbox)

        (receipt,) = mail.attachments
        assert mail.subject == "Your order is confirmed"
        assert order["id"] in mail.text
        assert order["id"] in text_of(receipt.content)

    def test_a_receipt_is_mailed_once_when_its_job_runs_twice(self, ada: Customer, outbox: Outbox) -> None:
        fill(ada, **{make_retail(stock=5).id: 1})
        place(ada)

        for arguments in waiting(RECEIPT_JOB) * 2:
            svcs.flask.get(ReceiptService).deliver(now=NOW, **arguments)
        mails = post(outbox)

        assert len(mails) == 1

    def test_an_order_that_was_cancelled_at_once_has_no_receipt(self, ada: Customer, outbox: Outbox) -> None:
        fill(ada, **{make_retail(stock=5).id: 1})
        order = place(ada)
        ada.delete(f"/api/orders/{order['id']}")

        for arguments in waiting(RECEIPT_JOB):
            svcs.flask.get(ReceiptService).deliver(now=NOW, **arguments)
        mails = post(outbox)

        assert [mail.subject for mail in mails] == ["Your order is cancelled"]


class TestMailsOfPayments:
    @pytest.mark.parametrize(
        ("of", "name", "data", "subject", "said"),
        [
            (
                "booking",
                "payment.failed",
                {"reason": "The card was declined.", "retry_on": "2026-12-10", "cancelled_on": "2026-12-12"},
                "Your payment did not go through",
                ["€25.00 for", "The card was declined.", "try again on Thursday, December 10", "December 12"],
            ),
            ("order", "payment.failed", {}, "Your payment did not go through", ["Please pay again"]),
            ("order", "balance.due", {"on": "2026-12-10"}, "The balance is due soon", ["December 10, 2026"]),
            ("order", "balance.charged", {}, "The balance is paid", ["€25.00"]),
            ("booking", "refund.made", {"reason": "Half."}, "A refund is on its way", ["€25.00", "Half."]),
        ],
    )
    def test_say_how_much_for_what_and_what_to_do(
        self,
        ada: Customer,
        outbox: Outbox,
        of: str,
        name: str,
        data: dict[str, Any],
        subject: str,
        said: list[str],
    ) -> None:
        slot_id = ada.slots(make_consultant())[0]["slot_id"]
        if of == "booking":
            bought = ada.book(slot_id)["id"]
        else:
            fill(ada, **{slot_id: 1})
            bought = place(ada, payment_method="on_site", shipping_address=None)["id"]
        db.session.execute(text("DELETE FROM procrastinate_jobs"))
        money = {"amount": {"amount": 2500, "currency": "EUR"}}

        svcs.flask.get_abstract(Announcements).announce(
            name, subject=bought, occasion="pay_1", data={**money, **data}
        )
        (mail,) = post(outbox)

        assert mail.subject == subject
        assert "Consultation, 60 min" in mail.text
        assert all(words in mail.text for words in said)


class TestTasks:
    def test_of_mails_and_receipts_are_known_to_the_worker(self) -> None:
        assert {MAIL_JOB, RECEIPT_JOB} <= {task.name for task in wiring.tasks()}

    def test_there_is_a_template_for_each_kind(self) -> None:
        folder = Path(wiring.__file__).parents[1] / "domains/messages/templates"

        assert {f"{kind}.jinja" for kind in KINDS} == {
            file.name for file in folder.glob("[a-z]*.jinja") if file.name.count(".") == 1
        }


@dataclass(frozen=True)
class SlowMailer:
    """A mail server that takes its time: until it is released."""

    outbox: Outbox = field(default_factory=Outbox)
    entered: threading.Event = field(default_factory=threading.Event)
    released: threading.Event = field(default_factory=threading.Event)

    def send(self, mail: Mail) -> None:
        self.entered.set()
        assert self.released.wait(PATIENCE_SECONDS)
        self.outbox.send(mail)


class TestTwoWorkers:
    def test_with_the_same_job_send_one_mail(self, own_stores: Stores) -> None:
        mailer = SlowMailer()
        with running_app(own_stores) as app, app.app_context(), ThreadPoolExecutor(2) as workers:
            customer = Customer.new(app.test_client())
            day = next_week(SystemClock().now())
            customer.book(customer.slots(make_consultant(), day=day)[0]["slot_id"])
            (arguments,) = waiting()

            def work() -> bool:
                with app.app_context():
                    service = replace(svcs.flask.get(MessageService), mailer=mailer)
                    was_sent = service.send(task=MailTask(**arguments), now=NOW)
                    db.session.commit()
                    return was_sent

            first = workers.submit(work)
            assert mailer.entered.wait(PATIENCE_SECONDS)
            second = workers.submit(work)
            wait_until(lambda: second.done() or somebody_waits())
            mailer.released.set()
            results = [first.result(PATIENCE_SECONDS), second.result(PATIENCE_SECONDS)]
            db.session.remove()

        assert results == [True, False]
        assert len(mailer.outbox.mails) == 1


def somebody_waits() -> bool:
    """Whether a transaction of this database waits for another one's lock."""
    query = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
    found = db.session.execute(text(query)).scalar_one()
    db.session.rollback()
    return bool(found)


class TestAWorker:
    def test_writes_the_mails_of_committed_changes_into_files(
        self, own_stores: Stores, tmp_path: Path
    ) -> None:
        with running_app(own_stores, data_dir=tmp_path) as app, app.app_context():
            customer = Customer.new(app.test_client(), locale="de")
            fill(customer, **{make_retail(stock=5).id: 1})
            order = place(customer)
            settings = make_settings(own_stores, data_dir=tmp_path)
            for _ in range(2):
                # The first run issues the receipt, the second one mails it.
                asyncio.run(work(app, wiring.tasks(), settings=settings, wait=False))
            db.session.remove()

        (file,) = (tmp_path / "mail").glob("*.eml")
        message = email.message_from_bytes(file.read_bytes(), policy=policy.default)
        (receipt,) = message.iter_attachments()
        assert message["Subject"] == "Ihre Bestellung ist bestätigt"
        assert receipt.get_filename() == f"receipt-{order['id']}.pdf"

    def test_tries_again_later_while_the_mail_server_is_down(
        self, own_stores: Stores, tmp_path: Path
    ) -> None:
        nobody = Smtp(host="127.0.0.1", port=free_port(), security=PLAIN)
        changes: dict[str, Any] = {"data_dir": tmp_path, "smtp": nobody}
        with running_app(own_stores, **changes) as app, app.app_context():
            customer = Customer.new(app.test_client())
            day = next_week(SystemClock().now())
            customer.book(customer.slots(make_consultant(), day=day)[0]["slot_id"])

            asyncio.run(work(app, wiring.tasks(), settings=make_settings(own_stores, **changes), wait=False))

            query = "SELECT status::text, attempts FROM procrastinate_jobs WHERE task_name = :task"
            job = db.session.execute(text(query), {"task": MAIL_JOB}).one()
            kept = sent()
            db.session.remove()
        assert job.status == "todo"
        assert job.attempts >= 1
        assert kept == []
