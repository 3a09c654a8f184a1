"""What customers are told of card payments, from the till to the refund."""

from datetime import timedelta

import pytest
from flask.testing import FlaskClient

from backend.domains.messages.announcing import RECEIPT_JOB
from backend.domains.payments.jobs import sweep
from backend.infra.wording import Wording
from backend.kernel.money import Money
from backend.local_stripe.local import LocalStripe
from tests.conftest import NOW
from tests.factories.bookings import Customer, make_class, make_consultant
from tests.factories.catalog import make_retail
from tests.factories.checkout import ADDRESS, fill
from tests.factories.documents import text_of
from tests.factories.messages import post
from tests.factories.payments import authenticate
from tests.factories.till import ASKS, Till, look, work_off
from tests.fakes.clock import FakeClock
from tests.fakes.mail import Outbox


@pytest.fixture
def ada(client: FlaskClient) -> Customer:
    return Customer.new(client)


@pytest.fixture
def outbox() -> Outbox:
    return Outbox()


def new_subjects(outbox: Outbox) -> list[str]:
    """What the mails say that were sent just now; receipts are issued before."""
    before = len(outbox.mails)
    work_off(RECEIPT_JOB)
    return sorted(mail.subject for mail in post(outbox)[before:])


class TestMailsOfPaidThings:
    def test_tell_of_a_mixed_order_item_by_item(
        self, ada: Customer, client: FlaskClient, outbox: Outbox
    ) -> None:
        consultant, school = make_consultant(), make_class(seats=20)
        slot, request = ada.slots(consultant)[0]["slot_id"], ada.slots(school, party=10)[0]["slot_id"]
        fill(ada, **{slot: 1, request: 10, make_retail(stock=5).id: 2})
        order = Till(ada).order(shipping_address=ADDRESS)

        placed = new_subjects(outbox)
        Till(ada).pay(order)
        authorised = new_subjects(outbox)
        bookings = [line["booking_id"] for line in order["lines"] if line["booking_id"]]
        Customer.of(client, school.owner).post(f"/api/bookings/{bookings[1]}/decline", {})
        work_off()
        answered = new_subjects(outbox)

        title = school.product.name
        assert placed == ["Your order is waiting for its payment"]
        assert authorised == [
            f"A request for you: {title}",
            f"Confirmed: {consultant.product.name}",
            f"Waiting for approval: {title}",
            "Your order waits for answers",
        ]
        assert answered == [f"Declined: {title}", "Your order is confirmed"]
        paid = Till(ada).payment(order)["paid"]
        total = Wording.of("en").money(Money(paid["amount"], paid["currency"]))
        confirmed = next(mail for mail in outbox.mails if mail.subject == "Your order is confirmed")
        assert "(declined, you do not pay for it): €0.00" in confirmed.text
        assert f"Total: {total}" in confirmed.text
        receipt = text_of(confirmed.attachments[0].content)
        assert f"Total {total}" in receipt
        assert f"{title}, 10 persons" not in receipt

    def test_tell_of_a_deposit_and_its_balance(
        self, ada: Customer, outbox: Outbox, shared_clock: FakeClock
    ) -> None:
        day = (NOW + timedelta(days=40)).date()
        tour = make_class(seats=10, category="tours")
        booked = Till(ada).book(ada.slots(tour, day=day)[0]["slot_id"])

        Till(ada).pay(booked)
        confirmed = new_subjects(outbox)
        shared_clock.advance(days=24)
        work_off()
        due = new_subjects(outbox)
        shared_clock.advance(days=3)
        sweep()
        work_off()
        charged = new_subjects(outbox)

        assert confirmed == [f"Confirmed: {tour.product.name}"]
        assert due == ["The balance is due soon"]
        assert charged == ["The balance is paid"]
        voucher = text_of(outbox.mails[0].attachments[1].content)
        paid = Wording.of("en").money(Money(booked["payment"]["amount"]["amount"], "EUR"))
        assert f"Paid {paid} To be paid" in voucher

    def test_tell_what_to_do_when_a_balance_cannot_be_charged(
        self, ada: Customer, outbox: Outbox, shared_clock: FakeClock, local_stripe: LocalStripe
    ) -> None:
        day = (NOW + timedelta(days=40)).date()
        tour = Till(ada).book(ada.slots(make_class(seats=10, category="tours"), day=day)[0]["slot_id"])
        authenticate(local_stripe, Till(ada).pay(tour, ASKS)["action_url"])
        look(tour)
        new_subjects(outbox)

        shared_clock.advance(days=27)
        sweep()
        work_off()
        told = new_subjects(outbox)

        assert "Your payment did not go through" in told
        failed = next(mail for mail in outbox.mails if mail.subject == "Your payment did not go through")
        assert "We try again on Monday, January 4, 2027." in failed.text
        assert "If it is not paid by" in failed.text

    def test_tell_that_an_order_was_not_paid_in_time(
        self, ada: Customer, outbox: Outbox, shared_clock: FakeClock
    ) -> None:
        fill(ada, **{make_retail(stock=5).id: 2})
        Till(ada).order(shipping_address=ADDRESS)

        shared_clock.advance(minutes=16)
        sweep()
        work_off()
        told = new_subjects(outbox)

        assert told == ["Your order is cancelled"]
        assert "Reason: The payment was not made in time." in outbox.mails[0].text

    def test_tell_that_a_refund_was_made(self, ada: Customer, outbox: Outbox) -> None:
        booked = Till(ada).book(ada.slots(make_consultant())[0]["slot_id"])
        Till(ada).pay(booked)
        new_subjects(outbox)

        ada.delete(f"/api/bookings/{booked['id']}")
        work_off()
        told = new_subjects(outbox)

        total = Wording.of("en").money(Money(booked["total"]["amount"], "EUR"))
        assert [subject.partition(":")[0] for subject in told] == ["A refund is on its way", "Cancelled"]
        refund, cancelled = sorted(outbox.mails[-2:], key=lambda mail: mail.subject)
        assert f"We have sent {total} for" in refund.text
        assert f"{total} goes back to you" in cancelled.text
