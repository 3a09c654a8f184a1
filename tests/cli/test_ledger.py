"""`flask ledger check`, of a book that is right and of one that somebody broke; and `flask ledger write-off`."""

from typing import Any

import pytest
import svcs
from flask import Flask
from sqlalchemy import text

from backend.domains.ledger.accounts import expert, provider
from backend.infra.audit import AuditLog
from backend.infra.postgres import db
from backend.kernel import ids
from tests.factories.catalog import make_provider
from tests.factories.identity import make_user
from tests.factories.ledger import post_charge, post_transfer


@pytest.fixture
def guide(app: Flask) -> str:
    return provider(make_provider().id)


def check(app: Flask) -> Any:
    return app.test_cli_runner().invoke(args=["ledger", "check"])


def break_book(statement: str) -> None:
    """Do what no program can while the triggers are there."""
    db.session.execute(text("SET CONSTRAINTS ALL IMMEDIATE"))
    for table in ("ledger_entries", "ledger_postings"):
        db.session.execute(text(f"ALTER TABLE {table} DISABLE TRIGGER USER"))
    db.session.execute(text(statement))


class TestCheck:
    def test_says_what_there_is_when_all_is_right(self, app: Flask, guide: str) -> None:
        post_charge(guide, 90000, fee=10000)
        post_transfer(guide, 30000)
        post_charge(expert(make_user().id), 7, currency="JPY")

        result = check(app)

        assert result.exit_code == 0
        assert "3 entries of 7 postings on 4 accounts balance" in result.output
        assert "      provider  -600.00 EUR\n" in result.output
        assert "       gateway  700.00 EUR  7 JPY\n" in result.output

    def test_takes_an_empty_book(self, app: Flask) -> None:
        result = check(app)

        assert (result.exit_code, result.output.count("\n")) == (0, 1)

    @pytest.mark.parametrize(
        ("statement", "said"),
        [
            (
                "UPDATE ledger_postings SET amount_minor = amount_minor + 1 WHERE account = 'platform'",
                "The entry 'charge:1' does not balance: debits exceed credits by 0.01 EUR.",
            ),
            (
                "DELETE FROM ledger_postings WHERE account IN ('platform', 'gateway')",
                "The entry 'charge:1' should have 3 postings and has 1.",
            ),
            (
                "UPDATE ledger_months SET amount_minor = 5 WHERE account = 'platform'",
                "The account 'platform' moved -1.00 EUR in 2026-12 by its postings, and 0.05 EUR by what is",
            ),
            (
                "DELETE FROM ledger_months WHERE account = 'platform'",
                "The account 'platform' moved -1.00 EUR in 2026-12 by its postings, and 0.00 EUR by what is",
            ),
            (
                "UPDATE ledger_months SET account = 'cash' WHERE account = 'platform'",
                "There is no kind of account 'cash'.",
            ),
        ],
    )
    def test_says_what_is_wrong(self, app: Flask, guide: str, statement: str, said: str) -> None:
        post_charge(guide, 900, fee=100, key="charge:1")
        break_book(statement)

        result = check(app)

        assert result.exit_code == 1
        assert said in result.output

    def test_knows_accounts_of_nobody(self, app: Flask) -> None:
        nobody, stranger = provider(ids.new_id(ids.PROVIDER)), expert(ids.new_id(ids.USER))
        post_charge(nobody, 900)
        post_charge(stranger, 900)

        result = check(app)

        assert result.exit_code == 1
        assert f"The account '{nobody}' is nobody's" in result.output
        assert f"The account '{stranger}' is nobody's" in result.output

    def test_does_not_drown_who_reads_it(self, app: Flask, guide: str) -> None:
        for _ in range(23):
            post_charge(guide, 900)
        break_book("DELETE FROM ledger_postings WHERE account = 'gateway'")

        result = check(app)

        assert "… and 3 more of this kind.\n" in result.output


class TestWriteOff:
    def owe(self, account: str) -> None:
        """Let the account owe us 9.00 EUR: it was paid twice."""
        post_charge(account, 900)
        post_transfer(account, 900)
        post_transfer(account, 900)

    def write_off(self, app: Flask, *words: str) -> Any:
        return app.test_cli_runner().invoke(args=["ledger", "write-off", *words, "--note", "Closed down"])

    def test_gives_up_a_debt_and_notes_why(self, app: Flask, guide: str) -> None:
        self.owe(guide)

        result = self.write_off(app, guide, "7.50", "EUR")

        assert result.exit_code == 0
        assert result.output == f"7.50 EUR of {guide} is written off; 1.50 EUR is still owed.\n"
        (noted,) = svcs.flask.get(AuditLog).of(guide)
        assert (noted.actor_id, noted.action) == ("cli", "ledger.debt_written_off")
        assert noted.after == {"owed": 150, "currency": "EUR", "note": "Closed down"}
        assert check(app).exit_code == 0

    @pytest.mark.parametrize(
        ("amount", "currency", "why"),
        [
            ("9.01", "EUR", "owes us 9.00 EUR; at most that"),
            ("0", "EUR", "owes us 9.00 EUR; at most that"),
            ("1", "USD", "owes us 0.00 USD; at most that"),
            ("1.001", "EUR", "1.001 EUR is no amount"),
            ("much", "EUR", "much EUR is no amount"),
            ("1", "XYZ", "1 XYZ is no amount"),
        ],
    )
    def test_refuses_more_than_is_owed(
        self, app: Flask, guide: str, amount: str, currency: str, why: str
    ) -> None:
        self.owe(guide)

        result = self.write_off(app, guide, amount, currency)

        assert result.exit_code != 0
        assert why in result.output

    def test_is_for_accounts_of_somebody(self, app: Flask, guide: str) -> None:
        self.owe(guide)

        result = self.write_off(app, "platform", "1", "EUR")

        assert result.exit_code == 1
        assert "platform owes us 0.00 EUR" in result.output
