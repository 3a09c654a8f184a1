"""Listing slots and reading one."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime, time, timedelta
from typing import Any

import pytest
import svcs
from flask import Flask
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import event

from backend.domains.availability.entities import Slot
from backend.domains.availability.holds import HoldService
from backend.domains.availability.schedule import Mode, Schedule
from backend.domains.availability.service import AvailabilityService, SlotGoneError
from backend.domains.availability.slot_ids import parse_slot_id, slot_id
from backend.domains.availability.taken import Share, Taken
from backend.infra.postgres import db
from backend.kernel import ids
from backend.kernel.errors import NotFoundError
from backend.kernel.time import Period
from tests.conftest import NOW
from tests.factories.availability import make_exception, make_schedule
from tests.factories.catalog import make_product, make_provider
from tests.factories.identity import make_user

# Seats are booked for ids of bookings that a layer above would store in the same transaction.
pytestmark = pytest.mark.never_committed

MONDAY = date(2026, 12, 14)
DAY = timedelta(days=1)
MINUTE = timedelta(minutes=1)


def slots(*provider_ids: str, days: int = 1, party: int = 1, now: datetime = NOW) -> list[Slot]:
    return svcs.flask.get(AvailabilityService).slots(
        provider_ids=provider_ids, first=MONDAY, last=MONDAY + days * DAY, party=party, now=now
    )


def book(slot: Slot, *, seats: int = 1) -> None:
    user = make_user()
    svcs.flask.get(HoldService).claim(
        slot=slot, seats=seats, booking_id=ids.new_id(ids.BOOKING), user_id=user.id, now=NOW
    )


@contextmanager
def statements() -> Iterator[list[str]]:
    """What the block sends to the database."""
    sent: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        sent.append(statement)

    engine = db.session.get_bind()
    event.listen(engine, "before_cursor_execute", note)
    try:
        yield sent
    finally:
        event.remove(engine, "before_cursor_execute", note)


class TestSlots:
    def test_are_of_each_providers_own_day_and_ordered_by_start(self, app: Flask) -> None:
        tokyo, new_york = make_provider(timezone="Asia/Tokyo"), make_provider(timezone="America/New_York")
        for provider in (tokyo, new_york):
            make_product(provider)
            make_schedule(provider.id, hours=[(time(9), time(11))])

        found = slots(new_york.id, tokyo.id)

        assert [(slot.provider.id, slot.starts_at.strftime("%d %H:%M")) for slot in found] == [
            (tokyo.id, "14 00:00"),
            (tokyo.id, "14 01:00"),
            (new_york.id, "14 14:00"),
            (new_york.id, "14 15:00"),
        ]

    def test_know_their_product_provider_zone_and_seats(self, app: Flask) -> None:
        product = make_product(max_party=3, duration_minutes=45)
        make_schedule(product.provider_id)

        slot = slots(product.provider_id)[0]

        assert (slot.product, slot.provider.id, slot.timezone) == (
            product,
            product.provider_id,
            "Europe/Paris",
        )
        assert slot.ends_at - slot.starts_at == 45 * MINUTE
        assert (slot.seats_total, slot.seats_left) == (3, 3)

    def test_leave_out_products_too_small_for_the_party(self, app: Flask) -> None:
        product = make_product(max_party=3)
        make_schedule(product.provider_id)

        assert slots(product.provider_id, party=4) == []

    def test_keep_the_buffers_of_what_is_booked(self, app: Flask) -> None:
        product = make_product()
        make_schedule(
            product.provider_id,
            hours=[(time(9), time(14))],
            buffer_before_minutes=10,
            buffer_after_minutes=20,
        )
        eleven = slots(product.provider_id)[2]

        book(eleven)

        left = [slot.starts_at.strftime("%H:%M") for slot in slots(product.provider_id)]
        assert left == ["08:00", "12:00"]

    def test_of_a_class_have_the_units_of_their_date(self, app: Flask) -> None:
        product = make_product(max_party=10)
        make_schedule(product.provider_id, mode="inventory", units=10)
        starts = datetime.combine(MONDAY, time())
        make_exception(product.provider_id, kind="units", starts=starts, ends=starts + DAY, units=4)

        found = slots(product.provider_id, days=2)

        assert {slot.seats_total for slot in found if slot.starts_at.date() == MONDAY} == {4}
        assert {slot.seats_total for slot in found if slot.starts_at.date() > MONDAY} == {10}

    def test_of_a_class_are_blocked_by_time_taken_before_the_mode_changed(self, app: Flask) -> None:
        product = make_product()
        make_schedule(product.provider_id)
        first, second, *_ = slots(product.provider_id)
        book(first)
        db.session.execute(
            db.text("UPDATE schedules SET mode = 'inventory', units = 5 WHERE provider_id = :id"),
            {"id": product.provider_id},
        )

        assert slots(product.provider_id)[0].id == second.id

    @pytest.mark.parametrize("inactive", ["provider", "product"])
    def test_of_what_is_retired_are_not_offered(self, app: Flask, inactive: str) -> None:
        provider = make_provider(is_active=inactive != "provider")
        make_product(provider, is_active=inactive != "product")
        make_schedule(provider.id)

        assert slots(provider.id) == []

    def test_of_who_has_no_schedule_are_none(self, app: Flask) -> None:
        assert slots(make_product().provider_id) == []

    def test_of_unknown_providers_are_an_error(self, app: Flask) -> None:
        with pytest.raises(NotFoundError, match="prv_unknown"):
            slots("prv_unknown", make_provider().id)

    @pytest.mark.parametrize(
        ("first", "last"), [(date.min, date.max), (date.max, date.max), (MONDAY, MONDAY)]
    )
    def test_of_any_days_never_overflow(self, app: Flask, first: date, last: date) -> None:
        product = make_product()
        make_schedule(product.provider_id, horizon_days=1)

        found = svcs.flask.get(AvailabilityService).slots(
            provider_ids=[product.provider_id], first=first, last=last, party=1, now=NOW
        )

        assert len(found) in {0, 15}

    def test_cost_four_queries_however_many_providers_and_days(self, app: Flask) -> None:
        provider_ids = []
        for _ in range(5):
            product = make_product()
            make_schedule(product.provider_id)
            provider_ids.append(product.provider_id)
        book(slots(provider_ids[0])[0])

        with statements() as of_one:
            slots(provider_ids[0], days=1)
        with statements() as of_five:
            slots(*provider_ids, days=7)

        assert len(of_one) == len(of_five) == 4


class TestSlot:
    def test_reads_what_was_listed(self, app: Flask) -> None:
        product = make_product()
        make_schedule(product.provider_id)
        listed = slots(product.provider_id)[3]

        slot = svcs.flask.get(AvailabilityService).slot(slot_id=listed.id, now=NOW)

        assert slot == listed

    @pytest.mark.parametrize("minutes", [30, 24 * 60 * 400, -24 * 60 * 30])
    def test_that_is_not_offered_is_gone(self, app: Flask, minutes: int) -> None:
        product = make_product()
        make_schedule(product.provider_id)
        listed = slots(product.provider_id)[0]
        other = slot_id(product_id=product.id, starts_at=listed.starts_at + minutes * MINUTE)

        with pytest.raises(SlotGoneError):
            svcs.flask.get(AvailabilityService).slot(slot_id=other, now=NOW)

    def test_of_an_unknown_product_is_not_found(self, app: Flask) -> None:
        unknown = slot_id(product_id=ids.new_id(ids.PRODUCT), starts_at=NOW)

        with pytest.raises(NotFoundError):
            svcs.flask.get(AvailabilityService).slot(slot_id=unknown, now=NOW)


class TestSlotIds:
    @given(st.integers(0, 100_000_000), st.integers(0, 2**128 - 1))
    def test_say_what_starts_when(self, minutes: int, ulid: int) -> None:
        starts_at = datetime.fromisoformat("1970-01-01T00:00Z") + minutes * MINUTE
        product_id = f"prd_{_crockford(ulid)}"

        assert parse_slot_id(slot_id(product_id=product_id, starts_at=starts_at)) == (product_id, starts_at)

    def test_sort_by_start(self) -> None:
        product_id = ids.new_id(ids.PRODUCT)
        starts = [NOW + n * 977 * MINUTE for n in range(100)]

        made = [slot_id(product_id=product_id, starts_at=start) for start in starts]

        assert made == sorted(made)

    @given(
        st.text(max_size=40)
        | st.text("0123456789abcdefghijklmnopqrstuv", min_size=32, max_size=32).map("slt_".__add__)
    )
    def test_of_anybodys_making_are_refused_or_mean_one_slot(self, text: str) -> None:
        parsed = parse_slot_id(text)

        assert parsed is None or slot_id(product_id=parsed[0], starts_at=parsed[1]) == text


def _crockford(number: int) -> str:
    alphabet = "0123456789abcdefghjkmnpqrstvwxyz"
    return "".join(alphabet[number >> 5 * place & 31] for place in reversed(range(26)))


instants = st.integers(0, 500).map(lambda n: NOW + n * MINUTE)


@st.composite
def shares(draw: st.DrawFn) -> Share:
    start = draw(instants)
    busy = Period(start, start + draw(st.integers(1, 60)) * MINUTE)
    return Share(
        product_id=draw(st.sampled_from("ab")),
        starts_at=start,
        busy=busy,
        exclusive=draw(st.booleans()),
        seats=draw(st.integers(1, 4)),
    )


class TestTaken:
    @given(st.lists(shares(), max_size=12), instants, st.integers(0, 15), st.sampled_from(list(Mode)))
    def test_leaves_what_no_share_has(
        self, taken: list[Share], start: datetime, buffer: int, mode: Mode
    ) -> None:
        schedule = Schedule(mode=mode, buffer_before=buffer * MINUTE, buffer_after=buffer * MINUTE)
        slot = Period(start, start + 30 * MINUTE)

        left = Taken.of(taken).seats_left(schedule, product_id="a", slot=slot, seats_total=6)

        touching = [share for share in taken if share.busy.overlaps(schedule.busy(slot))]
        if any(share.exclusive for share in touching) or (schedule.exclusive and touching):
            assert left == 0
        elif schedule.exclusive:
            assert left == 6
        else:
            same = [s for s in taken if not s.exclusive and (s.product_id, s.starts_at) == ("a", start)]
            assert left == max(0, 6 - sum(share.seats for share in same))
