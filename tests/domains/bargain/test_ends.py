"""What can be asked of a bargain that has ended, by whoever ended it."""

from datetime import timedelta

import pytest
import svcs
from flask import Flask

from backend.domains.bargain.entities import State
from backend.domains.bargain.jobs import end_expired
from backend.domains.bargain.service import BargainExpiredError, Bargains
from backend.domains.bargain.starting import BargainStart
from backend.domains.pricing.wanted import Item
from backend.infra.event_buffer import EventBuffer
from backend.infra.postgres import db
from backend.kernel.money import Money
from tests.conftest import NOW
from tests.factories.haggling import make_bargain_goods
from tests.factories.identity import make_user
from tests.fakes.clock import FakeClock
from tests.fakes.events import FakeEventStore

LATER = NOW + timedelta(minutes=10)


def begin() -> dict[str, str]:
    """An open session of somebody over something."""
    user_id = make_user().id
    view, _ = svcs.flask.get(BargainStart).start(
        user_id=user_id, item=Item(make_bargain_goods().id), strategy=None, address="192.0.2.1", now=NOW
    )
    return {"session_id": view.id, "user_id": user_id}


@pytest.fixture
def session(app: Flask, shared_clock: FakeClock) -> dict[str, str]:
    """A session whose time is over, which the job has ended."""
    begun = begin()
    shared_clock.set(LATER)
    end_expired()
    db.session.commit()
    return begun


class TestASessionThatHasExpired:
    # A clock that is a second behind the one of the job.
    @pytest.mark.parametrize("now", [LATER, LATER - timedelta(seconds=1)])
    def test_answers_offers_so_and_stays_as_it_is(self, session: dict[str, str], now: object) -> None:
        bargains = svcs.flask.get(Bargains)
        before = bargains.view(**session, now=LATER)

        answers = [
            bargains.offer(**session, price=Money(price, "EUR"), said="", language="en", now=now)
            for price in (50_00, 60_00)
        ]

        assert [one.state for one in answers] == [State.EXPIRED, State.EXPIRED]
        assert bargains.view(**session, now=LATER) == before

    @pytest.mark.parametrize("now", [LATER, LATER - timedelta(seconds=1)])
    def test_has_nothing_to_accept(self, session: dict[str, str], now: object) -> None:
        with pytest.raises(BargainExpiredError):
            svcs.flask.get(Bargains).accept_counter(**session, now=now)

    def test_is_told_of_once(self, events: FakeEventStore, session: dict[str, str]) -> None:
        for price in (50_00, 60_00):
            svcs.flask.get(Bargains).offer(
                **session, price=Money(price, "EUR"), said="", language="en", now=LATER
            )
        db.session.commit()

        svcs.flask.get(EventBuffer).flush()

        assert [one.name for one in events.events if one.name == "bargain.expired"] == ["bargain.expired"]


class TestTheJob:
    def test_leaves_the_rest_of_many_to_another_that_follows_at_once(
        self, app: Flask, shared_clock: FakeClock, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        for where in ("service", "jobs"):
            monkeypatch.setattr(f"backend.domains.bargain.{where}.SWEPT", 2)
        for _ in range(3):
            begin()
        shared_clock.set(LATER)
        query = db.text("SELECT count(*) FROM procrastinate_jobs WHERE task_name = 'bargain.end_expired'")

        end_expired()
        left = db.session.execute(query).scalar_one()
        end_expired()

        assert left == db.session.execute(query).scalar_one() == 1
        states = db.session.execute(db.text("SELECT state FROM bargain_sessions")).scalars().all()
        assert states == ["expired"] * 3
