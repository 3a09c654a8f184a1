"""Evaluating a draft beside live quotes: sums are exact, and nothing disturbs quoting."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from decimal import Decimal
from typing import Any

import pytest
import svcs
from flask import Flask
from sqlalchemy import Engine, create_engine, text

from backend.domains.availability.slot_ids import slot_id
from backend.domains.catalog.entities import Product
from backend.domains.pricing.entities import Price
from backend.domains.pricing.service import Answered
from backend.domains.rules.service import RulesService
from backend.domains.shadow.evaluation import MOST_FAILURES, ShadowEvaluation
from backend.domains.shadow.service import ShadowReport, ShadowRunsError, ShadowService, ShadowStatus
from backend.domains.shadow.store import Shadows
from backend.infra.postgres import db, sqlalchemy_url
from backend.kernel.money import Money
from backend.wiring import Parts
from tests.conftest import NOW, OwnContextClient, Stores
from tests.domains.pricing.test_price import case
from tests.factories.apps import NO_REDIS, running_app
from tests.factories.availability import make_schedule
from tests.factories.catalog import make_product, make_provider
from tests.factories.rules import SHIPPED, dearer, edited
from tests.fakes.clock import FakeClock
from tests.fakes.shadows import AwayShadows
from tests.waiting import wait_until

# 18:00 in Paris, a Monday.
EVENING = datetime(2026, 12, 14, 17, 0, tzinfo=UTC)
PATIENCE = 60.0


def start(app: Flask, files: dict[str, str], **options: Any) -> None:
    """Start a shadow of the shipped rules with these files replaced."""
    with app.app_context():
        svcs.flask.get(ShadowService).start(
            sources={**SHIPPED, **files}, note="a test", author="cli", lasts=timedelta(hours=1), **options
        )
        db.session.commit()


def stop(app: Flask) -> None:
    with app.app_context():
        svcs.flask.get(ShadowService).stop(author="cli")
        db.session.commit()


def report(app: Flask) -> ShadowReport:
    with app.app_context():
        return svcs.flask.get(ShadowService).report()


def evaluation(app: Flask) -> ShadowEvaluation:
    with app.app_context():
        return svcs.flask.get(ShadowEvaluation)


def results(app: Flask) -> dict[str, int]:
    """What has been counted so far, with the zeros left out."""
    found = report(app).tally.results
    return {result: count for result, count in found.items() if count}


def answered(number: int, *, minor: int = 12_500) -> Answered:
    """An answer whose price today is made up."""
    some = case(Money(10_000, "EUR"))
    return Answered(f"quo_{number:026}", some, Price(lines=(), total=Money(minor, "EUR")), NOW)


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock(NOW)


@pytest.fixture
def shop(own_stores: Stores, clock: FakeClock) -> Iterator[Flask]:
    """An application that quotes, and follows shadows when a test says so."""
    with running_app(own_stores, Parts(clock=clock)) as app:
        app.test_client_class = OwnContextClient
        yield app


@pytest.fixture
def engine(own_stores: Stores) -> Iterator[Engine]:
    made = create_engine(sqlalchemy_url(own_stores.postgres_url))
    yield made
    made.dispose()


def sell(app: Flask) -> Product:
    with app.app_context():
        provider = make_provider(experience_years=12)
        make_schedule(provider.id, hours=((time(9), time(21)),))
        product = make_product(provider, price=Money(10000, "EUR"), max_party=10)
        db.session.commit()
        return product


def quote(app: Flask, product: Product, at: datetime = EVENING) -> Any:
    body = {"items": [{"slot_id": slot_id(product_id=product.id, starts_at=at), "party": 1}]}
    return app.test_client().post("/api/quotes", json=body)


class TestQuotes:
    def test_are_priced_under_the_draft_as_well(self, shop: Flask) -> None:
        product = sell(shop)
        start(shop, dearer())
        evaluation(shop).follow()

        made = [quote(shop, product).json["id"], quote(shop, product).json["id"]]

        assert evaluation(shop).flush(PATIENCE)
        found = report(shop)
        assert results(shop) == {"dearer": 2}
        assert (found.tally.today["EUR"], found.tally.draft["EUR"]) == (2 * 14375, 2 * 14950)
        assert sorted(mover.quote_id for mover in found.tally.movers) == sorted(made)

    def test_are_answered_the_same_with_and_without(self, shop: Flask) -> None:
        product = sell(shop)
        without = quote(shop, product).json
        start(shop, dearer(60))
        evaluation(shop).follow()

        beside = quote(shop, product).json

        assert results_after_flush(shop) == {"dearer": 1}
        own = {"id", "token"}
        assert {k: v for k, v in beside.items() if k not in own} == {
            k: v for k, v in without.items() if k not in own
        }
        assert list(beside) == list(without)

    def test_that_are_rolled_back_are_not_counted(self, shop: Flask) -> None:
        product = sell(shop)
        start(shop, dearer())
        evaluation(shop).follow()

        quote(shop, product, at=EVENING - timedelta(days=300))

        assert results_after_flush(shop) == {}

    def test_that_are_refused_on_one_side_are_told_apart(self, shop: Flask) -> None:
        product = sell(shop)
        start(shop, edited('party: "> 50"', 'party: "> 0"', file="rules/validation.yaml"))
        evaluation(shop).follow()

        quote(shop, product)

        assert results_after_flush(shop) == {"refused": 1}
        (key,) = report(shop).tally.rule_quotes
        assert (key.decision, key.rule) == ("validation", "largest-party")

    def test_go_on_when_there_is_no_redis(self, own_stores: Stores, clock: FakeClock) -> None:
        with running_app(own_stores, Parts(clock=clock), redis_url=NO_REDIS) as app:
            product = sell(app)
            start(app, dearer())
            evaluation(app).follow()

            assert quote(app, product).status_code == 201
            assert results_after_flush(app) == {"dearer": 1}


def results_after_flush(app: Flask) -> dict[str, int]:
    assert evaluation(app).flush(PATIENCE)
    return results(app)


class TestFollowing:
    def test_every_process_follows_start_and_stop(self, own_stores: Stores) -> None:
        with running_app(own_stores, rules_poll_seconds=0.1) as one, running_app(own_stores) as other:
            with one.app_context():
                svcs.flask.get(RulesService)
            watched = evaluation(one)
            start(other, dearer())
            wait_until(lambda: watched.shadow is not None)
            seen = watched.shadow
            stop(other)
            wait_until(lambda: watched.shadow is None)

        assert seen == report_id(own_stores)

    def test_ends_by_itself_when_the_time_is_up(self, shop: Flask, clock: FakeClock) -> None:
        start(shop, dearer())
        evaluation(shop).follow()
        clock.advance(hours=1)

        evaluation(shop).follow()

        assert evaluation(shop).shadow is None
        assert report(shop).shadow.status is ShadowStatus.ENDED

    def test_sees_the_sample_alone(self, shop: Flask) -> None:
        start(shop, dearer(), sample=Decimal(10))
        watched = evaluation(shop)
        watched.follow()

        for number in range(1000):
            watched.observe(answered(number))

        seen = sum(results_after_flush(shop).values())
        assert 50 < seen < 150

    def test_a_draft_that_cannot_be_read_here_ends_its_shadow(self, shop: Flask, engine: Engine) -> None:
        start(shop, dearer())
        with engine.begin() as connection:
            broken = """UPDATE rule_shadows SET sources = '{"rules/vocabulary.yaml": "facts: 3"}'"""
            connection.execute(text(broken))

        evaluation(shop).follow()

        found = report(shop).shadow
        assert found.status is ShadowStatus.STOPPED
        assert found.because is not None
        assert "cannot read the draft" in found.because


class TestSeveralProcesses:
    def test_add_up_to_what_all_of_them_answered(self, own_stores: Stores, clock: FakeClock) -> None:
        parts = Parts(clock=clock)
        with running_app(own_stores, parts) as one, running_app(own_stores, parts) as other:
            product = sell(one)
            start(one, dearer())
            both = (one, other)
            for app in both:
                evaluation(app).follow()

            with ThreadPoolExecutor(8) as threads:
                asked = [threads.submit(quote, both[number % 2], product) for number in range(60)]
                statuses = [answer.result().status_code for answer in asked]
            stop(other)
            for app in both:
                evaluation(app).follow()
                evaluation(app).flush(PATIENCE)

            found = report(one)
            assert statuses == [201] * 60
            assert results(one) == {"dearer": 60}
            assert found.processes == 2
            assert found.tally.today["EUR"] == 60 * 14375
            assert found.tally.draft["EUR"] == 60 * 14950

    def test_start_one_shadow_at_a_time(self, own_stores: Stores) -> None:
        def begin(app: Flask) -> str:
            try:
                start(app, dearer())
            except ShadowRunsError as error:
                return error.title
            return "started"

        with (
            running_app(own_stores) as one,
            running_app(own_stores) as other,
            ThreadPoolExecutor(4) as threads,
        ):
            outcomes = list(threads.map(begin, [one, other, one, other]))

        assert sorted(outcomes) == ["A shadow runs already"] * 3 + ["started"]


def report_id(stores: Stores) -> str:
    with running_app(stores) as app:
        return report(app).shadow.id


class TestTrouble:
    @pytest.fixture
    def evaluate(
        self, shop: Flask, engine: Engine, clock: FakeClock
    ) -> Iterator[Callable[..., ShadowEvaluation]]:
        """An evaluation of its own, with a shadow that runs."""
        made: list[ShadowEvaluation] = []

        def begin(**options: Any) -> ShadowEvaluation:
            start(shop, dearer())
            made.append(ShadowEvaluation(Shadows(engine), clock, **options))
            made[0].follow()
            return made[0]

        yield begin
        for one in made:
            one.close()

    def test_a_draft_that_fails_again_and_again_stops_itself_and_says_why(
        self, shop: Flask, evaluate: Callable[..., ShadowEvaluation]
    ) -> None:
        watched = evaluate()
        strange = Answered("quo_1", case(party="many"), answered(1).price, NOW)

        for _ in range(2 * MOST_FAILURES):
            watched.observe(strange)
        watched.flush(PATIENCE)

        found = report(shop)
        assert found.tally.failures.total() == MOST_FAILURES
        assert found.shadow.status is ShadowStatus.STOPPED
        assert found.shadow.because is not None
        assert "'party' is of type integer" in found.shadow.because

    def test_a_draft_that_raises_fails_alone(
        self, shop: Flask, evaluate: Callable[..., ShadowEvaluation]
    ) -> None:
        watched = evaluate()

        watched.observe(replace(answered(1), price=None))
        watched.observe(answered(2))
        watched.flush(PATIENCE)

        assert results(shop) == {"failed": 1, "dearer": 1}
        (reason,) = report(shop).tally.failures
        assert reason.startswith("AttributeError: ")

    def test_a_case_that_was_slow_once_is_priced_again(
        self, shop: Flask, evaluate: Callable[..., ShadowEvaluation]
    ) -> None:
        ticks = iter([0.0, 1.0, 1.0, 1.0])
        watched = evaluate(stopwatch=lambda: next(ticks))

        watched.observe(answered(1))
        watched.flush(PATIENCE)

        assert results(shop) == {"dearer": 1}

    def test_a_draft_that_is_slow_fails(self, shop: Flask, evaluate: Callable[..., ShadowEvaluation]) -> None:
        ticks = iter(range(1000))
        watched = evaluate(stopwatch=lambda: float(next(ticks)))

        watched.observe(answered(1))
        watched.flush(PATIENCE)

        assert report(shop).tally.failures == {"took more than 0.1 seconds of processor time": 1}

    def test_what_does_not_fit_is_dropped_and_counted(
        self, shop: Flask, evaluate: Callable[..., ShadowEvaluation]
    ) -> None:
        watched = evaluate(capacity=0)

        for number in range(3):
            watched.observe(answered(number))
        watched.flush(PATIENCE)

        assert results(shop) == {"dropped": 3}

    def test_a_database_that_is_away_costs_nothing(
        self, shop: Flask, own_stores: Stores, engine: Engine, clock: FakeClock
    ) -> None:
        start(shop, dearer())
        shadows = AwayShadows(engine)
        watched = ShadowEvaluation(shadows, clock)
        watched.follow()
        shadows.away.set()
        watched.observe(answered(1))
        watched.flush(PATIENCE)
        watched.follow()
        before = results(shop)
        shadows.away.clear()

        watched.flush(PATIENCE)
        watched.flush(PATIENCE)
        watched.close()

        assert before == {}
        assert sum(results(shop).values()) == 1

    def test_storing_twice_counts_once(self, shop: Flask, evaluate: Callable[..., ShadowEvaluation]) -> None:
        watched = evaluate()
        for number in range(5):
            watched.observe(answered(number))
        watched.flush(PATIENCE)
        watched.follow()
        watched.observe(answered(6))

        watched.flush(PATIENCE)
        watched.flush(PATIENCE)

        assert sum(results(shop).values()) == 6
