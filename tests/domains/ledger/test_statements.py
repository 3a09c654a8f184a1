"""Statements over HTTP: balances before and after, what moved between, who may read it."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import hypothesis.strategies as st
import pytest
import svcs
from flask import Flask
from flask.testing import FlaskClient
from hypothesis import given, settings
from werkzeug.test import TestResponse

from backend.domains.catalog.entities import Provider
from backend.domains.identity.service import User
from backend.domains.ledger import entries, statements
from backend.domains.ledger.accounts import expert, provider
from backend.domains.ledger.entries import Kind
from backend.domains.ledger.schemas import StatementSchema
from backend.domains.ledger.service import Ledger
from backend.domains.ledger.statements import Statement, Statements
from backend.kernel import ids
from backend.kernel.money import Money
from backend.kernel.roles import Role
from tests.conftest import NOW
from tests.factories.catalog import make_provider
from tests.factories.identity import auth_headers, make_user
from tests.factories.ledger import post_charge, post_transfer

NOVEMBER = NOW - timedelta(days=20)
FRIDAY = NOW - timedelta(days=3)


@pytest.fixture
def guide(app: Flask) -> User:
    return make_user(roles=[Role.PROVIDER])


@pytest.fixture
def shop(guide: User) -> Provider:
    return make_provider(user_id=guide.id)


@pytest.fixture
def book(shop: Provider) -> str:
    """The account of the shop, with a history."""
    account = provider(shop.id)
    post_charge(account, 5000, reference="pay_0", at=NOVEMBER)
    post_transfer(account, 2000, reference="pay_0", at=FRIDAY)
    post_charge(account, 12500, reference="pay_1", at=NOW)
    svcs.flask.get(Ledger).post(
        key="refund:1",
        kind=Kind.REFUND,
        reference="pay_1",
        postings=entries.refund(amount=Money(20000, "EUR"), shares={account: Money(20000, "EUR")}),
        at=NOW + timedelta(milliseconds=1),
        source="re_1",
    )
    return account


def statement(client: FlaskClient, of: str, reader: User, **asked: str) -> TestResponse:
    query = {"from": "2026-12-01", "to": "2026-12-08", **asked}
    return client.get(f"/api/{of}/statement", query_string=query, headers=auth_headers(client, reader))


def eur(minor: int) -> dict[str, Any]:
    return {"amount": minor, "currency": "EUR"}


def lines_of(found: Statement) -> list[tuple[datetime, int]]:
    return [(line.at, line.amount.minor) for one in found.currencies for line in one.lines]


def ends_of(found: Statement) -> tuple[int, int]:
    """The opening and the closing balance, of euros."""
    ends = [(one.opening.minor, one.closing.minor) for one in found.currencies]
    return ends[0] if ends else (0, 0)


class TestAStatement:
    def test_leads_from_one_balance_to_the_other(
        self, client: FlaskClient, guide: User, shop: Provider, book: str
    ) -> None:
        answer = statement(client, f"providers/{shop.id}", guide)

        StatementSchema().load(answer.json)
        assert (answer.json["account"], answer.json["from"]) == (book, "2026-12-01")
        (found,) = answer.json["currencies"]
        assert (found["opening"], found["closing"]) == (eur(5000), eur(-4500))
        assert [(line["words"], line["amount"], line["balance"]) for line in found["lines"]] == [
            ("Paid out to you", eur(-2000), eur(3000)),
            ("Share of a sale", eur(12500), eur(15500)),
            ("Refund to the customer", eur(-20000), eur(-4500)),
        ]
        assert found["lines"][1] == {
            "at": "2026-12-07T09:00:00Z",
            "kind": "charge",
            "words": "Share of a sale",
            "reference": "pay_1",
            "amount": eur(12500),
            "balance": eur(15500),
        }

    @pytest.mark.parametrize(
        ("first", "last", "opening", "lines", "closing"),
        [
            ("2026-11-01", "2026-11-17", None, None, None),
            ("2026-11-17", "2026-11-18", 0, 1, 5000),
            ("2026-12-04", "2026-12-05", 5000, 1, 3000),
            ("2026-12-05", "2026-12-07", 3000, 0, 3000),
            ("2026-12-07", "2026-12-08", 3000, 2, -4500),
            ("2027-01-01", "2028-01-01", -4500, 0, -4500),
        ],
    )
    def test_of_any_days_agrees_with_its_neighbours(
        self,
        client: FlaskClient,
        guide: User,
        shop: Provider,
        book: str,
        first: str,
        last: str,
        opening: int | None,
        lines: int | None,
        closing: int | None,
    ) -> None:
        asked = {"from": first, "to": last}

        answer = statement(client, f"providers/{shop.id}", guide, **asked)

        found = [
            (one["opening"]["amount"], len(one["lines"]), one["closing"]["amount"])
            for one in answer.json["currencies"]
        ]
        assert found == ([] if opening is None else [(opening, lines, closing)])

    def test_keeps_currencies_apart(
        self, client: FlaskClient, guide: User, shop: Provider, book: str
    ) -> None:
        post_charge(book, 12500, currency="JPY")

        answer = statement(client, f"providers/{shop.id}", guide)

        assert [one["closing"] for one in answer.json["currencies"]] == [
            eur(-4500),
            {"amount": 12500, "currency": "JPY"},
        ]

    def test_can_be_had_as_csv(self, client: FlaskClient, guide: User, shop: Provider, book: str) -> None:
        answer = statement(client, f"providers/{shop.id}", guide, format="csv")

        assert answer.mimetype == "text/csv"
        assert answer.headers["Content-Disposition"] == (
            f'attachment; filename="statement-{shop.id}-2026-12-01-2026-12-08.csv"'
        )
        assert answer.text.splitlines() == [
            "at,kind,words,reference,currency,amount,balance",
            "2026-12-01T00:00:00Z,opening,Opening balance,,EUR,,50.00",
            "2026-12-04T09:00:00Z,transfer,Paid out to you,pay_0,EUR,-20.00,30.00",
            "2026-12-07T09:00:00Z,charge,Share of a sale,pay_1,EUR,125.00,155.00",
            "2026-12-07T09:00:00.001Z,refund,Refund to the customer,pay_1,EUR,-200.00,-45.00",
            "2026-12-08T00:00:00Z,closing,Closing balance,,EUR,,-45.00",
        ]

    def test_of_an_expert_is_for_the_expert(self, client: FlaskClient) -> None:
        adviser = make_user(roles=[Role.EXPERT])
        post_charge(expert(adviser.id), 800)

        answer = statement(client, f"experts/{adviser.id}", adviser)

        assert [one["closing"] for one in answer.json["currencies"]] == [eur(800)]

    def test_names_kinds_that_it_has_no_words_for(self) -> None:
        assert statements.words("goodwill_paid") == "Goodwill paid"


class TestWhoMayRead:
    def test_staff_may(self, client: FlaskClient, shop: Provider) -> None:
        staff, adviser = make_user(roles=[Role.SUPPORT]), make_user()

        answers = [statement(client, of, staff) for of in (f"providers/{shop.id}", f"experts/{adviser.id}")]

        assert [answer.status_code for answer in answers] == [200, 200]

    def test_others_may_not(self, client: FlaskClient, guide: User, shop: Provider) -> None:
        stranger = make_user(roles=[Role.PROVIDER, Role.EXPERT])

        answers = [statement(client, of, stranger) for of in (f"providers/{shop.id}", f"experts/{guide.id}")]
        nobody = client.get(f"/api/providers/{shop.id}/statement?from=2026-12-01&to=2026-12-08")

        assert [answer.status_code for answer in (*answers, nobody)] == [403, 403, 401]

    def test_nothing_is_known_of_nobody(self, client: FlaskClient) -> None:
        staff = make_user(roles=[Role.SUPPORT])
        strangers = f"providers/{ids.new_id(ids.PROVIDER)}", f"experts/{ids.new_id(ids.USER)}"

        answers = [statement(client, of, staff) for of in strangers]

        assert [answer.status_code for answer in answers] == [404, 404]


class TestAPeriod:
    @pytest.mark.parametrize(
        ("first", "last", "why"),
        [
            ("2026-12-01", "2026-12-01", "the last day is not included"),
            ("2026-12-02", "2026-12-01", "the last day is not included"),
            ("2024-12-01", "2026-12-01", "At most 366 days"),
            ("yesterday", "2026-12-01", "Not a valid date"),
        ],
    )
    def test_goes_forwards_for_a_year_at_most(
        self, client: FlaskClient, guide: User, shop: Provider, first: str, last: str, why: str
    ) -> None:
        answer = statement(client, f"providers/{shop.id}", guide, **{"from": first, "to": last})

        assert answer.status_code == 422
        assert why in str(answer.json["errors"])

    def test_of_too_many_entries_is_refused(
        self, client: FlaskClient, guide: User, shop: Provider, book: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(statements, "MOST_LINES", 2)

        answer = statement(client, f"providers/{shop.id}", guide)

        assert answer.status_code == 422
        assert "ask for a shorter one" in answer.json["detail"]


class TestAnyBook:
    """Statements of neighbouring days belong together, whatever was posted and in whichever order."""

    moments = st.integers(0, 90 * 24).map(
        lambda hours: datetime(2026, 10, 1, tzinfo=UTC) + timedelta(hours=hours)
    )
    facts = st.lists(st.tuples(moments, st.integers(1, 10**9), st.booleans()), min_size=1, max_size=8)
    days = st.lists(
        st.integers(0, 100).map(lambda n: date(2026, 9, 28) + timedelta(days=n)),
        min_size=3,
        max_size=3,
        unique=True,
    ).map(sorted)

    def test_has_statements_that_follow_one_another(self, app: Flask) -> None:
        staff = statements.Reader(make_user().id, is_staff=True)

        @settings(max_examples=30)
        @given(self.facts, self.days)
        def follow(facts: list[tuple[datetime, int, bool]], days: list[date]) -> None:
            adviser = make_user().id
            for moment, minor, is_sale in facts:
                post = post_charge if is_sale else post_transfer
                post(expert(adviser), minor, at=moment)

            first, second, both = (
                svcs.flask.get(Statements).of_expert(user_id=adviser, reader=staff, first=one, last=other)
                for one, other in ((days[0], days[1]), (days[1], days[2]), (days[0], days[2]))
            )

            assert lines_of(both) == lines_of(first) + lines_of(second)
            assert ends_of(both) == (ends_of(first)[0], ends_of(second)[1])
            assert ends_of(first)[1] == ends_of(second)[0]
            before, after = ends_of(both)
            assert after - before == sum(minor for _, minor in lines_of(both))

        follow()
