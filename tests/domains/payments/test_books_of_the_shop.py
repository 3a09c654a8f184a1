"""What the shop does by itself with card payments, in three books: the ledger, the gateway, a statement."""

from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

import pytest
import svcs
from flask.testing import FlaskClient
from werkzeug.test import Client

from backend.domains.ledger.checking import LedgerCheck
from backend.domains.ledger.service import Ledger
from backend.domains.payments.gateway import PaymentGateway
from backend.domains.payments.gateways.stripe_gateway import StripeGateway
from backend.domains.payments.jobs import look
from backend.domains.payments.reconciliation import Reconciliation
from backend.infra.postgres import db
from backend.kernel.money import Money
from backend.local_stripe.local import LocalStripe
from tests.conftest import NOW
from tests.factories.bookings import Customer, Shop, make_consultant
from tests.factories.payments import decide, dispute
from tests.factories.till import Till, work_off

# Its money is there at once, so that it can be paid out.
CARD = "pm_card_bypassPending"
TODAY = NOW.replace(hour=0)


@pytest.fixture
def ada(client: FlaskClient) -> Customer:
    """A customer."""
    return Customer.new(client)


@pytest.fixture
def shop(client: FlaskClient, local_stripe: LocalStripe) -> Shop:
    """A provider who can be paid."""
    made = make_consultant()
    asked = {"provider_id": made.provider.id}
    opened = Customer.of(client, made.owner).post("/api/providers/stripe-onboard", asked)
    Client(local_stripe.app).post(urlsplit(opened.json["url"]).path, data={"outcome": "complete"})
    Customer.of(client, made.owner).get("/api/providers/stripe-onboard")
    return made


def sell(ada: Customer, shop: Shop, nth: int = 0) -> dict[str, Any]:
    """A booking of the `nth` slot, paid."""
    booked = Till(ada).book(ada.slots(shop)[nth]["slot_id"])
    Till(ada).pay(booked, CARD)
    work_off()
    return booked


def cancel(ada: Customer, booked: dict[str, Any]) -> None:
    assert ada.delete(f"/api/bookings/{booked['id']}").status_code == 200
    work_off()


def intent_of(gateway: PaymentGateway) -> str:
    """The intent of the only payment there is."""
    assert isinstance(gateway, StripeGateway)
    (found,) = gateway.client.v1.payment_intents.list().data
    return str(found.id)


def owed(shop: Shop) -> int:
    """What we owe the provider, in cents."""
    return -svcs.flask.get(Ledger).balance(account=f"provider:{shop.provider.id}", currency="EUR").minor


def lines(client: FlaskClient, shop: Shop) -> list[tuple[str, int]]:
    """The provider's statement: what each line is called, and its balance."""
    period = "from=2026-12-07&to=2026-12-08"
    answer = Customer.of(client, shop.owner).get(f"/api/providers/{shop.provider.id}/statement?{period}")
    (found,) = answer.json["currencies"]
    return [(line["words"], line["balance"]["amount"]) for line in found["lines"]]


def assert_books_agree() -> None:
    """The ledger is right, and the gateway's book says the same."""
    db.session.commit()
    report = svcs.flask.get(Reconciliation).report(since=TODAY, before=TODAY + timedelta(days=1))
    at_gateway = svcs.flask.get_abstract(PaymentGateway).balance()["EUR"]

    assert [one.words for one in report.differences] == []
    assert svcs.flask.get(Ledger).balance(account="gateway", currency="EUR") == at_gateway
    assert svcs.flask.get(LedgerCheck).problems() == []


class TestASale:
    def test_is_passed_on(self, ada: Customer, client: FlaskClient, shop: Shop) -> None:
        sell(ada, shop)

        share = lines(client, shop)[0][1]

        assert share > 0
        assert lines(client, shop) == [("Share of a sale", share), ("Paid out to you", 0)]
        assert_books_agree()

    def test_that_is_cancelled_is_taken_back(self, ada: Customer, client: FlaskClient, shop: Shop) -> None:
        cancel(ada, sell(ada, shop))

        said = lines(client, shop)

        assert [words for words, _ in said] == [
            "Share of a sale",
            "Paid out to you",
            "Refund to the customer",
            "Taken back of what was paid out",
        ]
        assert said[-1] == ("Taken back of what was paid out", 0)
        assert_books_agree()

    def test_that_cannot_be_taken_back_is_kept_of_the_next(
        self, ada: Customer, client: FlaskClient, shop: Shop
    ) -> None:
        gateway = svcs.flask.get_abstract(PaymentGateway)
        assert isinstance(gateway, StripeGateway)
        first = sell(ada, shop)
        share = lines(client, shop)[0][1]
        account = Customer.of(client, shop.owner).get("/api/providers/stripe-onboard").json["account_id"]
        gateway.client.v1.payouts.create({"amount": share, "currency": "eur"}, {"stripe_account": account})

        cancel(ada, first)
        debt = owed(shop)
        sell(ada, shop, nth=1)

        assert (debt, owed(shop)) == (-share, 0)
        assert [words for words, _ in lines(client, shop)] == [
            "Share of a sale",
            "Paid out to you",
            "Refund to the customer",
            "Share of a sale",
        ]
        assert_books_agree()


class TestADispute:
    @pytest.mark.parametrize(("status", "words"), [("won", "Paid out to you"), ("lost", "Lost dispute")])
    def test_freezes_and_settles(
        self,
        ada: Customer,
        client: FlaskClient,
        shop: Shop,
        local_stripe: LocalStripe,
        status: str,
        words: str,
    ) -> None:
        booked = sell(ada, shop)
        opened = dispute(local_stripe, intent_of(svcs.flask.get_abstract(PaymentGateway)))
        look(booked["payment"]["id"])
        work_off()
        frozen = svcs.flask.get(Ledger).balance(account="disputed", currency="EUR")

        decide(local_stripe, opened["id"], status)
        look(booked["payment"]["id"])
        work_off()

        assert frozen.minor == booked["total"]["amount"]
        assert svcs.flask.get(Ledger).balance(account="disputed", currency="EUR") == Money(0, "EUR")
        assert words in [said for said, _ in lines(client, shop)]
        assert owed(shop) == 0
        assert_books_agree()
