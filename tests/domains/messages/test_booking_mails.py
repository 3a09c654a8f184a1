import pytest
from flask.testing import FlaskClient

from tests.factories.bookings import Customer, make_consultant
from tests.factories.messages import post
from tests.fakes.mail import Outbox


@pytest.fixture
def ada(client: FlaskClient) -> Customer:
    return Customer.new(client)


@pytest.fixture
def outbox() -> Outbox:
    return Outbox()


class TestMailsOfBookings:
    def test_a_booking_is_confirmed_to_its_customer(self, ada: Customer, outbox: Outbox) -> None:
        shop = make_consultant()
        made = ada.book(ada.slots(shop)[0]["slot_id"])

        (mail,) = post(outbox)

        assert (mail.to, mail.name) == (ada.user.email, ada.user.name)
        assert mail.subject == f"Confirmed: {shop.product.name}"
        for part in (mail.text, mail.html):
            assert "Monday, December 14, 2026, 9:00\N{NARROW NO-BREAK SPACE}AM" in part
            assert "Europe/Paris, GMT+01:00" in part
            assert "€100.00" in part
            assert made["id"] in part
