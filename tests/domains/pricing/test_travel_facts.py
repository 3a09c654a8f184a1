"""What rules may know of flights and stays, and how many of them cost. Pure."""

from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal

import hypothesis.strategies as st
import pytest
from hypothesis import given

from backend.domains.catalog.entities import PricePer, Product, TaxClass
from backend.domains.catalog.travel import CabinClass, Flight, Meal, Stay, Travel
from backend.domains.pricing.facts import VISITOR, Customer, House, unit_case
from backend.kernel.money import Money

HOUSE = House("FR")
NOW = datetime(2026, 12, 30, 9, tzinfo=UTC)
FLIGHT = Flight(
    supplier="amadeus",
    country="JP",
    timezone="Asia/Tokyo",
    origin="HND",
    destination="CDG",
    origin_city="Tokyo",
    destination_city="Paris",
    cabin_class=CabinClass.BUSINESS,
    departs_at=datetime(2026, 12, 31, 15, 30, tzinfo=UTC),
    arrives_at=datetime(2027, 1, 1, 6, tzinfo=UTC),
)
STAY = Stay(
    supplier="hotelbeds",
    country="PT",
    timezone="Europe/Lisbon",
    place="Lisbon",
    room="double",
    meal=Meal.HB,
    check_in=date(2027, 2, 6),
    nights=4,
)


def product_of(travel: Travel, *, price: int = 10_000, cost: int | None = 8_000) -> Product:
    return Product(
        id="prd_1",
        kind="flight" if isinstance(travel, Flight) else "stay",
        name="A journey",
        description="",
        provider_id=None,
        category="travel",
        duration_minutes=None,
        price=Money(price, "EUR"),
        price_per=PricePer.UNIT,
        cost=None if cost is None else Money(cost, "EUR"),
        max_party=1,
        is_active=True,
        tax_class=TaxClass.ZERO,
        travel=travel,
    )


def facts_of(travel: Travel, customer: Customer = VISITOR) -> dict[str, object]:
    case = unit_case(product_of(travel), quantity=2, customer=customer, house=HOUSE, now=NOW)
    return dict(case.facts)


class TestFacts:
    def test_of_a_flight_are_those_of_the_clock_where_it_departs(self) -> None:
        facts = facts_of(FLIGHT, Customer(country="DE"))

        expected = {
            "kind": "flight",
            "supplier": "amadeus",
            "route": "HND-CDG",
            "cabin_class": "business",
            "market": "DE",
            "weekday": "fri",
            "start_date": date(2027, 1, 1),
            "start_time": time(0, 30),
            "month": 1,
            "timezone": "Asia/Tokyo",
            "lead_hours": Decimal("30.5"),
            "lead_days": 2,
            "quantity": 2,
            "party": 2,
        }
        assert {name: facts[name] for name in expected} == expected
        assert not {"room", "nights", "meal"} & facts.keys()

    def test_of_a_stay_are_its_rooms_and_nights(self) -> None:
        facts = facts_of(STAY)

        expected = {
            "kind": "stay",
            "supplier": "hotelbeds",
            "room": "double",
            "nights": 4,
            "meal": "HB",
            "market": None,
            "weekday": "sat",
            "start_date": date(2027, 2, 6),
            "start_time": time(15),
            "lead_days": 38,
            "quantity": 2,
        }
        assert {name: facts[name] for name in expected} == expected
        assert not {"route", "cabin_class", "party"} & facts.keys()

    @pytest.mark.parametrize(
        "customer", [VISITOR, Customer(country="DE"), Customer(country="DE", is_business=True)]
    )
    def test_have_the_tax_of_where_it_takes_place_whoever_buys(self, customer: Customer) -> None:
        assert facts_of(FLIGHT, customer)["tax_country"] == "JP"
        assert facts_of(STAY, customer)["tax_country"] == "PT"


class TestTheCase:
    @given(
        price=st.integers(0, 10**9),
        cost=st.none() | st.integers(0, 10**9),
        quantity=st.integers(1, 99),
        travel=st.sampled_from([FLIGHT, STAY]),
    )
    def test_is_so_many_times_the_price_and_the_cost(
        self, price: int, cost: int | None, quantity: int, travel: Travel
    ) -> None:
        product = product_of(travel, price=price, cost=cost)

        case = unit_case(product, quantity=quantity, customer=VISITOR, house=HOUSE, now=NOW)

        assert case.base == Money(price * quantity, "EUR")
        assert case.cost == (None if cost is None else Money(cost * quantity, "EUR"))

    def test_of_a_flight_that_departs_is_sold_until_that_instant(self) -> None:
        product = product_of(FLIGHT)

        assert product.begun_notice(FLIGHT.departs_at - timedelta(microseconds=1)) is None
        assert product.begun_notice(FLIGHT.departs_at) == "This flight has departed."
