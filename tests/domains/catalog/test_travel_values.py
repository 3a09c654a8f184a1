"""Journeys as values and as columns."""

from datetime import UTC, date, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import hypothesis.strategies as st
from hypothesis import given

from backend.domains.catalog.travel import FLIGHT, STAY, CabinClass, Flight, Meal, Stay, Travel
from backend.domains.catalog.travel_values import LONGEST_FLIGHT, TRAVEL_COLUMNS, travel_of, travel_values
from backend.kernel.time import zone

ZONES = st.sampled_from(
    ["Europe/Paris", "America/New_York", "Asia/Kathmandu", "Pacific/Apia", "Australia/Lord_Howe", "UTC"]
)
JOURNEY = {"supplier": st.just("demo"), "country": st.just("FR"), "timezone": ZONES}
INSTANTS = st.datetimes(datetime(2000, 1, 1), datetime(2199, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001
FLIGHTS = st.builds(
    lambda departs_at, lasts, **told: Flight(departs_at=departs_at, arrives_at=departs_at + lasts, **told),
    **JOURNEY,
    departs_at=INSTANTS,
    lasts=st.timedeltas(timedelta(microseconds=1), LONGEST_FLIGHT),
    origin=st.just("CDG"),
    destination=st.just("JFK"),
    origin_city=st.just("Paris"),
    destination_city=st.just("New York"),
    cabin_class=st.sampled_from(CabinClass),
)
STAYS = st.builds(
    Stay,
    **JOURNEY,
    place=st.just("Lisbon"),
    room=st.just("double"),
    meal=st.sampled_from(Meal),
    check_in=st.dates(date(2000, 1, 1), date(2199, 1, 1)),
    nights=st.integers(1, 365),
)


def row_of(travel: Travel) -> Any:
    kind = FLIGHT if isinstance(travel, Flight) else STAY
    return SimpleNamespace(kind=kind, **travel_values(travel))


class TestColumns:
    @given(FLIGHTS | STAYS)
    def test_hold_a_journey_and_give_it_back(self, travel: Travel) -> None:
        row = row_of(travel)

        assert travel_of(row) == travel
        assert row.starts_at < row.ends_at

    def test_of_anything_else_are_empty(self) -> None:
        values = travel_values(None)

        assert values == dict.fromkeys(TRAVEL_COLUMNS)
        assert travel_of(SimpleNamespace(kind="retail", **values)) is None


class TestAStay:
    @given(STAYS)
    def test_begins_at_three_on_its_first_day_and_ends_at_eleven_on_its_last(self, stay: Stay) -> None:
        tz = zone(stay.timezone)
        first, last = stay.starts_at.astimezone(tz), stay.ends_at.astimezone(tz)

        assert first.date() == stay.check_in
        # Apia skipped the whole of 30 December 2011.
        assert last.date() in {
            stay.check_in + timedelta(days=stay.nights),
            stay.check_in + timedelta(days=stay.nights + 1),
        }
