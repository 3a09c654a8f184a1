"""Transactions that post at the same time, each really committed."""

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import pytest
import svcs
from flask import Flask

from backend.domains.ledger import entries
from backend.domains.ledger.accounts import GATEWAY
from backend.domains.ledger.checking import LedgerCheck
from backend.domains.ledger.entries import Kind, transferable
from backend.domains.ledger.service import Ledger
from backend.infra.postgres import db
from backend.kernel.money import Money
from tests.conftest import NOW, Stores
from tests.factories.apps import running_app
from tests.factories.ledger import a_provider, post_charge, post_transfer

PEOPLE = 8
LONGEST_WAIT = 60


@pytest.fixture
def committing(own_stores: Stores) -> Iterator[Flask]:
    """An application that really commits."""
    with running_app(own_stores, web_threads=PEOPLE + 1) as app:
        yield app


def at_once(app: Flask, *acts: Callable[[], bool]) -> list[bool]:
    """Do all from the same instant on, each in a transaction of its own; what they answered."""
    start = threading.Barrier(len(acts))

    def do(act: Callable[[], bool]) -> bool:
        with app.app_context():
            db.session.connection()
            start.wait(LONGEST_WAIT)
            answer = act()
            db.session.commit()
            return answer

    with ThreadPoolExecutor(len(acts)) as pool:
        return [future.result(LONGEST_WAIT) for future in [pool.submit(do, act) for act in acts]]


def net(account: str, number: int) -> bool:
    """Credit a share of 20 cents and pass on what of it is not owed to us."""
    ledger = svcs.flask.get(Ledger)
    ledger.lock(accounts=[account])
    before = ledger.balance(account=account, currency="EUR")
    post_charge(account, 20, key=f"charge:{number}")
    sent, _ = transferable(share=Money(20, "EUR"), balance_before=before)
    return bool(sent) and post_transfer(account, sent.minor, key=f"transfer:{number}")


def post_both(one: str, other: str, number: int) -> bool:
    """Two entries in a transaction, of two accounts in this order."""
    first = post_charge(one, 3, key=f"one:{number}")
    return post_charge(other, 3, key=f"other:{number}") and first


class TestAtOnce:
    def test_a_key_is_posted_once(self, committing: Flask) -> None:
        guide = a_provider()

        answers = at_once(committing, *[partial(post_charge, guide, 900, key="charge:1")] * PEOPLE)

        assert sorted(answers) == [False] * (PEOPLE - 1) + [True]
        with committing.app_context():
            assert svcs.flask.get(Ledger).balance(account=guide, currency="EUR") == Money(-900, "EUR")

    def test_a_debt_is_netted_once(self, committing: Flask) -> None:
        guide = a_provider()
        with committing.app_context():
            svcs.flask.get(Ledger).post(
                key="refund:0",
                kind=Kind.REFUND,
                reference="pay_0",
                postings=entries.refund(amount=Money(50, "EUR"), shares={guide: Money(50, "EUR")}),
                at=NOW,
            )
            db.session.commit()

        at_once(committing, *[partial(net, guide, number) for number in range(PEOPLE)])

        with committing.app_context():
            ledger = svcs.flask.get(Ledger)
            assert ledger.balance(account=guide, currency="EUR") == Money(0, "EUR")
            assert ledger.balance(account=GATEWAY, currency="EUR") == Money(0, "EUR")

    def test_entries_in_any_order_of_accounts_wait_for_none_and_lose_nothing(self, committing: Flask) -> None:
        one, other = a_provider(), a_provider()
        pairs = [(one, other), (other, one)] * (PEOPLE // 2)

        answers = at_once(committing, *[partial(post_both, *pair, n) for n, pair in enumerate(pairs)])

        assert answers == [True] * PEOPLE
        with committing.app_context():
            check = svcs.flask.get(LedgerCheck)
            assert check.balances() == {
                "gateway": [Money(6 * PEOPLE, "EUR")],
                "provider": [Money(-6 * PEOPLE, "EUR")],
            }
            assert {problem.partition(" is ")[2] for problem in check.problems()} == {
                "nobody's: there is no such provider or user."
            }
