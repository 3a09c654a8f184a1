"""`flask ledger reconcile`, and the job that does so daily."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import pytest
import svcs
from flask import Flask

from backend.domains.ledger.accounts import GATEWAY
from backend.domains.ledger.service import Ledger
from backend.domains.payments.gateway import GatewayDownError, Movement, PaymentGateway
from backend.domains.payments.reconciliation import ReconciliationReports
from backend.domains.payments.reconciliation_jobs import reconcile
from backend.infra.postgres import db
from backend.kernel.money import Money
from backend.wiring import Parts
from tests.conftest import NOW, Stores
from tests.factories.apps import running_app
from tests.factories.ledger import a_provider, post_charge
from tests.factories.payments import SECRET_KEY
from tests.fakes.clock import FakeClock
from tests.fakes.movements import FakeGatewayBook

NOON = NOW - timedelta(hours=21)


class SilentGatewayBook(FakeGatewayBook):
    """Does not answer."""

    def movements(self, *, since: datetime, before: datetime) -> Sequence[Movement]:
        raise GatewayDownError("The payment gateway did not answer within 10 s.")

    def balance(self) -> Mapping[str, Money]:
        raise GatewayDownError("The payment gateway did not answer within 10 s.")


@pytest.fixture
def committing(own_stores: Stores) -> Iterator[Flask]:
    with running_app(own_stores, Parts(clock=FakeClock(NOW)), stripe_secret_key=SECRET_KEY) as app:
        yield app


@pytest.fixture
def gateway(committing: Flask) -> FakeGatewayBook:
    """The gateway of yesterday: a charge, of which it took a fee."""
    book = FakeGatewayBook()
    book.moved("charge", "ch_1", 10000, fee=320, at=NOON)
    use(committing, book)
    return book


def use(app: Flask, book: FakeGatewayBook) -> None:
    svcs.flask.register_value(app, PaymentGateway, book)


def run(app: Flask, *words: str) -> Any:
    return app.test_cli_runner().invoke(args=["ledger", "reconcile", *words])


class TestReconcile:
    def test_books_fees_and_finds_nothing_wrong(self, committing: Flask, gateway: FakeGatewayBook) -> None:
        with committing.app_context():
            post_charge(a_provider(), 10000, at=NOON)
            db.session.commit()

        result = run(committing)

        assert result.exit_code == 0
        assert result.output.splitlines() == [
            "From 2026-12-06 to before 2026-12-07.",
            "Things that moved: 1 at the gateway, 1 in the ledger.",
            "Booked: 1 (fees), 0 (payouts).",
            "Balance now: 96.80 EUR at the gateway, 96.80 EUR in the ledger.",
            "Differences: 0.",
        ]
        with committing.app_context():
            assert svcs.flask.get(Ledger).balance(account=GATEWAY, currency="EUR") == Money(9680, "EUR")

    def test_exits_with_1_when_something_differs(self, committing: Flask, gateway: FakeGatewayBook) -> None:
        result = run(committing, "--from", "2026-12-01", "--to", "2026-12-07")

        assert result.exit_code == 1
        assert result.output.splitlines()[-2:] == [
            "Differences: 1.",
            "100.00 EUR moved at the gateway for ch_1, of which the ledger knows nothing.",
        ]

    def test_wants_days_in_their_order(self, committing: Flask, gateway: FakeGatewayBook) -> None:
        result = run(committing, "--from", "2026-12-07", "--to", "2026-12-07")

        assert result.exit_code == 2
        assert gateway.asked == []

    def test_says_when_the_gateway_does_not_answer(self, committing: Flask) -> None:
        use(committing, SilentGatewayBook())

        result = run(committing)

        assert result.exit_code == 1
        assert result.output == "Error: The payment gateway did not answer within 10 s.\n"


class TestTheJob:
    def test_keeps_a_report(self, committing: Flask, gateway: FakeGatewayBook) -> None:
        with committing.app_context():
            reconcile()
            db.session.commit()
            reconcile()
            kept = svcs.flask.get(ReconciliationReports).newest(older_than=None, limit=9)

        assert [[one["source"] for one in report.differences] for report in kept] == [["ch_1"]]
        assert len(gateway.asked) == 1

    def test_has_nothing_to_do_without_a_gateway(self, app: Flask) -> None:
        reconcile()

        assert svcs.flask.get(ReconciliationReports).newest(older_than=None, limit=9) == []
