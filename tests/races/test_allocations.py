"""No seat is ever sold twice, by threads and processes that all want it at the same instant."""

import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta

import psycopg
import pytest
import svcs
from psycopg import errors
from sqlalchemy import text

from backend.config import ROOT
from backend.domains.availability.entities import Slot
from backend.domains.availability.holds import HoldService
from backend.domains.availability.service import AvailabilityService
from backend.infra.postgres import db, libpq_conninfo
from backend.kernel import ids
from tests.conftest import NOW, Stores
from tests.factories.apps import running_app
from tests.factories.availability import make_schedule
from tests.factories.catalog import make_product
from tests.factories.identity import make_user
from tests.races.crowd import Act, Claim, Crowd, Free, Hold, Move, ReleaseExpired, Resize, gather

# Slow machines take long to start processes.
pytestmark = pytest.mark.timeout(300)

MONDAY = date(2026, 12, 14)
LATER = NOW + timedelta(minutes=11)


@dataclass(frozen=True)
class Hall:
    """A database of its own with a few users, which everybody sees."""

    stores: Stores
    users: tuple[str, ...]

    def slots(self, *, mode: str, step: int | None = None, units: int = 1, party: int = 1) -> list[Slot]:
        """The slots of a new provider on a Monday."""
        product = make_product(max_party=party, slot_step_minutes=step)
        make_schedule(product.provider_id, mode=mode, units=units)
        return svcs.flask.get(AvailabilityService).slots(
            provider_ids=[product.provider_id],
            first=MONDAY,
            last=MONDAY + timedelta(days=1),
            party=1,
            now=NOW,
        )

    def user(self, number: int) -> str:
        return self.users[number % len(self.users)]

    def claim(self, slot: Slot, number: int, *, seats: int = 1) -> Claim:
        return Claim(slot.id, seats, self.user(number), ids.new_id(ids.BOOKING), NOW)

    def book(self, slot: Slot, number: int, *, seats: int = 1) -> str:
        """A booking that is there before the race."""
        act = self.claim(slot, number, seats=seats)
        act.do()
        db.session.commit()
        return act.booking_id

    def booked(self) -> int:
        db.session.rollback()
        query = text("SELECT count(*) FROM allocations WHERE booking_id IS NOT NULL")
        return db.session.scalar(query) or 0

    def overlaps(self) -> int:
        """Pairs of allocations of one provider that share time, of which one wants it alone."""
        db.session.rollback()
        query = text(
            "SELECT count(*) FROM allocations a JOIN allocations b ON a.provider_id = b.provider_id"
            " AND a.id < b.id AND a.busy && b.busy AND (a.exclusive OR b.exclusive)"
        )
        return db.session.scalar(query) or 0

    def counters(self) -> list[tuple[int, int, int]]:
        """Seats counted, seats allocated, and the capacity, of every shared slot."""
        db.session.rollback()
        query = text(
            "SELECT c.taken, coalesce(sum(a.seats), 0), c.capacity FROM slot_counters c"
            " LEFT JOIN allocations a USING (product_id, starts_at)"
            " GROUP BY c.product_id, c.starts_at ORDER BY c.starts_at"
        )
        return [tuple(row) for row in db.session.execute(query)]


@pytest.fixture
def hall(own_stores: Stores) -> Iterator[Hall]:
    with running_app(own_stores) as app, app.app_context():
        users = tuple(make_user().id for _ in range(6))
        # Seats alone are raced here, without the bookings that they belong to.
        db.session.execute(text("ALTER TABLE allocations DROP CONSTRAINT fk_allocations_booking_id"))
        db.session.commit()
        yield Hall(own_stores, users)


@pytest.fixture(scope="module")
def crowd() -> Iterator[Crowd]:
    with gather(processes=2) as found:
        yield found


class TestExclusiveTime:
    def test_is_sold_once_each(self, hall: Hall, crowd: Crowd) -> None:
        wanted = hall.slots(mode="calendar")[:4]
        people: list[list[Act]] = [[hall.claim(wanted[n % 4], n)] for n in range(32)]

        ended = crowd.rush(hall.stores, people)

        assert Counter(ended) == {"done": 4, "SlotTakenError": 28}
        assert (hall.booked(), hall.overlaps()) == (4, 0)

    def test_of_overlapping_slots_is_sold_once_and_nobody_deadlocks(self, hall: Hall, crowd: Crowd) -> None:
        slots = hall.slots(mode="toggle", step=15)
        people: list[list[Act]] = [
            [hall.claim(slots[(7 * n + turn) % len(slots)], n) for turn in range(4)] for n in range(24)
        ]

        ended = Counter(crowd.rush(hall.stores, people))

        assert set(ended) == {"done", "SlotTakenError"}
        assert ended["done"] == hall.booked()
        assert hall.overlaps() == 0

    def test_that_expired_goes_to_one_of_those_who_wait(self, hall: Hall, crowd: Crowd) -> None:
        slot = hall.slots(mode="calendar")[0]
        Hold(slot.id, 1, hall.users[0], NOW).do()
        db.session.commit()
        early: list[list[Act]] = [[Hold(slot.id, 1, user, NOW)] for user in hall.users[1:]]
        late: list[list[Act]] = [[Hold(slot.id, 1, user, LATER)] for user in hall.users[1:]]

        too_early = crowd.rush(hall.stores, early)
        in_time = crowd.rush(hall.stores, [*late, [ReleaseExpired(LATER)]])

        assert Counter(too_early) == {"SlotTakenError": 5}
        assert Counter(in_time) == {"done": 2, "SlotTakenError": 4}

    def test_is_not_all_held_by_one_user_who_asks_for_all_at_once(self, hall: Hall, crowd: Crowd) -> None:
        slots = [slot for _ in range(4) for slot in hall.slots(mode="calendar")][:32]
        people: list[list[Act]] = [[Hold(slot.id, 1, hall.users[0], NOW)] for slot in slots]

        ended = crowd.rush(hall.stores, people)

        assert Counter(ended) == {"done": 20, "TooManyHoldsError": 12}

    def test_is_swapped_between_bookings_without_deadlock(self, hall: Hall, crowd: Crowd) -> None:
        slots = [hall.slots(mode="calendar")[0] for _ in range(2)]
        free = hall.slots(mode="calendar")
        bookings = [hall.book(slot, n) for n, slot in enumerate(slots)]
        people: list[list[Act]] = [
            [Move(target.id, 1, bookings[n], NOW) for target in (slots[1 - n], free[n], slots[n]) * 4]
            for n in range(2)
        ]

        ended = Counter(crowd.rush(hall.stores, people))

        assert set(ended) <= {"done", "SlotTakenError"}
        assert (hall.booked(), hall.overlaps()) == (2, 0)


class TestSharedSeats:
    def test_are_sold_to_the_last_and_not_beyond(self, hall: Hall, crowd: Crowd) -> None:
        lesson = hall.slots(mode="inventory", units=10, party=10)[0]
        people: list[list[Act]] = [[hall.claim(lesson, n)] for n in range(40)]

        ended = crowd.rush(hall.stores, people)

        assert Counter(ended) == {"done": 10, "SlotTakenError": 30}
        assert hall.counters() == [(10, 10, 10)]

    def test_of_parties_never_exceed_the_class(self, hall: Hall, crowd: Crowd) -> None:
        lesson = hall.slots(mode="inventory", units=10, party=10)[0]
        people: list[list[Act]] = [[hall.claim(lesson, n, seats=1 + n % 4)] for n in range(30)]

        ended = crowd.rush(hall.stores, people)

        ((taken, allocated, capacity),) = hall.counters()
        assert set(ended) == {"done", "SlotTakenError"}
        assert taken == allocated <= capacity
        assert taken >= 7

    def test_are_held_once_by_a_user_who_asks_twice(self, hall: Hall, crowd: Crowd) -> None:
        lesson = hall.slots(mode="inventory", units=10, party=10)[0]
        people: list[list[Act]] = [[Hold(lesson.id, 4, hall.users[0], NOW)] * 3 for _ in range(6)]

        ended = Counter(crowd.rush(hall.stores, people))

        assert ended == {"done": 18}
        assert hall.counters() == [(4, 4, 10)]

    def test_are_moved_held_expired_and_freed_without_deadlock(self, hall: Hall, crowd: Crowd) -> None:
        lessons = hall.slots(mode="inventory", units=10, party=10)[:3]
        bookings = [hall.book(lessons[n % 3], n, seats=2) for n in range(12)]
        people: list[list[Act]] = [
            [Move(lessons[(n + turn) % 3].id, 1 + turn % 3, bookings[n], NOW) for turn in range(1, 7)]
            for n in range(10)
        ]
        people += [
            [
                Hold(lessons[(n + turn) % 3].id, 1, hall.user(n), NOW if turn % 2 else LATER)
                for turn in range(8)
            ]
            for n in range(4)
        ]
        people += [[Free(bookings[10]), Free(bookings[11])], [ReleaseExpired(LATER)] * 6]

        ended = Counter(crowd.rush(hall.stores, people))

        assert set(ended) == {"done", "SlotTakenError"}
        assert all(taken == allocated <= capacity for taken, allocated, capacity in hall.counters())
        assert hall.booked() == 10

    def test_stay_below_a_capacity_that_is_lowered_meanwhile(self, hall: Hall, crowd: Crowd) -> None:
        lesson = hall.slots(mode="inventory", units=20, party=10)[0]
        people: list[list[Act]] = [[hall.claim(lesson, n), hall.claim(lesson, n)] for n in range(20)]
        people += [[Resize(lesson.provider.id, units) for units in (12, 9, 6)]]

        ended = Counter(crowd.rush(hall.stores, people))

        slot = svcs.flask.get(AvailabilityService).slot(slot_id=lesson.id, now=NOW)
        ((taken, allocated, _),) = hall.counters()
        assert set(ended) <= {"done", "SlotTakenError", "CapacityTakenError"}
        assert taken == allocated <= slot.seats_total


class TestTheDatabase:
    """What it forbids by itself, whatever a program forgets."""

    INSERT = (
        "INSERT INTO allocations (id, provider_id, product_id, starts_at, ends_at, busy, exclusive, seats,"
        " capacity, user_id, booking_id) VALUES (%(id)s, %(provider)s, %(product)s, %(start)s, %(end)s,"
        " tstzrange(%(start)s, %(end)s), %(exclusive)s, 1, %(capacity)s, %(user)s, %(booking)s)"
    )

    def insert(self, hall: Hall, slot: Slot, *, exclusive: bool, capacity: int | None = None) -> None:
        values = {
            "id": ids.new_id(ids.HOLD),
            "provider": slot.provider.id,
            "product": slot.product.id,
            "start": slot.starts_at,
            "end": slot.ends_at,
            "exclusive": exclusive,
            "capacity": capacity,
            "user": hall.users[0],
            "booking": ids.new_id(ids.BOOKING),
        }
        with psycopg.connect(libpq_conninfo(hall.stores.postgres_url)) as connection:
            connection.execute(self.INSERT, values)

    def test_refuses_exclusive_time_twice(self, hall: Hall) -> None:
        slot = hall.slots(mode="calendar")[0]
        self.insert(hall, slot, exclusive=True)

        with pytest.raises(errors.ExclusionViolation, match="ex_allocations_busy"):
            self.insert(hall, slot, exclusive=True)

    @pytest.mark.parametrize("first", [True, False])
    def test_refuses_to_share_exclusive_time(self, hall: Hall, *, first: bool) -> None:
        slot = hall.slots(mode="calendar")[0]
        self.insert(hall, slot, exclusive=first, capacity=None if first else 9)

        with pytest.raises(errors.ExclusionViolation, match="ex_allocations_busy"):
            self.insert(hall, slot, exclusive=not first, capacity=9 if first else None)

    def test_refuses_a_seat_beyond_the_capacity(self, hall: Hall) -> None:
        slot = hall.slots(mode="inventory", units=2)[0]
        self.insert(hall, slot, exclusive=False, capacity=2)
        self.insert(hall, slot, exclusive=False, capacity=2)

        with pytest.raises(errors.CheckViolation, match="ck_slot_counters_taken"):
            self.insert(hall, slot, exclusive=False, capacity=2)


class TestAKilledProcess:
    def test_leaves_nothing_behind(self, hall: Hall) -> None:
        slot = hall.slots(mode="calendar")[0]
        arguments = [*vars(hall.stores).values(), hall.users[0], slot.id, NOW.isoformat()]
        with subprocess.Popen(
            [sys.executable, "-m", "tests.races.held_open", *arguments], cwd=ROOT, stdout=subprocess.PIPE
        ) as victim:
            assert victim.stdout is not None
            said = victim.stdout.readline()
            victim.kill()

        Hold(slot.id, 1, hall.users[1], NOW).do()
        db.session.commit()

        assert said == b"held\n"
        holds = svcs.flask.get(HoldService)
        assert holds.holds_of(user_id=hall.users[0], now=NOW) == []
        assert len(holds.holds_of(user_id=hall.users[1], now=NOW)) == 1
