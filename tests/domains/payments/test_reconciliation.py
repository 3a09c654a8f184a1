"""The ledger and the gateway's own book: what is booked from the latter, and what differs."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
import svcs
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import text
from sqlalchemy.exc import ProgrammingError

from backend.domains.ledger import entries
from backend.domains.ledger.accounts import BANK, GATEWAY, GATEWAY_FEES
from backend.domains.ledger.entries import Kind, Postings
from backend.domains.ledger.gateway_side import GatewaySide
from backend.domains.ledger.service import Ledger
from backend.domains.payments.differences import Disagreement
from backend.domains.payments.reconciliation import Reconciliation, Report
from backend.domains.payments.reconciliation_schemas import ReconciliationPageSchema
from backend.infra.gauges import StoreGauges
from backend.infra.postgres import db
from backend.kernel.money import Money
from backend.kernel.roles import Role
from tests.conftest import NOW
from tests.factories.identity import auth_headers, make_user
from tests.factories.ledger import a_provider, post_charge
from tests.fakes.movements import FakeGatewayBook

TODAY = NOW.replace(hour=0)
YESTERDAY = TODAY - timedelta(days=1)
NOON = YESTERDAY + timedelta(hours=12)

Read = Callable[..., Report]


@pytest.fixture
def gateway() -> FakeGatewayBook:
    return FakeGatewayBook()


@pytest.fixture
def reconciliation(app: Flask, gateway: FakeGatewayBook) -> Reconciliation:
    return Reconciliation(db.session, svcs.flask.get(Ledger), GatewaySide(db.session), gateway)


@pytest.fixture
def report(reconciliation: Reconciliation) -> Read:
    """The report on a period; yesterday unless told."""

    def read(since: datetime = YESTERDAY, before: datetime = TODAY) -> Report:
        return reconciliation.report(since=since, before=before)

    return read


@pytest.fixture
def guide(app: Flask) -> str:
    return a_provider()


def eur(minor: int) -> Money:
    return Money(minor, "EUR")


def post(key: str, kind: Kind, postings: Postings, *, source: str | None, at: datetime = NOON) -> None:
    svcs.flask.get(Ledger).post(
        key=key, kind=kind, reference="pay_1", postings=postings, at=at, source=source
    )


def balance(account: str) -> int:
    return svcs.flask.get(Ledger).balance(account=account, currency="EUR").minor


def found(report: Report) -> list[tuple[Disagreement, str, int, int]]:
    return [(one.kind, one.source, one.ledger.minor, one.gateway.minor) for one in report.differences]


class TestBooking:
    def test_fees_are_booked_once(self, gateway: FakeGatewayBook, report: Read, guide: str) -> None:
        post_charge(guide, 10000, at=NOON)
        gateway.moved("charge", "ch_1", 10000, fee=320, at=NOON)
        gateway.moved("stripe_fee", None, -200, at=NOON)

        first, again = report(), report()

        assert (first.fees_booked, again.fees_booked) == (2, 0)
        assert (balance(GATEWAY_FEES), balance(GATEWAY)) == (520, 9480)
        assert svcs.flask.get(Ledger).postings(key="fee:txn_1") == (*reversed(entries.fee(amount=eur(320))),)
        assert first.differences == again.differences == ()

    def test_payouts_and_those_that_came_back_are_booked(
        self, gateway: FakeGatewayBook, report: Read, guide: str
    ) -> None:
        post_charge(guide, 10000, at=NOON)
        gateway.moved("charge", "ch_1", 10000, at=NOON)
        gateway.moved("payout", "po_1", -7000, at=NOON)
        gateway.moved("payout", "po_2", -3000, at=NOON)
        gateway.moved("payout_failure", "po_2", 3000, at=NOON)

        made = report()

        assert made.payouts_booked == 3
        assert (balance(BANK), balance(GATEWAY)) == (7000, 3000)
        assert made.differences == ()

    def test_a_fee_that_came_back_is_booked(self, gateway: FakeGatewayBook, report: Read) -> None:
        gateway.moved("adjustment", "du_1", -5000, fee=1500, at=NOON)
        gateway.moved("adjustment", "du_1", 5000, fee=-1500, at=NOON)

        made = report()

        assert (made.fees_booked, balance(GATEWAY_FEES), made.differences) == (2, 0, ())


class TestDifferences:
    def test_are_none_when_both_tell_the_same(
        self, gateway: FakeGatewayBook, report: Read, guide: str
    ) -> None:
        post_charge(guide, 9000, fee=1000, at=NOON)
        post("t", Kind.TRANSFER, entries.transfer(account=guide, amount=eur(9000)), source="tr_1")
        gateway.moved("charge", "ch_1", 10000, fee=320, at=NOON)
        gateway.moved("transfer", "tr_1", -9000, at=NOON)

        made = report()

        assert (made.movements, made.entries, made.differences) == (2, 2, ())
        assert [(one.ledger.minor, one.gateway.minor) for one in made.balances] == [(680, 680)]

    def test_are_movements_that_the_ledger_does_not_know(
        self, gateway: FakeGatewayBook, report: Read
    ) -> None:
        gateway.moved("charge", "ch_1", 10000, fee=320, at=NOON)

        made = report()

        assert found(made) == [(Disagreement.UNKNOWN_MOVEMENT, "ch_1", 0, 10000)]
        assert made.differences[0].words == (
            "100.00 EUR moved at the gateway for ch_1, of which the ledger knows nothing."
        )

    def test_are_entries_that_the_gateway_does_not_know(self, report: Read, guide: str) -> None:
        post_charge(guide, 10000, key="charge:1", at=NOON)

        made = report()

        assert found(made) == [(Disagreement.UNKNOWN_ENTRY, "ch_1", 10000, 0)]
        assert made.differences[0].entries == ("charge:1",)

    def test_are_other_amounts(self, gateway: FakeGatewayBook, report: Read, guide: str) -> None:
        post_charge(guide, 10000, key="charge:1", at=NOON)
        gateway.moved("charge", "ch_1", 9999, at=NOON)

        made = report()

        assert found(made) == [(Disagreement.AMOUNT, "ch_1", 10000, 9999)]
        assert (made.differences[0].entries, made.differences[0].movements) == (("charge:1",), ("txn_1",))

    def test_are_other_currencies(self, gateway: FakeGatewayBook, report: Read, guide: str) -> None:
        post_charge(guide, 10000, at=NOON)
        gateway.moved("charge", "ch_1", 10000, currency="USD", at=NOON)

        made = report()

        assert {(one.kind, one.gateway.currency) for one in made.differences} == {
            (Disagreement.UNKNOWN_ENTRY, "EUR"),
            (Disagreement.UNKNOWN_MOVEMENT, "USD"),
        }

    def test_are_fees_that_were_booked_otherwise(
        self, gateway: FakeGatewayBook, report: Read, guide: str
    ) -> None:
        post_charge(guide, 10000, at=NOON)
        post("fee:by hand", Kind.FEE, entries.fee(amount=eur(320)), source="ch_1")
        gateway.moved("charge", "ch_1", 10000, fee=320, at=NOON)

        made = report()

        assert found(made) == [(Disagreement.FEE, "ch_1", 640, 320)]

    def test_are_entries_that_do_not_say_their_source(self, report: Read, guide: str) -> None:
        post_charge(guide, 10000, key="charge:1", source=None, at=NOON)

        made = report()

        assert [one.kind for one in made.differences] == [Disagreement.NO_SOURCE]
        assert "The entry charge:1 moves 100.00 EUR at the gateway" in made.differences[0].words

    def test_do_not_come_from_what_has_nothing_to_do_with_the_gateway(self, report: Read, guide: str) -> None:
        post("w", Kind.WRITE_OFF, entries.write_off(account=guide, amount=eur(5)), source=None)

        made = report()

        assert (made.entries, made.differences) == (0, ())

    def test_do_not_come_from_midnight_falling_between_the_two(
        self, gateway: FakeGatewayBook, report: Read, guide: str
    ) -> None:
        for number, (moved, posted) in enumerate([(-1, 1), (1, -1)]):
            for edge in (YESTERDAY, TODAY):
                name = f"ch_{number}_{edge:%d}"
                gateway.moved("charge", name, 100, at=edge + timedelta(seconds=moved))
                post_charge(guide, 100, source=name, at=edge + timedelta(seconds=posted))

        made = report()

        assert (made.movements, made.entries, made.differences) == (2, 2, ())

    def test_do_not_come_from_a_dispute_whose_end_is_of_another_day(
        self, gateway: FakeGatewayBook, report: Read
    ) -> None:
        gateway.moved("adjustment", "du_1", -5000, at=NOON - timedelta(days=5))
        post("o", Kind.DISPUTE_OPENED, entries.dispute_opened(amount=eur(5000)), source="du_1")
        report(YESTERDAY - timedelta(days=5), YESTERDAY)

        gateway.moved("adjustment", "du_1", 5000, at=NOON)
        post("w", Kind.DISPUTE_WON, entries.dispute_won(amount=eur(5000)), source="du_1")
        made = report()

        assert (made.movements, made.differences) == (1, ())


class TestTheDailyReport:
    def test_is_made_once_a_day(self, reconciliation: Reconciliation, gateway: FakeGatewayBook) -> None:
        first = reconciliation.report_daily(now=NOW)
        again = reconciliation.report_daily(now=NOW + timedelta(hours=5))

        assert first is not None
        assert (first.since, first.before, again) == (YESTERDAY, TODAY, None)
        assert len(gateway.asked) == 1

    def test_makes_up_for_days_that_were_missed(self, reconciliation: Reconciliation) -> None:
        reconciliation.report_daily(now=NOW)
        db.session.commit()

        made = reconciliation.report_daily(now=NOW + timedelta(days=3))

        assert made is not None
        assert (made.since, made.before) == (TODAY, TODAY + timedelta(days=3))

    def test_tells_of_a_difference_until_it_is_gone(
        self, reconciliation: Reconciliation, gateway: FakeGatewayBook, guide: str
    ) -> None:
        gateway.moved("charge", "ch_1", 10000, at=NOON)
        told = []
        for day in range(4):
            if day == 2:
                post_charge(guide, 10000, at=NOON)
                db.session.commit()
            made = reconciliation.report_daily(now=NOW + timedelta(days=day))
            db.session.commit()
            assert made is not None
            told.append([one["source"] for one in made.differences])

        assert told == [["ch_1"], ["ch_1"], [], []]

    def test_is_a_gauge(self, app: Flask, reconciliation: Reconciliation, gateway: FakeGatewayBook) -> None:
        queries = {gauge.name: gauge.query for gauge in svcs.flask.get(StoreGauges)._gauges}
        before = db.session.scalar(text(queries["reconciliation_differences"]))

        gateway.moved("charge", "ch_1", 10000, at=NOON)
        reconciliation.report_daily(now=NOW)

        assert before is None
        assert db.session.scalar(text(queries["reconciliation_differences"])) == 1
        assert db.session.scalar(text(queries["reconciliation_age_seconds"])) is not None

    def test_is_for_analysts(
        self, client: FlaskClient, reconciliation: Reconciliation, gateway: FakeGatewayBook
    ) -> None:
        gateway.moved("charge", "ch_1", 10000, fee=320, at=NOON)
        for day in range(3):
            reconciliation.report_daily(now=NOW + timedelta(days=day))
            db.session.commit()
        path = "/api/reports/reconciliation"
        analyst, customer = (
            auth_headers(client, make_user(roles=[role])) for role in (Role.ANALYST, Role.CUSTOMER)
        )

        page = client.get(f"{path}?limit=2", headers=analyst)
        rest = client.get(path, query_string={"cursor": page.json["next"]}, headers=analyst)

        ReconciliationPageSchema().load(page.json)
        assert client.get(path, headers=customer).status_code == 403
        assert [item["from"] for item in page.json["items"] + rest.json["items"]] == [
            "2026-12-08T00:00:00Z",
            "2026-12-07T00:00:00Z",
            "2026-12-06T00:00:00Z",
        ]
        assert rest.json["items"][0]["fees_booked"] == 1
        assert rest.json["items"][0]["differences"] == [
            {
                "kind": "unknown_movement",
                "source": "ch_1",
                "ledger": {"amount": 0, "currency": "EUR"},
                "gateway": {"amount": 10000, "currency": "EUR"},
                "entries": [],
                "movements": ["txn_1"],
                "words": "100.00 EUR moved at the gateway for ch_1, of which the ledger knows nothing.",
            }
        ]
        assert rest.json["items"][0]["balances"] == [
            {
                "ledger": {"amount": -320, "currency": "EUR"},
                "gateway": {"amount": 9680, "currency": "EUR"},
            }
        ]


class TestWhatTheGatewayTold:
    def test_is_kept_as_it_was(self, gateway: FakeGatewayBook, report: Read) -> None:
        gateway.moved("charge", "ch_1", 10000, at=NOON)
        report()

        with pytest.raises(ProgrammingError, match="append-only"):
            db.session.execute(text("UPDATE gateway_movements SET moved_minor = 0"))
