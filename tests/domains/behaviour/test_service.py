from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from decimal import Decimal
from typing import Any

import svcs
from flask import Flask
from flask.testing import FlaskClient

from backend.domains.availability.slot_ids import slot_id
from backend.domains.behaviour import jobs
from backend.domains.behaviour.conversion import Case, ConversionModel, learn
from backend.domains.behaviour.learning import VERSIONS_KEPT, ConversionModels
from backend.domains.behaviour.log import BehaviourLog
from backend.domains.behaviour.service import Behaviour
from backend.infra.event_buffer import EventBuffer
from backend.infra.events import Event
from backend.infra.postgres import db
from backend.kernel.roles import Role
from backend.wiring import Parts
from tests.conftest import NOW, Stores
from tests.factories.apps import running_app
from tests.factories.bookings import IN_A_WEEK, Customer, make_class
from tests.factories.catalog import make_product, make_retail
from tests.factories.checkout import fill
from tests.factories.identity import auth_headers, make_user
from tests.fakes.clock import FakeClock
from tests.fakes.events import AwayEventStore, FakeEventStore

DAY = timedelta(days=1)


def views(product_id: str, *, lately: int = 2, usual: int = 2) -> list[Event]:
    """So many people each day of the last nine weeks."""
    return [
        Event("product.viewed", NOW - (day + 0.5) * DAY, f"usr_{day}_{n}", {"product_id": product_id})
        for day in range(63)
        for n in range(lately if day < 7 else usual)
    ]


def done(name: str, user_id: str, *, days: float = 0) -> Event:
    return Event(name, NOW - days * DAY, user_id, {})


def facts(
    app: Flask, product_id: str, user_id: str = "usr_a", *, now: datetime = NOW, **known: Any
) -> dict[str, Any]:
    with app.app_context():
        behaviour = svcs.flask.get(Behaviour)
        return behaviour.facts(user_id=user_id, product_id=product_id, now=now, known=known)


class TestFacts:
    def test_of_nobody_about_nothing_are_the_usual_ones(self, app: Flask, events: FakeEventStore) -> None:
        found = facts(app, make_product().id)

        assert found == {
            "behaviour_score": Decimal(0),
            "conversion_probability": Decimal("1.0"),
            "demand": Decimal(1),
            "suggested_change": Decimal(0),
        }

    def test_know_what_the_customer_did(self, app: Flask, events: FakeEventStore) -> None:
        events.append([done("cart.added", "usr_a", days=1), done("order.placed", "usr_b")])

        found = facts(app, make_product().id)

        assert found["behaviour_score"] > Decimal("0.2")
        assert found["conversion_probability"] == Decimal("15.0")

    def test_know_how_many_look_at_the_product(self, app: Flask, events: FakeEventStore) -> None:
        product = make_product()
        events.append(views(product.id, lately=5) + views("prd_other", lately=50))

        found = facts(app, product.id)

        assert found["demand"] > Decimal("1.5")
        assert found["suggested_change"] > 4

    def test_know_how_full_it_is_and_how_long_there_is_to_sell_it(
        self, app: Flask, events: FakeEventStore
    ) -> None:
        product = make_product()

        early = facts(app, product.id, seats_total=20, seats_taken=18, lead_days=60)
        late = facts(app, product.id, seats_total=20, seats_taken=2, lead_days=0)

        assert early["suggested_change"] > 10
        assert late["suggested_change"] < -10

    def test_know_the_stock_of_goods_and_of_what_has_a_date(self, app: Flask, events: FakeEventStore) -> None:
        unsold = make_retail(stock=500)

        new_goods = facts(app, unsold.id)
        goods = facts(app, unsold.id, now=NOW + 40 * DAY)
        seats = facts(app, unsold.id, lead_days=0)

        assert new_goods["suggested_change"] == 0
        assert goods["suggested_change"] == Decimal("-13.6")
        assert seats["suggested_change"] == Decimal("-19.7")

    def test_follow_the_newest_model(self, app: Flask, events: FakeEventStore) -> None:
        models = svcs.flask.get(ConversionModels)
        models.keep(learn([Case((0, 0, 0), bought=False)] * 5000), now=NOW)
        models.keep(learn([Case((0, 0, 0), bought=True)] * 5000), now=NOW)
        db.session.commit()

        assert facts(app, make_product().id)["conversion_probability"] > 95

    def test_without_the_store_are_none(self, app: Flask) -> None:
        made = svcs.flask.get(Behaviour)
        behaviour = replace(made, log=BehaviourLog(AwayEventStore()))

        assert behaviour.facts(user_id="usr_a", product_id="prd_a", now=NOW) == {}


class TestLearning:
    def test_is_a_job_whose_versions_follow_each_other(self, app: Flask, events: FakeEventStore) -> None:
        for number in range(30):
            events.append([done("product.viewed", f"usr_{number}", days=20)])
            events.append([done("order.placed", f"usr_{number}", days=18)])

        jobs.learn()
        jobs.learn()

        assert svcs.flask.get(ConversionModels).newest().percent((1, 0, 0)) > 50

    def test_keeps_some_versions(self, app: Flask) -> None:
        models = svcs.flask.get(ConversionModels)

        versions = [models.keep(ConversionModel(), now=NOW) for _ in range(VERSIONS_KEPT + 3)]

        left = db.session.execute(db.text("SELECT count(*), min(version) FROM conversion_models")).one()
        assert left == (VERSIONS_KEPT, versions[3])


class TestForgetting:
    def test_is_a_job_that_keeps_what_facts_need_and_all_that_was_bought(
        self, app: Flask, events: FakeEventStore
    ) -> None:
        names = ("product.viewed", "cart.added", "order.placed")
        events.append([done(name, "usr_a", days=days) for name in names for days in (150, 184)])

        jobs.forget()

        assert [(e.name, (NOW - e.at).days) for e in events.events] == [
            ("product.viewed", 150),
            ("cart.added", 150),
            ("order.placed", 150),
            ("order.placed", 184),
        ]


class TestRecording:
    def seen(self, events: FakeEventStore) -> list[tuple[str, str | None, str]]:
        svcs.flask.get(EventBuffer).flush(30)
        return [
            (e.name, e.user_id, e.data["product_id"])
            for e in events.events
            if e.name in {"product.viewed", "cart.added"}
        ]

    def test_a_look_at_a_product_is_noted_once_an_hour(
        self, client: FlaskClient, events: FakeEventStore
    ) -> None:
        product, ada = make_product(), make_user()

        for _ in range(3):
            client.get(f"/api/products/{product.id}", headers=auth_headers(client, ada))
            client.get(f"/api/products/{product.id}")

        assert sorted(self.seen(events), key=str) == [
            ("product.viewed", ada.id, product.id),
            ("product.viewed", None, product.id),
        ]

    def test_staff_and_unknown_products_are_not_noted(
        self, client: FlaskClient, events: FakeEventStore
    ) -> None:
        product, staff = make_product(), make_user(roles=[Role.SUPPORT])

        client.get(f"/api/products/{product.id}", headers=auth_headers(client, staff))
        client.get("/api/products/prd_unknown")

        assert self.seen(events) == []

    def test_what_is_put_into_a_cart_is_noted_by_its_product(
        self, client: FlaskClient, events: FakeEventStore
    ) -> None:
        goods, shop, ada = make_retail(stock=5), make_class(seats=5), Customer.new(client)
        starts_at = datetime.combine(IN_A_WEEK, time(10), UTC)

        fill(ada, **{goods.id: 1, slot_id(product_id=shop.product.id, starts_at=starts_at): 1})

        assert self.seen(events) == [
            ("cart.added", ada.user.id, goods.id),
            ("cart.added", ada.user.id, shop.product.id),
        ]

    def test_what_cannot_be_had_is_not_noted(self, client: FlaskClient, events: FakeEventStore) -> None:
        ada = Customer.new(client)

        ada.post("/api/cart/add", {"product_id": make_retail(stock=0).id, "quantity": 1})

        assert self.seen(events) == []


class TestTheWholeWay:
    def test_leads_from_a_look_over_http_to_facts(self, own_stores: Stores, clock: FakeClock) -> None:
        with running_app(own_stores, Parts(clock=clock)) as shop:
            with shop.app_context():
                product, ada = make_retail(stock=5), Customer.new(shop.test_client())
            ada.get(f"/api/products/{product.id}")
            ada.post("/api/cart/add", {"product_id": product.id, "quantity": 1})
            with shop.app_context():
                assert svcs.flask.get(EventBuffer).flush(30)

            found = facts(shop, product.id, ada.user.id)

        # 6 points, and the depth of a cart.
        assert found["behaviour_score"] == Decimal("0.330")
        assert found["conversion_probability"] == Decimal("15.0")
