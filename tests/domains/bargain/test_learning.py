"""Learning demand from the bargains that are over."""

from datetime import timedelta

import pytest
import svcs
from flask import Flask
from sqlalchemy import text

from backend.domains.bargain import learning_jobs
from backend.domains.bargain.learning import HALF_LIFE, PAST, VERSIONS_KEPT, DemandLearning, DemandModels
from backend.domains.catalog.entities import Product
from backend.infra.postgres import db
from backend.kernel.money import Money
from backend.negotiator.demand import DemandModel, chance_of, survival
from backend.negotiator.learning import Observed
from tests.conftest import NOW
from tests.factories.bargain_rows import KEY, make_past_bargain
from tests.factories.bookings import Customer
from tests.factories.catalog import make_retail
from tests.factories.haggling import make_bargain_goods, start
from tests.factories.identity import make_user

DAY = timedelta(days=1)
RECENTLY = NOW - timedelta(minutes=10)


@pytest.fixture
def goods(app: Flask) -> Product:
    return make_retail()


def observed() -> list[Observed]:
    return list(svcs.flask.get(DemandLearning).observed(now=NOW))


def of(product: Product) -> DemandModel:
    return svcs.flask.get(DemandModels).of(product_id=product.id, category=product.category)


def would_pay(model: DemandModel, ratio: float) -> float:
    """The chance that somebody would pay this share of the list price."""
    return chance_of(survival(model.value), ratio)


class TestObserved:
    def test_says_all_that_a_session_teaches(self, goods: Product) -> None:
        make_past_bargain(
            goods, offers=[7000, 8000, 8800], asks=[9500, 9200], final=9000, at=RECENTLY - HALF_LIFE
        )

        found = observed()

        assert found == [
            Observed(
                product_id=goods.id,
                category=goods.category,
                list_price=Money(10000, "EUR"),
                floor=Money(0, "EUR"),
                asks=(Money(9500, "EUR"), Money(9200, "EUR")),
                offers=(Money(7000, "EUR"), Money(8000, "EUR"), Money(8800, "EUR")),
                taken_at=Money(9000, "EUR"),
                was_last=True,
                at=NOW - HALF_LIFE,
                weight=0.5,
            )
        ]

    def test_of_one_who_left_without_a_word_has_no_offers(self, goods: Product) -> None:
        make_past_bargain(goods, state="abandoned")

        (found,) = observed()

        assert (found.offers, found.asks, found.taken_at, found.was_last) == ((), (), None, False)

    def test_leaves_out_what_is_open_and_what_is_long_past(self, goods: Product) -> None:
        make_past_bargain(goods, state="open")
        make_past_bargain(goods, at=RECENTLY - PAST - DAY)

        assert observed() == []

    def test_lets_all_sessions_of_one_user_over_a_product_weigh_as_much_as_one(self, goods: Product) -> None:
        prober = make_user().id
        for _ in range(4):
            make_past_bargain(goods, user_id=prober, at=RECENTLY)
        make_past_bargain(make_retail(), user_id=prober, at=RECENTLY)

        assert sorted(one.weight for one in observed()) == pytest.approx([0.25] * 4 + [1], rel=1e-3)

    def test_lets_all_sessions_from_one_address_over_a_product_weigh_as_much_as_one(
        self, goods: Product
    ) -> None:
        for _ in range(5):
            make_past_bargain(goods, address_key=KEY, at=RECENTLY)

        assert [one.weight for one in observed()] == pytest.approx([0.2] * 5, rel=1e-3)


class TestDemandModels:
    def test_before_anything_was_learned_are_the_prior(self, goods: Product) -> None:
        assert of(goods) == DemandModel.prior()

    def test_after_the_job_know_what_customers_of_a_product_would_pay(self, goods: Product) -> None:
        kin = make_retail()
        for _ in range(40):
            make_past_bargain(goods, offers=[5000, 6000, 6500], asks=[9500, 9000, 8000])
            make_past_bargain(goods, offers=[5000, 6900], asks=[9500, 7000], final=7000)

        learning_jobs.learn()

        models = [of(goods), of(kin), of(make_retail(category="books")), DemandModel.prior()]
        chances = [would_pay(model, 0.85) for model in models]
        assert chances == sorted(chances)
        assert chances[0] < chances[3] / 4 < 0.1

    def test_with_no_bargains_are_the_prior_still(self, goods: Product) -> None:
        learning_jobs.learn()

        assert would_pay(of(goods), 0.8) == pytest.approx(would_pay(DemandModel.prior(), 0.8), abs=0.02)

    def test_are_those_of_the_newest_version_alone(self, goods: Product) -> None:
        models = svcs.flask.get(DemandModels)
        prior = DemandModel.prior()
        models.keep({"all": prior, f"product:{goods.id}": prior}, now=NOW)

        models.keep({"all": DemandModel(prior.value, prior.shading, anchored=0.5)}, now=NOW)

        assert of(goods).anchored == 0.5

    def test_of_long_ago_are_forgotten(self, app: Flask) -> None:
        models = svcs.flask.get(DemandModels)

        versions = [models.keep({"all": DemandModel.prior()}, now=NOW) for _ in range(VERSIONS_KEPT + 2)]

        left = db.session.execute(text("SELECT count(*), min(version) FROM demand_models")).one()
        assert left == (VERSIONS_KEPT, versions[2])

    def test_are_what_a_new_session_begins_with(self, app: Flask) -> None:
        product = make_bargain_goods()
        prior = DemandModel.prior()
        learned = DemandModel(prior.value, prior.shading, anchored=0.5)
        svcs.flask.get(DemandModels).keep({f"product:{product.id}": learned}, now=NOW)
        db.session.commit()

        session = start(Customer.new(app.test_client()), product)

        row = db.session.execute(
            text("SELECT demand, facts FROM bargain_sessions WHERE id = :id"), {"id": session["session_id"]}
        ).one()
        assert row.demand == learned.document()
        assert row.facts["demand"] == "1"
        assert row.facts["behaviour_score"] == "0.000"
