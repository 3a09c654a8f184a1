"""The daily refresh, from a server on this machine into a real PostgreSQL."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from threading import Barrier

import pytest
import svcs
from flask import Flask
from prometheus_client import REGISTRY
from sqlalchemy import func, select

from backend import wiring
from backend.domains.currency import jobs
from backend.domains.currency.models import CurrencyRateRow
from backend.domains.currency.overrides import RateOverrides
from backend.domains.currency.refresh import Refreshed
from backend.domains.currency.service import ExchangeRates
from backend.infra.audit import AuditLog
from backend.infra.postgres import db
from tests.conftest import NOW, Stores
from tests.factories.apps import running_app
from tests.fakes.clock import FakeClock
from tests.fakes.feed import Feed, daily, serving


@pytest.fixture
def feed() -> Iterator[Feed]:
    with serving() as feed:
        yield feed


@pytest.fixture
def fed_app(own_stores: Stores, feed: Feed) -> Iterator[Flask]:
    """An application of the test's own that follows the feed."""
    parts = wiring.Parts(clock=FakeClock(NOW))
    with running_app(own_stores, parts, ecb_feed_url=feed.url, rates_max_age_days=7) as app:
        yield app


def refresh(app: Flask) -> None:
    """As the worker does it: a context and a transaction of its own."""
    with app.app_context():
        jobs.refresh()
        db.session.commit()


def counted(result: Refreshed) -> float:
    return REGISTRY.get_sample_value("currency_refreshes_total", {"result": result}) or 0


def mid(app: Flask, currency: str) -> tuple[Decimal, str, str]:
    with app.app_context():
        rate = svcs.flask.get(ExchangeRates).mid_rate(currency=currency, at=NOW)
        assert rate is not None
        return rate.rate, rate.day.isoformat(), rate.origin.value


def rows(app: Flask) -> int:
    with app.app_context():
        return db.session.scalar(select(func.count()).select_from(CurrencyRateRow)) or 0


class TestRefresh:
    def test_stores_the_day_of_the_feed_which_then_holds(self, fed_app: Flask, feed: Feed) -> None:
        feed.body = daily(USD="1.1500", KWD="0.3512")

        refresh(fed_app)

        assert mid(fed_app, "USD") == (Decimal("1.1500"), "2026-12-04", "feed")
        assert mid(fed_app, "KWD") == (Decimal("0.3512"), "2026-12-04", "feed")
        assert mid(fed_app, "JPY") == (Decimal("175.68"), "2026-10-30", "ecb")
        with fed_app.app_context():
            (entry,) = svcs.flask.get(AuditLog).of("currency:feed")
            assert entry.after == {"day": "2026-12-04", "rates": {"KWD": "0.3512", "USD": "1.1500"}}

    def test_of_the_same_day_again_changes_nothing(self, fed_app: Flask, feed: Feed) -> None:
        feed.body = daily(USD="1.15")
        refresh(fed_app)
        before = counted(Refreshed.UNCHANGED)

        feed.body = daily(USD="1.16")
        refresh(fed_app)

        assert counted(Refreshed.UNCHANGED) == before + 1
        assert mid(fed_app, "USD")[0] == Decimal("1.15")

    def test_takes_the_next_day_when_it_comes(self, fed_app: Flask, feed: Feed) -> None:
        feed.body = daily(USD="1.15")
        refresh(fed_app)

        feed.body = daily(day="2026-12-07", USD="1.16")
        refresh(fed_app)

        assert mid(fed_app, "USD") == (Decimal("1.16"), "2026-12-07", "feed")
        assert rows(fed_app) == 2

    @pytest.mark.parametrize("body", [b"<html>Moved</html>", daily(USD="111.72")])
    def test_refuses_a_bad_feed_as_a_whole(self, fed_app: Flask, feed: Feed, body: bytes) -> None:
        feed.body = body
        before = counted(Refreshed.REFUSED)

        refresh(fed_app)

        assert counted(Refreshed.REFUSED) == before + 1
        assert rows(fed_app) == 0
        assert mid(fed_app, "USD")[2] == "ecb"

    def test_compares_with_what_the_feed_said_last(self, fed_app: Flask, feed: Feed) -> None:
        feed.body = daily(KWD="0.35")
        refresh(fed_app)

        feed.body = daily(day="2026-12-07", KWD="0.75")
        refresh(fed_app)

        assert mid(fed_app, "KWD")[0] == Decimal("0.35")

    def test_believes_a_jump_that_staff_confirmed(self, fed_app: Flask, feed: Feed) -> None:
        feed.body = daily(USD="2.40")
        with fed_app.app_context():
            staff = svcs.flask.get(RateOverrides)
            staff.set(
                currency="USD", rate=Decimal("2.3"), note="It fell", by="usr_1", now=NOW, confirmed=True
            )
            db.session.commit()
        before = counted(Refreshed.STORED)

        refresh(fed_app)

        assert counted(Refreshed.STORED) == before + 1

    def test_leaves_the_old_rates_where_no_feed_comes(self, fed_app: Flask, feed: Feed) -> None:
        feed.status = 503
        before = counted(Refreshed.UNREACHABLE)

        refresh(fed_app)

        assert counted(Refreshed.UNREACHABLE) == before + 1
        assert rows(fed_app) == 0

    def test_without_a_feed_does_nothing(self, app: Flask) -> None:
        before = [counted(result) for result in Refreshed]

        jobs.refresh()

        assert [counted(result) for result in Refreshed] == before

    def test_is_a_task_of_the_worker_that_runs_by_itself(self) -> None:
        (task,) = [task for task in wiring.tasks() if task.name == "currency.refresh"]

        assert task.cron == "17 6,14-18 * * *"


class TestSeveralAtOnce:
    def test_leave_one_row_for_each_currency_and_day(self, fed_app: Flask, feed: Feed) -> None:
        feed.body = daily(USD="1.15", KWD="0.35", JPY="176")
        crowd = 6
        start = Barrier(crowd)
        before = {result: counted(result) for result in Refreshed}

        def run(_: int) -> None:
            start.wait(30)
            refresh(fed_app)

        with ThreadPoolExecutor(crowd) as pool:
            list(pool.map(run, range(crowd)))

        assert rows(fed_app) == 3
        assert counted(Refreshed.STORED) == before[Refreshed.STORED] + 1
        assert counted(Refreshed.UNCHANGED) == before[Refreshed.UNCHANGED] + crowd - 1


class TestReadiness:
    def currency(self, app: Flask) -> dict[str, object]:
        checks: dict[str, dict[str, object]] = app.test_client().get("/ready").json["checks"]
        return checks["currency"]

    def test_is_degraded_by_rates_that_are_too_old_to_sell_by(self, fed_app: Flask) -> None:
        assert self.currency(fed_app) == {"status": "degraded", "day": "2026-10-30", "age_days": 38}

    def test_is_well_with_the_rates_of_the_last_days(self, fed_app: Flask, feed: Feed) -> None:
        feed.body = daily(USD="1.15")
        refresh(fed_app)

        assert self.currency(fed_app) == {"status": "ok", "day": "2026-12-04", "age_days": 3}

    def test_is_well_with_rates_of_any_age_where_there_is_no_feed(self, own_stores: Stores) -> None:
        with running_app(own_stores, wiring.Parts(clock=FakeClock(NOW))) as app:
            assert self.currency(app)["status"] == "ok"
