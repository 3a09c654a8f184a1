"""What the database refuses, whoever asks it."""

from typing import Any

import pytest
from sqlalchemy.exc import DBAPIError

from backend.domains.catalog.entities import Product
from backend.infra.postgres import db
from tests.factories.bookings import Customer
from tests.factories.haggling import COST, LIST, accept, counter_of, start


@pytest.fixture
def session_id(customer: Customer, goods: Product) -> str:
    """A session with a counter-offer."""
    found: str = start(customer, goods)["session_id"]
    counter_of(customer, found)
    return found


def refuses(statement: str, **values: Any) -> bool:
    """Whether the database refuses a statement for what it would make of a session."""
    try:
        with db.session.begin_nested():
            db.session.execute(db.text(statement), values)
    except DBAPIError as error:
        return getattr(error.orig, "sqlstate", "")[:2] == "23"
    return False


def refuses_change(session_id: str, change: str) -> bool:
    return refuses(f"UPDATE bargain_sessions SET {change} WHERE id = :id", id=session_id)  # noqa: S608 (ours)


class TestTheDatabase:
    @pytest.mark.parametrize(
        "change",
        [
            "counter_minor = counter_minor + 1",
            f"counter_minor = {COST} - 1",
            "counter_minor = NULL",
            "offer_minor = offer_minor, attempts_used = attempts_used + 1",
            f"offer_minor = {LIST} + 1",
            "attempts_used = attempts_allowed + 1",
            "attempts_allowed = attempts_allowed + 1",
            "floor_minor = 0",
            f"list_minor = {LIST} * 2",
            "expires_at = expires_at + interval '1 hour'",
            "state = 'accepted'",
            f"state = 'accepted', ended_at = started_at, deal_until = expires_at, final_minor = {COST} - 1",
            f"state = 'accepted', ended_at = started_at, deal_until = expires_at, final_minor = {LIST}",
            "state = 'won'",
            "used_by = 'ord_1'",
            "ended_at = started_at",
            "address_key = '192.0.2.1'",
        ],
    )
    def test_refuses_what_must_never_become_of_a_session(self, session_id: str, change: str) -> None:
        refused = refuses_change(session_id, change)

        assert refused

    @pytest.mark.parametrize(
        "change",
        ["state = 'open'", "final_minor = final_minor - 1", "deal_until = deal_until + interval '1 hour'"],
    )
    def test_keeps_an_ended_session_as_it_ended(
        self, customer: Customer, session_id: str, change: str
    ) -> None:
        accept(customer, session_id)

        refused = refuses_change(session_id, change)

        assert refused

    def test_refuses_a_second_open_session_over_the_same_thing(self, session_id: str) -> None:
        columns = db.session.execute(
            db.text(
                "SELECT string_agg(column_name, ', ') FROM information_schema.columns"
                " WHERE table_name = 'bargain_sessions' AND column_name NOT IN ('id', 'thing')"
            )
        ).scalar_one()

        copied = f"SELECT 'bgn_other', {columns} FROM bargain_sessions WHERE id = :id"  # noqa: S608 (ours)
        refused = refuses(f"INSERT INTO bargain_sessions (id, {columns}) {copied}", id=session_id)

        assert refused

    def test_lets_a_deal_be_used_by_one_order(self, customer: Customer, session_id: str) -> None:
        accept(customer, session_id)
        use = "UPDATE bargain_sessions SET used_by = :order WHERE id = :id"

        first = refuses(use, id=session_id, order="ord_1")
        second = refuses(use, id=session_id, order="ord_2")

        assert (first, second) == (False, True)

    @pytest.mark.parametrize(
        "statement", ["UPDATE bargain_offers SET offer_minor = 1", "DELETE FROM bargain_offers"]
    )
    @pytest.mark.usefixtures("session_id")
    def test_keeps_offers_as_they_were_made(self, statement: str) -> None:
        with pytest.raises(DBAPIError), db.session.begin_nested():
            db.session.execute(db.text(statement))
