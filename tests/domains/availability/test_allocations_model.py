"""Seats against a model: whatever is done in whatever order, the service agrees with plain arithmetic."""

from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

import hypothesis.strategies as st
import pytest
import svcs
from flask import Flask
from hypothesis import settings
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from sqlalchemy import text

from backend.domains.availability.entities import Slot
from backend.domains.availability.holds import HoldService, SlotTakenError
from backend.domains.availability.schedules import CapacityTakenError, SchedulePatch, ScheduleService
from backend.domains.availability.service import AvailabilityService
from backend.infra.postgres import db
from backend.kernel import ids
from backend.kernel.versions import Edit
from tests.conftest import NOW
from tests.factories.availability import make_schedule
from tests.factories.catalog import make_product
from tests.factories.identity import make_user

# Seats are booked for ids of bookings that a layer above would store in the same transaction.
pytestmark = pytest.mark.never_committed

MONDAY = date(2026, 12, 14)
MOST = 5
KEPT_FOR = timedelta(minutes=10)

USERS = st.integers(0, 2)
SLOTS = st.integers(0, 2)
SEATS = st.integers(1, MOST)


@dataclass(frozen=True)
class Seats:
    """What the model knows of one allocation: a booking's, or a hold until `expires_at`."""

    user: int
    slot: int
    seats: int
    booking_id: str | None = None
    expires_at: datetime | None = None

    def alive(self, now: datetime) -> bool:
        return self.expires_at is None or self.expires_at > now


class SeatMachine(RuleBasedStateMachine):
    """Three users and three slots, of which the first two overlap."""

    mode = "inventory"
    user_ids: list[str]

    @initialize()
    def open(self) -> None:
        product = make_product(max_party=MOST, slot_step_minutes=30)
        make_schedule(product.provider_id, mode=self.mode, units=MOST)
        self.provider_id = product.provider_id
        self.holds, self.schedules = svcs.flask.get(HoldService), svcs.flask.get(ScheduleService)
        offered = svcs.flask.get(AvailabilityService).slots(
            provider_ids=[product.provider_id],
            first=MONDAY,
            last=MONDAY + timedelta(days=1),
            party=1,
            now=NOW,
        )
        self.slots: list[Slot] = [offered[0], offered[1], offered[4]]
        self.capacity = MOST
        self.version = 1
        self.now = NOW
        self.model: list[Seats] = []

    @rule(user=USERS, slot=SLOTS, seats=SEATS)
    def hold(self, user: int, slot: int, seats: int) -> None:
        wanted = Seats(user, slot, seats, expires_at=self.now + KEPT_FOR)
        with self._expecting(wanted):
            self.holds.hold(
                user_id=self.user_ids[user], slot_id=self.slots[slot].id, seats=seats, now=self.now
            )

    @rule(user=USERS, slot=SLOTS, seats=SEATS)
    def claim(self, user: int, slot: int, seats: int) -> None:
        booking_id = ids.new_id(ids.BOOKING)
        with self._expecting(Seats(user, slot, seats, booking_id)):
            self.holds.claim(
                slot=self.slots[slot],
                seats=seats,
                booking_id=booking_id,
                user_id=self.user_ids[user],
                now=self.now,
            )

    @precondition(lambda self: self._booked())
    @rule(data=st.data(), slot=SLOTS, seats=SEATS)
    def move(self, data: st.DataObject, slot: int, seats: int) -> None:
        before = data.draw(st.sampled_from(self._booked()))
        with self._expecting(replace(before, slot=slot, seats=seats), instead_of=before):
            self.holds.move(
                booking_id=before.booking_id or "", slot=self.slots[slot], seats=seats, now=self.now
            )

    @precondition(lambda self: self._booked())
    @rule(data=st.data())
    def free(self, data: st.DataObject) -> None:
        booked = data.draw(st.sampled_from(self._booked()))
        self.holds.free(booking_id=booked.booking_id or "")
        self.model.remove(booked)

    @rule(minutes=st.integers(1, 11))
    def wait(self, minutes: int) -> None:
        self.now += timedelta(minutes=minutes)

    @rule()
    def release_expired(self) -> None:
        self.holds.release_expired(now=self.now)

    @precondition(lambda self: self.mode == "inventory")
    @rule(units=st.integers(1, MOST))
    def resize(self, units: int) -> None:
        fullest = max(sum(s.seats for s in self._alive() if s.slot == slot) for slot in range(3))
        change = SchedulePatch(units=units)
        svcs.flask.get(ScheduleService).clock.set(self.now)  # type: ignore[attr-defined]
        if fullest > units:
            with pytest.raises(CapacityTakenError):
                self._patch(change)
        else:
            self._patch(change)
            self.capacity, self.version = units, self.version + 1

    @invariant()
    def agrees_with_the_model(self) -> None:
        for number, slot in enumerate(self.slots):
            alive = text(
                "SELECT coalesce(sum(seats), 0) FROM allocations WHERE product_id = :product"
                " AND starts_at = :start AND (booking_id IS NOT NULL OR hold_expires_at > :now)"
            )
            found = db.session.scalar(
                alive, {"product": slot.product.id, "start": slot.starts_at, "now": self.now}
            )
            assert found == sum(s.seats for s in self._alive() if s.slot == number)

    @invariant()
    def counters_are_the_sums_of_allocations_and_never_above_capacity(self) -> None:
        sums = text(
            "SELECT c.starts_at, c.taken, c.capacity, coalesce(sum(a.seats), 0) AS seats"
            " FROM slot_counters c LEFT JOIN allocations a USING (product_id, starts_at)"
            " WHERE c.product_id = :product GROUP BY c.product_id, c.starts_at"
        )
        counters = db.session.execute(sums, {"product": self.slots[0].product.id}).all()
        assert all(row.taken == row.seats <= row.capacity for row in counters)
        assert (counters == []) or self.mode == "inventory"

    def _patch(self, patch: SchedulePatch) -> None:
        edit = Edit("test", self.version)
        with db.session.begin_nested():
            self.schedules.change(provider_id=self.provider_id, patch=patch, edit=edit)

    def _alive(self) -> list[Seats]:
        return [seats for seats in self.model if seats.alive(self.now)]

    def _booked(self) -> list[Seats]:
        return [seats for seats in self.model if seats.booking_id]

    def _fits(self, wanted: Seats, others: list[Seats]) -> bool:
        if self.mode == "inventory":
            return wanted.seats <= self.capacity - sum(s.seats for s in others if s.slot == wanted.slot)
        together = {0, 1} if wanted.slot in {0, 1} else {2}
        return not any(seats.slot in together for seats in others)

    def _expecting(self, wanted: Seats, instead_of: Seats | None = None) -> "Expectation":
        """The block succeeds exactly if the model says so; the user's hold on the slot is used up."""
        used_up = [
            s
            for s in self.model
            if s is instead_of or (not s.booking_id and (s.user, s.slot) == (wanted.user, wanted.slot))
        ]
        others = [seats for seats in self._alive() if seats not in used_up]
        if not self._fits(wanted, others):
            return Expectation(self, None)
        return Expectation(self, [*(s for s in self.model if s not in used_up), wanted])


class Expectation:
    """The model after the block, or None where the block must be refused."""

    def __init__(self, machine: SeatMachine, after: list[Seats] | None) -> None:
        self.machine = machine
        self.after = after

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> bool:
        if self.after is None:
            assert kind is SlotTakenError
            return True
        if kind is None:
            self.machine.model = self.after
        return False


class ExclusiveSeatMachine(SeatMachine):
    """The same in a consultant's calendar, where overlapping slots exclude each other."""

    mode = "calendar"


class TestSeats:
    @pytest.mark.parametrize("machine", [SeatMachine, ExclusiveSeatMachine])
    def test_are_counted_right_in_any_order_of_events(self, app: Flask, machine: type[SeatMachine]) -> None:
        machine.user_ids = [make_user().id for _ in range(3)]

        run_state_machine_as_test(
            machine, settings=settings(max_examples=15, stateful_step_count=25, deadline=None)
        )
