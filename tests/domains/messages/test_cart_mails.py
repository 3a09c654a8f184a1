"""What customers are told when an expert hands a cart over."""

from flask.testing import FlaskClient

from backend.kernel.roles import Role
from tests.factories.bookings import Customer
from tests.factories.catalog import make_retail
from tests.factories.checkout import fill
from tests.factories.messages import post
from tests.fakes.mail import Outbox


class TestCartMails:
    def test_tell_the_customer_once_a_day_and_never_in_the_experts_words(self, client: FlaskClient) -> None:
        ada = Customer.new(client, email="ada@example.com", locale="fr")
        elena = Customer.new(client, name="Elena Petrova", roles=[Role.EXPERT])
        for _ in range(2):
            fill(elena, **{make_retail(stock=9).id: 1})
            wish = {"user_id": ada.user.id, "note": "Look at https://evil.example"}
            assert elena.post("/api/cart/hand-over", wish).status_code == 200

        (mail,) = post(Outbox())

        assert (mail.to, mail.subject) == (ada.user.email, "Elena Petrova a composé un panier pour vous")
        assert "evil.example" not in mail.text + mail.html
        assert "réservation" not in mail.text
