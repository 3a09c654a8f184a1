from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
import svcs
from flask.testing import FlaskClient
from icalendar import Calendar
from sqlalchemy import text

from backend.domains.bookings.lifecycle import BookingLifecycle
from backend.domains.messages.announcing import MAIL_JOB, REMINDER
from backend.infra.mail import Mail
from backend.infra.postgres import db
from tests.conftest import NOW
from tests.factories.bookings import Customer, Shop, make_class, make_consultant
from tests.factories.documents import text_of
from tests.factories.messages import post, waiting
from tests.fakes.clock import FakeClock
from tests.fakes.mail import Outbox


@pytest.fixture
def ada(client: FlaskClient) -> Customer:
    return Customer.new(client)


@pytest.fixture
def shop(ada: Customer) -> Shop:
    return make_consultant()


@pytest.fixture
def outbox() -> Outbox:
    return Outbox()


def book(customer: Customer, shop: Shop, **wish: Any) -> dict[str, Any]:
    token = customer.quote(customer.slots(shop)[0]["slot_id"])["token"]
    answer = customer.post("/api/bookings", {"quote_token": token, "payment_method": "on_site", **wish})
    assert answer.status_code == 201, answer.text
    made: dict[str, Any] = answer.json
    return made


def change(booking: dict[str, Any], assignments: str) -> None:
    """Change a row as a later part of the product will, and forget the mails of its first state."""
    statement = f"UPDATE bookings SET {assignments} WHERE id = :id"  # noqa: S608 (of this file)
    db.session.execute(text(statement), {"id": booking["id"]})
    db.session.execute(text("DELETE FROM procrastinate_jobs"))
    db.session.commit()


class TestMailsOfBookings:
    def test_a_booking_is_confirmed_with_its_voucher_and_dates(
        self, ada: Customer, shop: Shop, outbox: Outbox
    ) -> None:
        made = book(ada, shop)

        (mail,) = post(outbox)

        dates, voucher = mail.attachments
        (event,) = Calendar.from_ical(dates.content).events
        assert (mail.to, mail.name, mail.language) == (ada.user.email, ada.user.name, "en")
        assert mail.subject == f"Confirmed: {shop.product.name}"
        for part in (mail.text, mail.html):
            assert "Monday, December 14, 2026, 9:00\N{NARROW NO-BREAK SPACE}AM" in part
            assert "Europe/Paris, GMT+01:00" in part
            assert "€100.00" in part
            assert made["id"] in part
        assert event["UID"].startswith(made["id"])
        assert made["id"] in text_of(voucher.content)

    def test_go_to_the_contact_in_the_language_of_the_customer(
        self, client: FlaskClient, shop: Shop, outbox: Outbox
    ) -> None:
        customer = Customer.new(client, locale="fr-BE")
        book(customer, shop, contact={"name": "Zoé", "email": "zoe@example.com"})

        (mail,) = post(outbox)

        assert (mail.to, mail.name, mail.language) == ("zoe@example.com", "Zoé", "fr")
        assert "Bonjour Zoé," in mail.text
        assert "lundi 14 décembre 2026, 09:00" in mail.text
        assert "Bon de réservation" in text_of(mail.attachments[1].content)

    def test_a_request_is_told_to_wait_and_then_approved(
        self, ada: Customer, shop: Shop, client: FlaskClient, outbox: Outbox
    ) -> None:
        made = book(ada, shop)
        change(made, "status = 'pending_approval'")

        Customer.of(client, shop.owner).post(f"/api/bookings/{made['id']}/approve")
        (mail,) = post(outbox)

        assert mail.subject.startswith("Approved: ")
        assert f"{shop.provider.name} has approved your request" in mail.text
        assert len(mail.attachments) == 2

    def test_a_request_is_told_to_the_customer_and_to_the_provider_who_answers_it(
        self, ada: Customer, outbox: Outbox
    ) -> None:
        school = make_class(seats=20)
        slot_id = ada.slots(school, party=10)[0]["slot_id"]
        ada.book(slot_id, party=10)

        to_customer, to_provider = post(outbox)

        assert to_customer.to == ada.user.email
        assert to_customer.subject.startswith("Waiting for approval: ")
        assert to_provider.to == school.owner.email
        assert to_provider.subject.startswith("A request for you: ")
        assert f"{ada.user.name} would like to book with you." in to_provider.text
        assert "without an answer it ends on" in to_provider.text

    def test_a_declined_request_says_why(
        self, ada: Customer, shop: Shop, client: FlaskClient, outbox: Outbox
    ) -> None:
        made = book(ada, shop)
        change(made, "status = 'pending_approval'")

        Customer.of(client, shop.owner).post(f"/api/bookings/{made['id']}/decline", {"reason": "I am ill."})
        (mail,) = post(outbox)

        assert mail.subject.startswith("Declined: ")
        assert "Reason: I am ill." in mail.text
        assert [file.media_type for file in mail.attachments] == [
            "text/calendar; charset=utf-8; method=PUBLISH"
        ]

    def test_a_request_that_nobody_answered_has_lapsed(
        self, ada: Customer, shop: Shop, outbox: Outbox
    ) -> None:
        made = book(ada, shop)
        change(made, "status = 'pending_approval'")

        svcs.flask.get(BookingLifecycle).lapse_unanswered(now=NOW + timedelta(days=8))
        (mail,) = post(outbox)

        assert mail.subject.startswith("Not confirmed in time: ")

    def test_a_cancellation_says_what_goes_back_and_by_which_rule(
        self, ada: Customer, shop: Shop, shared_clock: FakeClock, outbox: Outbox
    ) -> None:
        made = book(ada, shop)
        change(made, "paid_minor = total_minor")
        shared_clock.advance(days=7, hours=-31)

        policy = Customer.of(ada.client, ada.user).delete(f"/api/bookings/{made['id']}").json["policy"]
        (mail,) = post(outbox)

        assert mail.subject.startswith("Cancelled: ")
        assert "€50.00 goes back to you" in mail.text
        assert f"Reason: {policy['about']}" in mail.text
        assert b"STATUS:CANCELLED" in mail.attachments[0].content

    def test_what_is_no_longer_true_is_not_told(self, ada: Customer, shop: Shop, outbox: Outbox) -> None:
        made = book(ada, shop)
        ada.delete(f"/api/bookings/{made['id']}")

        mails = post(outbox)

        assert [mail.subject.partition(":")[0] for mail in mails] == ["Cancelled"]


class TestReminders:
    def reminders(self) -> list[tuple[datetime, dict[str, Any]]]:
        query = text(
            "SELECT scheduled_at, args FROM procrastinate_jobs"
            " WHERE task_name = :task AND args->>'kind' = :kind ORDER BY id"
        )
        found = db.session.execute(query, {"task": MAIL_JOB, "kind": REMINDER})
        return [(row.scheduled_at, row.args) for row in found]

    def send(self, outbox: Outbox, arguments: dict[str, Any]) -> list[Mail]:
        return post(outbox, only=arguments)

    def test_come_a_day_before(self, ada: Customer, shop: Shop, outbox: Outbox) -> None:
        made = book(ada, shop)
        post(outbox)

        ((at, arguments),) = self.reminders()
        mails = self.send(outbox, arguments)

        assert at == datetime.fromisoformat(made["starts_at"]) - timedelta(days=1)
        assert mails[-1].subject.startswith("Soon: ")

    def test_are_not_for_what_begins_within_a_day(self, ada: Customer, shop: Shop, outbox: Outbox) -> None:
        book(ada, shop)

        post(outbox, now=NOW + timedelta(days=6, hours=23, minutes=30))

        assert self.reminders() == []

    @pytest.mark.parametrize(
        "meanwhile", ["status = 'cancelled', refund_minor = 0", "starts_at = starts_at - interval '1 minute'"]
    )
    def test_are_not_sent_of_what_was_cancelled_or_moved(
        self, ada: Customer, shop: Shop, outbox: Outbox, meanwhile: str
    ) -> None:
        made = book(ada, shop)
        post(outbox)
        ((_, arguments),) = self.reminders()
        change(made, meanwhile)

        assert len(self.send(outbox, arguments)) == 1


class TestAnnouncing:
    """Mails are jobs, committed with the change that they tell of."""

    @pytest.mark.parametrize(("end", "mails"), [(db.session.commit, 1), (db.session.rollback, 0)])
    def test_a_mail_is_written_when_the_change_is_committed(
        self, ada: Customer, shop: Shop, end: Callable[[], None], mails: int
    ) -> None:
        made = book(ada, shop)
        change(made, "status = 'pending_approval'")

        svcs.flask.get(BookingLifecycle).lapse_unanswered(now=NOW + timedelta(days=8))
        end()

        assert len(waiting()) == mails

    def test_a_refused_request_writes_none(self, ada: Customer, shop: Shop) -> None:
        slot_id = ada.slots(shop)[0]["slot_id"]
        token = ada.quote(slot_id)["token"]
        late = ada.quote(slot_id)["token"]
        ada.post("/api/bookings", {"quote_token": token, "payment_method": "on_site"})

        answer = ada.post("/api/bookings", {"quote_token": late, "payment_method": "on_site"})

        assert answer.status_code == 409
        assert len(waiting()) == 1

    def test_what_concerns_nobody_makes_no_job(self, ada: Customer, shop: Shop, client: FlaskClient) -> None:
        made = book(ada, shop)
        change(made, "starts_at = now() - interval '30 years', ends_at = now() - interval '29 years'")

        Customer.of(client, shop.owner).post(f"/api/bookings/{made['id']}/complete")

        assert waiting() == []
