"""Holding, booking, moving and freeing seats, one at a time (races are in tests/races)."""

from dataclasses import dataclass, replace
from datetime import date, timedelta

import pytest
import svcs
from flask import Flask

from backend.domains.availability.entities import Slot
from backend.domains.availability.holds import HoldService, SlotTakenError, TooManyHoldsError
from backend.domains.availability.service import AvailabilityService, SlotGoneError
from backend.domains.identity.service import User
from backend.kernel import ids
from backend.kernel.errors import InvalidError, NotFoundError
from tests.conftest import NOW
from tests.factories.availability import make_schedule
from tests.factories.catalog import make_product, make_provider
from tests.factories.identity import make_user

# Seats are booked for ids of bookings that a layer above would store in the same transaction.
pytestmark = pytest.mark.never_committed

MONDAY = date(2026, 12, 14)
TEN_MINUTES = timedelta(minutes=10)


@dataclass(frozen=True)
class House:
    """Two customers, and the services that they use."""

    ada: User
    grace: User
    holds: HoldService
    availability: AvailabilityService

    def slots(self, *provider_ids: str, party: int = 1) -> list[Slot]:
        return self.availability.slots(
            provider_ids=provider_ids, first=MONDAY, last=MONDAY + timedelta(days=1), party=party, now=NOW
        )

    def left(self, slot: Slot, *, user: User | None = None) -> int:
        user_id = user.id if user else None
        return self.availability.slot(slot_id=slot.id, now=NOW, user_id=user_id).seats_left

    def hold(self, user: User, slot: Slot, *, seats: int = 1, now=NOW):
        return self.holds.hold(user_id=user.id, slot_id=slot.id, seats=seats, now=now)

    def book(self, user: User, slot: Slot, *, seats: int = 1, now=NOW) -> str:
        booking_id = ids.new_id(ids.BOOKING)
        self.holds.claim(slot=slot, seats=seats, booking_id=booking_id, user_id=user.id, now=now)
        return booking_id


@pytest.fixture
def house(app: Flask) -> House:
    return House(
        ada=make_user(),
        grace=make_user(),
        holds=svcs.flask.get(HoldService),
        availability=svcs.flask.get(AvailabilityService),
    )


@pytest.fixture
def consultation(house: House) -> Slot:
    """The first of the day of a consultant who sees one client at a time."""
    product = make_product(max_party=3)
    make_schedule(product.provider_id)
    return house.slots(product.provider_id)[0]


@pytest.fixture
def lesson(house: House) -> Slot:
    """The first of the day of a class of ten seats."""
    product = make_product(max_party=10)
    make_schedule(product.provider_id, mode="inventory", units=10)
    return house.slots(product.provider_id)[0]


class TestHoldingExclusiveTime:
    def test_keeps_the_slot_from_everybody_else(self, house: House, consultation: Slot) -> None:
        hold = house.hold(house.ada, consultation)

        assert hold.expires_at == NOW + TEN_MINUTES
        assert house.left(consultation) == 0
        with pytest.raises(SlotTakenError):
            house.hold(house.grace, consultation)

    def test_leaves_it_free_for_its_holder(self, house: House, consultation: Slot) -> None:
        house.hold(house.ada, consultation)

        assert house.left(consultation, user=house.ada) == 3
        assert house.left(consultation, user=house.grace) == 0

    def test_again_replaces_the_first_hold(self, house: House, consultation: Slot) -> None:
        house.hold(house.ada, consultation)
        later = NOW + timedelta(minutes=5)

        second = house.hold(house.ada, consultation, seats=2, now=later)

        assert house.holds.holds_of(user_id=house.ada.id, now=later) == [second]
        assert second.expires_at == later + TEN_MINUTES

    def test_takes_the_overlapping_slots_of_the_providers_other_products(self, house: House) -> None:
        provider = make_provider()
        hour = make_product(provider)
        half_hour = make_product(provider, duration_minutes=30)
        make_schedule(provider.id)
        long = next(s for s in house.slots(provider.id) if s.product.id == hour.id)

        house.hold(house.ada, long)

        starts = [s.starts_at for s in house.slots(provider.id) if s.product.id == half_hour.id]
        assert starts[0] == long.ends_at

    def test_that_expired_blocks_nobody(self, house: House, consultation: Slot) -> None:
        house.hold(house.ada, consultation)

        hold = house.hold(house.grace, consultation, now=NOW + TEN_MINUTES)

        assert hold.user_id == house.grace.id
        assert house.holds.holds_of(user_id=house.ada.id, now=NOW) == []

    def test_refuses_a_party_that_the_product_does_not_take(self, house: House, consultation: Slot) -> None:
        with pytest.raises(InvalidError, match="1 to 3"):
            house.hold(house.ada, consultation, seats=4)

    def test_refuses_a_slot_that_is_past(self, house: House, consultation: Slot) -> None:
        with pytest.raises(SlotGoneError):
            house.hold(house.ada, consultation, now=consultation.starts_at + timedelta(minutes=1))

    @pytest.mark.parametrize("slot_id", ["", "slt_", "slt_" + "0" * 32, "slt_" + "v" * 32, "prv_1", "slt_é"])
    def test_refuses_an_id_that_names_no_slot(self, house: House, slot_id: str) -> None:
        with pytest.raises(NotFoundError):
            house.holds.hold(user_id=house.ada.id, slot_id=slot_id, seats=1, now=NOW)


class TestHoldingTooMuch:
    @pytest.fixture
    def house(self, house: House) -> House:
        return replace(house, holds=replace(house.holds, per_user=2))

    @pytest.fixture
    def slots(self, house: House) -> list[Slot]:
        product = make_product()
        make_schedule(product.provider_id)
        return house.slots(product.provider_id)

    def test_is_refused_and_says_what_to_do(self, house: House, slots: list[Slot]) -> None:
        house.hold(house.ada, slots[0])
        house.hold(house.ada, slots[2])

        with pytest.raises(TooManyHoldsError, match=r"no more than 2 can be held at once.*give one back"):
            house.hold(house.ada, slots[4])

        assert house.hold(house.grace, slots[4]).slot_id == slots[4].id

    def test_is_allowed_again_after_one_expired(self, house: House, slots: list[Slot]) -> None:
        house.hold(house.ada, slots[0])
        house.hold(house.ada, slots[2], now=NOW - TEN_MINUTES)

        hold = house.hold(house.ada, slots[4])

        assert hold.slot_id == slots[4].id

    def test_does_not_hinder_replacing_a_hold(self, house: House, slots: list[Slot]) -> None:
        house.hold(house.ada, slots[0])
        house.hold(house.ada, slots[2])

        again = house.hold(house.ada, slots[2])

        assert again.slot_id == slots[2].id

    def test_does_not_count_for_what_is_offered(self, house: House, slots: list[Slot]) -> None:
        house.hold(house.ada, slots[0])
        house.hold(house.ada, slots[2])

        offered = house.holds.hold(
            user_id=house.ada.id, slot_id=slots[4].id, seats=1, now=NOW, kept_for=TEN_MINUTES
        )

        assert offered.expires_at == NOW + TEN_MINUTES


class TestHoldingSeats:
    def test_leaves_the_others(self, house: House, lesson: Slot) -> None:
        house.hold(house.ada, lesson, seats=3)

        assert house.left(lesson) == 7

    def test_is_refused_beyond_the_last_seat(self, house: House, lesson: Slot) -> None:
        house.hold(house.ada, lesson, seats=8)

        with pytest.raises(SlotTakenError) as refused:
            house.hold(house.grace, lesson, seats=3)

        assert refused.value.extra == {"slot_id": lesson.id, "seats_left": 2}

    def test_hides_the_slot_from_parties_that_do_not_fit(self, house: House, lesson: Slot) -> None:
        house.hold(house.ada, lesson, seats=8)

        offered = house.slots(lesson.provider.id, party=3)

        assert lesson.id not in [slot.id for slot in offered]

    def test_frees_the_seats_of_a_replaced_hold(self, house: House, lesson: Slot) -> None:
        house.hold(house.ada, lesson, seats=8)

        house.hold(house.ada, lesson, seats=10)

        assert house.left(lesson) == 0

    def test_that_expired_gives_its_seats_to_whoever_asks(self, house: House, lesson: Slot) -> None:
        house.hold(house.ada, lesson, seats=8)

        hold = house.hold(house.grace, lesson, seats=10, now=NOW + TEN_MINUTES)

        assert hold.seats == 10


class TestReleasing:
    def test_gives_the_slot_back(self, house: House, consultation: Slot) -> None:
        hold = house.hold(house.ada, consultation)

        house.holds.release(hold_id=hold.id, user_id=house.ada.id)

        assert house.left(consultation) == 3

    def test_is_for_the_holder_alone(self, house: House, consultation: Slot) -> None:
        hold = house.hold(house.ada, consultation)

        with pytest.raises(NotFoundError):
            house.holds.release(hold_id=hold.id, user_id=house.grace.id)

    def test_of_what_expired_names_the_slots(self, house: House, consultation: Slot, lesson: Slot) -> None:
        house.hold(house.ada, consultation)
        house.hold(house.ada, lesson)
        house.hold(house.grace, lesson, now=NOW + timedelta(minutes=1))

        freed = house.holds.release_expired(now=NOW + TEN_MINUTES)

        assert sorted(freed) == sorted([consultation.id, lesson.id])
        assert house.left(lesson) == 9


class TestClaiming:
    def test_books_what_was_held(self, house: House, consultation: Slot) -> None:
        house.hold(house.ada, consultation)

        house.book(house.ada, consultation)

        assert house.holds.holds_of(user_id=house.ada.id, now=NOW) == []
        assert house.left(consultation) == 0

    def test_books_what_nobody_holds(self, house: House, lesson: Slot) -> None:
        house.book(house.ada, lesson, seats=4)

        assert house.left(lesson) == 6

    def test_is_refused_when_somebody_else_holds_it(self, house: House, consultation: Slot) -> None:
        house.hold(house.grace, consultation)

        with pytest.raises(SlotTakenError):
            house.book(house.ada, consultation)

    def test_honours_a_hold_after_the_notice_began(self, house: House) -> None:
        product = make_product()
        make_schedule(product.provider_id, notice_minutes=120)
        slot = house.slots(product.provider_id)[0]
        last_minute = slot.starts_at - timedelta(minutes=121)
        house.hold(house.ada, slot, now=last_minute)

        booking_id = house.book(house.ada, slot, now=last_minute + timedelta(minutes=5))

        assert booking_id
        with pytest.raises(SlotGoneError):
            house.book(house.grace, slot, now=last_minute + timedelta(minutes=5))

    def test_can_book_twice_the_same_class(self, house: House, lesson: Slot) -> None:
        house.book(house.ada, lesson)

        house.book(house.ada, lesson)

        assert house.left(lesson) == 8


class TestFreeing:
    def test_gives_the_seats_of_a_booking_back(self, house: House, lesson: Slot) -> None:
        booking_id = house.book(house.ada, lesson, seats=4)

        house.holds.free(booking_id=booking_id)

        assert house.left(lesson) == 10

    def test_twice_is_once(self, house: House, lesson: Slot) -> None:
        booking_id = house.book(house.ada, lesson, seats=4)
        house.holds.free(booking_id=booking_id)

        house.holds.free(booking_id=booking_id)

        assert house.left(lesson) == 10


class TestMoving:
    def test_takes_the_new_slot_and_gives_the_old_one_back(self, house: House, consultation: Slot) -> None:
        booking_id = house.book(house.ada, consultation)
        other = house.slots(consultation.provider.id)[0]

        house.holds.move(booking_id=booking_id, slot=other, seats=2, now=NOW)

        assert house.left(consultation) == 3
        assert house.left(other) == 0

    def test_to_a_slot_that_overlaps_the_old_one(self, house: House) -> None:
        product = make_product(slot_step_minutes=30)
        make_schedule(product.provider_id)
        first, second, *_ = house.slots(product.provider_id)
        booking_id = house.book(house.ada, first)

        house.holds.move(booking_id=booking_id, slot=second, seats=1, now=NOW)

        assert house.left(second) == 0
        assert second.starts_at < first.ends_at

    def test_changes_the_party_in_place(self, house: House, lesson: Slot) -> None:
        booking_id = house.book(house.ada, lesson, seats=4)

        house.holds.move(booking_id=booking_id, slot=lesson, seats=10, now=NOW)

        assert house.left(lesson) == 0

    def test_to_a_taken_slot_keeps_the_old_one(self, house: House, lesson: Slot) -> None:
        other = house.slots(lesson.provider.id)[1]
        booking_id = house.book(house.ada, lesson, seats=4)
        house.book(house.grace, other, seats=8)

        with pytest.raises(SlotTakenError):
            house.holds.move(booking_id=booking_id, slot=other, seats=4, now=NOW)

        assert (house.left(lesson), house.left(other)) == (6, 2)

    def test_from_a_class_to_a_consultant(self, house: House, lesson: Slot, consultation: Slot) -> None:
        booking_id = house.book(house.ada, lesson, seats=2)

        house.holds.move(booking_id=booking_id, slot=consultation, seats=2, now=NOW)

        assert (house.left(lesson), house.left(consultation)) == (10, 0)

    def test_uses_the_hold_that_the_customer_has_there(self, house: House, lesson: Slot) -> None:
        other = house.slots(lesson.provider.id)[1]
        booking_id = house.book(house.ada, lesson)
        house.hold(house.ada, other, seats=10)

        house.holds.move(booking_id=booking_id, slot=other, seats=10, now=NOW)

        assert (house.left(lesson), house.left(other)) == (10, 0)

    def test_of_a_booking_without_seats_is_refused(self, house: House, lesson: Slot) -> None:
        with pytest.raises(NotFoundError):
            house.holds.move(booking_id=ids.new_id(ids.BOOKING), slot=lesson, seats=1, now=NOW)
