"""Posting, balances, and what the database refuses whoever asks for it."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest
import svcs
from flask import Flask
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError, ProgrammingError

from backend.domains.ledger import entries
from backend.domains.ledger.accounts import GATEWAY, PLATFORM
from backend.domains.ledger.service import KeyTakenError, Ledger, Posting, UnbalancedError
from backend.infra.postgres import db
from backend.kernel.money import Money
from tests.conftest import NOW
from tests.factories.ledger import a_provider, post_charge, post_transfer

ENTRY = (
    "INSERT INTO ledger_entries (key, kind, reference, postings, at)"
    " VALUES ('by hand', 'charge', 'pay_1', :postings, '2026-12-07T09:00Z')"
)
POSTING = (
    "INSERT INTO ledger_postings SELECT id, :account, :currency, :minor, at FROM ledger_entries"
    " WHERE key = 'by hand'"
)


@pytest.fixture
def ledger(app: Flask) -> Ledger:
    return svcs.flask.get(Ledger)


@pytest.fixture
def guide(app: Flask) -> str:
    return a_provider()


def settle() -> None:
    """Check what is checked at a commit, which a test never comes to."""
    db.session.execute(text("SET CONSTRAINTS ALL IMMEDIATE"))


def by_hand(lines: Sequence[tuple[str, str, int]], *, postings: int | None = None) -> None:
    """Write an entry past the service."""
    db.session.execute(text(ENTRY), {"postings": len(lines) if postings is None else postings})
    for account, currency, minor in lines:
        db.session.execute(text(POSTING), {"account": account, "currency": currency, "minor": minor})


class TestPosting:
    def test_moves_the_balances(self, ledger: Ledger, guide: str) -> None:
        assert post_charge(guide, 900, fee=100)
        assert post_transfer(guide, 300)
        settle()

        balances = [ledger.balance(account=one, currency="EUR").minor for one in (GATEWAY, guide, PLATFORM)]

        assert balances == [700, -600, -100]
        assert ledger.balance(account=guide, currency="JPY") == Money(0, "JPY")

    def test_happens_once_a_key(self, ledger: Ledger, guide: str) -> None:
        first = post_charge(guide, 900, key="charge:1")
        again = post_charge(guide, 900, key="charge:1")

        assert (first, again) == (True, False)
        assert ledger.balance(account=guide, currency="EUR") == Money(-900, "EUR")

    def test_of_another_fact_with_the_key_is_a_mistake(self, guide: str) -> None:
        post_charge(guide, 900, key="charge:1")

        with pytest.raises(KeyTakenError, match="a charge of pay_1, not of a charge of pay_2"):
            post_charge(guide, 900, key="charge:1", reference="pay_2")

    def test_refuses_what_does_not_balance(self, ledger: Ledger, guide: str) -> None:
        lopsided = [Posting(GATEWAY, Money(5, "EUR")), Posting(guide, Money(-4, "EUR"))]

        with pytest.raises(UnbalancedError):
            ledger.post(key="a", kind="charge", reference="pay_1", postings=lopsided, at=NOW)

    def test_can_be_read_again_by_its_key(self, ledger: Ledger, guide: str) -> None:
        post_charge(guide, 900, fee=100, key="charge:1")

        found = ledger.postings(key="charge:1")

        assert {(one.account, one.amount.minor) for one in found} == {
            (GATEWAY, 1000),
            (guide, -900),
            (PLATFORM, -100),
        }
        assert ledger.postings(key="charge:2") == ()

    def test_of_several_months_and_currencies_are_kept_apart(self, ledger: Ledger, guide: str) -> None:
        # An hour before the month ends in Paris, and the year in UTC.
        for at in (NOW, NOW - timedelta(days=60), datetime(2026, 12, 31, 23, 30, tzinfo=UTC)):
            post_charge(guide, 100, at=at)
        post_charge(guide, 7, currency="JPY")
        settle()

        months = db.session.execute(
            text(
                "SELECT month::text, currency, amount_minor, postings FROM ledger_months WHERE account = :a"
            ),
            {"a": guide},
        )

        assert sorted(tuple(row) for row in months) == [
            ("2026-10-01", "EUR", -100, 1),
            ("2026-12-01", "EUR", -200, 2),
            ("2026-12-01", "JPY", -7, 1),
        ]
        assert ledger.balance(account=guide, currency="EUR") == Money(-300, "EUR")

    def test_of_two_currencies_balances_in_both(self, ledger: Ledger, guide: str) -> None:
        both = (
            *entries.transfer(account=guide, amount=Money(5, "EUR")),
            *entries.transfer(account=guide, amount=Money(70, "JPY")),
        )

        ledger.post(key="a", kind="transfer", reference="pay_1", postings=both, at=NOW)
        settle()

        assert ledger.balance(account=GATEWAY, currency="JPY") == Money(-70, "JPY")


class TestTheDatabase:
    @pytest.mark.parametrize(
        ("lines", "postings"),
        [
            ([(GATEWAY, "EUR", 5), (PLATFORM, "EUR", -4)], None),
            ([(GATEWAY, "EUR", 5), (PLATFORM, "USD", -5)], None),
            ([], 2),
            ([(GATEWAY, "EUR", 5), (PLATFORM, "EUR", -5)], 3),
        ],
    )
    def test_refuses_entries_that_do_not_balance(
        self, app: Flask, lines: list[tuple[str, str, int]], postings: int | None
    ) -> None:
        by_hand(lines, postings=postings)

        with pytest.raises(IntegrityError, match=r"does not balance|fewer than it says"):
            settle()

    @pytest.mark.parametrize(
        ("lines", "why"),
        [
            ([(GATEWAY, "EUR", 5)], "ck_ledger_entries_postings"),
            ([(GATEWAY, "EUR", 0), (PLATFORM, "EUR", 0)], "ck_ledger_postings_amount_minor"),
            ([("cash", "EUR", 5), (PLATFORM, "EUR", -5)], "ck_ledger_postings_account"),
        ],
    )
    def test_refuses_entries_that_are_none(
        self, app: Flask, lines: list[tuple[str, str, int]], why: str
    ) -> None:
        with pytest.raises(IntegrityError, match=why):
            by_hand(lines)

    def test_refuses_more_postings_of_an_entry_of_the_past(self, app: Flask) -> None:
        by_hand([(GATEWAY, "EUR", 5), (PLATFORM, "EUR", -5)])
        settle()
        db.session.execute(text("SET CONSTRAINTS ALL DEFERRED"))
        for account, minor in (("bank", 3), ("house", -3)):
            db.session.execute(text(POSTING), {"account": account, "currency": "EUR", "minor": minor})

        with pytest.raises(IntegrityError, match="fewer than it says"):
            settle()

    @pytest.mark.parametrize("table", ["ledger_entries", "ledger_postings"])
    @pytest.mark.parametrize(
        "statement", ["UPDATE {} SET at = now()", "DELETE FROM {}", "TRUNCATE {} CASCADE"]
    )
    def test_refuses_to_change_what_was_posted(self, guide: str, table: str, statement: str) -> None:
        post_charge(guide, 900)
        settle()

        with pytest.raises(ProgrammingError, match="append-only"):
            db.session.execute(text(statement.format(table)))
