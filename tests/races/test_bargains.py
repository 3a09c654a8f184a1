"""One session, one deal and three attempts, by threads and processes that all want them at the same instant."""

import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
import svcs
from sqlalchemy import text

from backend.config import ROOT
from backend.domains.bargain.entities import SessionView
from backend.domains.bargain.records import view_of
from backend.domains.bargain.service import Bargains
from backend.domains.bargain.store import BargainStore
from backend.infra.postgres import db
from tests.conftest import NOW, Stores
from tests.factories.apps import running_app
from tests.factories.haggling import LIST, make_bargain_goods
from tests.factories.identity import make_user
from tests.races.bargain_acts import Abandon, Accept, Offer, Start
from tests.races.bargain_killed import AFTER, BEFORE, DIED
from tests.races.crowd import Crowd, gather

# Slow machines take long to start processes.
pytestmark = pytest.mark.timeout(300)

PEOPLE = 100
REFUSED = {"BargainEndedError", "RepeatedOfferError", "NoAttemptLeftError", "NoCounterError"}


@dataclass(frozen=True)
class Table:
    """One customer at a table of their own, with a session over goods at 100.00 EUR."""

    stores: Stores
    user_id: str
    product_id: str

    def sit_down(self) -> str:
        """The id of a session that is open now."""
        Start(self.user_id, self.product_id, NOW).do()
        db.session.commit()
        return str(self.row().id)

    def row(self) -> Any:
        """The only session."""
        db.session.rollback()
        return db.session.execute(text("SELECT * FROM bargain_sessions")).one()

    def count(self, table: str) -> int:
        """How many rows a table has."""
        db.session.rollback()
        return len(db.session.execute(text(f"SELECT 1 FROM {table}")).all())  # noqa: S608 (names of this file)

    def seen(self, session_id: str) -> SessionView:
        """The session as the customer sees it."""
        found = svcs.flask.get(Bargains).view(session_id=session_id, user_id=self.user_id, now=NOW)
        db.session.rollback()
        return found

    def stored(self, session_id: str) -> SessionView:
        """The session as PostgreSQL has it."""
        db.session.rollback()
        stored = BargainStore(db.session).find(session_id)
        assert stored is not None
        return view_of(stored)


@pytest.fixture
def table(own_stores: Stores) -> Iterator[Table]:
    with running_app(own_stores) as app, app.app_context():
        yield Table(own_stores, make_user().id, make_bargain_goods().id)


@pytest.fixture(scope="module")
def crowd() -> Iterator[Crowd]:
    with gather(processes=2) as found:
        yield found


class TestACrowd:
    def test_that_starts_at_once_gets_one_session(self, table: Table, crowd: Crowd) -> None:
        people = [[Start(table.user_id, table.product_id, NOW)] for _ in range(PEOPLE)]

        ended = Counter(crowd.rush(table.stores, people))

        assert ended == {"done": PEOPLE}
        session_id = table.row().id
        assert table.seen(session_id) == table.stored(session_id)

    def test_that_offers_at_once_has_three_attempts(self, table: Table, crowd: Crowd) -> None:
        session_id = table.sit_down()
        # All of them below what anybody would accept.
        people = [[Offer(session_id, table.user_id, 1_00 + n, NOW)] for n in range(PEOPLE)]

        ended = Counter(crowd.rush(table.stores, people))

        row = table.row()
        assert set(ended) <= {"done", "RepeatedOfferError", "NoAttemptLeftError"}
        assert 1 <= ended["done"] == row.attempts_used == table.count("bargain_offers") <= 3
        assert table.seen(session_id) == table.stored(session_id)

    def test_that_accepts_offers_and_leaves_at_once_comes_to_one_end(
        self, table: Table, crowd: Crowd
    ) -> None:
        session_id = table.sit_down()
        for minor in (1_00, 1_01, 1_02):
            Offer(session_id, table.user_id, minor, NOW).do()
            db.session.commit()
        asked = table.row()
        mine = (session_id, table.user_id)
        people = [
            [Accept(*mine, NOW), Accept(*mine, NOW)]
            if n % 4
            else [Offer(*mine, LIST - n, NOW), Abandon(*mine, NOW)]
            for n in range(PEOPLE)
        ]

        ended = Counter(crowd.rush(table.stores, people))

        row = table.row()
        deals = 1 if row.state == "accepted" else 0
        assert set(ended) <= {"done", *REFUSED}
        assert row.state in {"accepted", "abandoned"}
        assert (row.attempts_used, table.count("quotes")) == (3, deals)
        assert row.final_minor == (asked.counter_minor if deals else None)
        assert table.seen(session_id) == table.stored(session_id)


class TestAProcessKilledWhileItAnswers:
    @pytest.mark.parametrize(("moment", "attempts"), [(BEFORE, 0), (AFTER, 1)])
    def test_leaves_nothing_or_all_and_no_old_copy(self, table: Table, moment: str, attempts: int) -> None:
        session_id = table.sit_down()
        arguments = [
            table.stores.postgres_url,
            table.stores.redis_url,
            session_id,
            table.user_id,
            "100",
            moment,
        ]

        died = subprocess.run(
            [sys.executable, "-m", "tests.races.bargain_killed", *arguments], cwd=ROOT, check=False
        )

        assert died.returncode == DIED
        assert table.seen(session_id) == table.stored(session_id)
        assert table.seen(session_id).attempts_used == attempts
        Offer(session_id, table.user_id, 1_01, NOW).do()
        db.session.commit()
        assert table.seen(session_id).attempts_used == attempts + 1
