"""Holding, booking, moving and freeing seats. That no seat is sold twice is the database's to forbid.

Every verb locks in one order: the user whose holds are counted, schedules (by provider), counters of
shared slots (by key), allocations (by id), and only then writes. So two of them never wait for each
other in a circle, and who loses is told so rather than killed (docs/decisions/0032-locks-of-seats.md).
"""

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, NamedTuple

from sqlalchemy import ColumnElement, and_, delete, func, insert, literal, or_, select, update
from sqlalchemy.dialects.postgresql import Range
from sqlalchemy.exc import IntegrityError

from backend.domains.availability.entities import Hold, Slot
from backend.domains.availability.models import AllocationRow
from backend.domains.availability.queries import lock_counters, lock_schedules
from backend.domains.availability.service import AvailabilityService, Offer
from backend.domains.availability.slot_ids import slot_id as slot_id_of
from backend.infra import metrics
from backend.infra.after_commit import after_commit
from backend.infra.postgres import DbSession, violated
from backend.kernel import ids
from backend.kernel.errors import ConflictError, InvalidError, NotFoundError

TAKEN: Final = frozenset({"ex_allocations_busy", "ck_slot_counters_taken"})
BATCH: Final = 500


class SlotTakenError(ConflictError):
    """Somebody else has the slot, or too many of its seats."""


class TooManyHoldsError(ConflictError):
    """The user keeps as many slots from everybody else as a user may."""


class _Allocation(NamedTuple):
    """Which allocation, and of which slot."""

    id: str
    product_id: str
    starts_at: datetime


@dataclass(frozen=True)
class HoldService:
    """Takes seats of slots: for a while (a hold) or for good (a booking).

    `kept_for` is how long a hold stands, `per_user` how many of them a user may have at once.
    """

    session: DbSession
    availability: AvailabilityService
    kept_for: timedelta
    per_user: int

    def hold(
        self,
        *,
        user_id: str,
        slot_id: str,
        seats: int,
        now: datetime,
        kept_for: timedelta | None = None,
    ) -> Hold:
        """Keep `seats` of a slot for `user_id` until `now + kept_for` (the configured time by default).

        A second hold of the same user on the same slot replaces the first. NotFoundError,
        SlotGoneError, SlotTakenError; InvalidError for a party that the product does not take;
        TooManyHoldsError, except for a hold that is offered to the user and so says `kept_for`.
        """
        if kept_for is None:
            self._limit(user_id=user_id, slot_id=slot_id, now=now)
        expires_at = now + (kept_for or self.kept_for)
        _, provider, _ = self.availability.parts(slot_id=slot_id)
        lock_schedules(self.session, provider_ids=[provider.id])
        offer = self._offer(slot_id=slot_id, seats=seats, user_id=user_id, now=now)
        hold_id = self._take(offer, seats=seats, user_id=user_id, now=now, hold_expires_at=expires_at)
        after_commit(self.session, lambda: metrics.hold_settled("made"))
        return Hold(hold_id, offer.slot.id, user_id, seats, expires_at)

    def lock(self, *, provider_ids: Collection[str]) -> None:
        """Lock what every verb locks first; call it before giving seats back and then taking others."""
        lock_schedules(self.session, provider_ids=provider_ids)

    def release(self, *, hold_id: str, user_id: str) -> None:
        """Give a hold back. NotFoundError when this user has none with this id."""
        held = and_(
            AllocationRow.id == hold_id, AllocationRow.user_id == user_id, AllocationRow.booking_id.is_(None)
        )
        if self._delete(held) == 0:
            raise NotFoundError(f"You have no hold {hold_id}; it may have expired.")
        after_commit(self.session, lambda: metrics.hold_settled("released"))

    def holds_of(self, *, user_id: str, now: datetime) -> list[Hold]:
        """The holds of a user that have not expired, by the start of their slot."""
        held = AllocationRow
        rows = self.session.execute(
            select(held.id, held.product_id, held.starts_at, held.seats, held.hold_expires_at)
            .where(held.user_id == user_id, held.hold_expires_at > now)
            .order_by(held.starts_at, held.id)
        )
        return [
            Hold(
                id=row.id,
                slot_id=slot_id_of(product_id=row.product_id, starts_at=row.starts_at),
                user_id=user_id,
                seats=row.seats,
                expires_at=row.hold_expires_at,
            )
            for row in rows
        ]

    def claim(self, *, slot: Slot, seats: int, booking_id: str, user_id: str, now: datetime) -> None:
        """Book seats for good: what the user holds of the slot becomes the booking's, or new seats do.

        SlotGoneError, SlotTakenError; InvalidError for a party that the product does not take.
        """
        lock_schedules(self.session, provider_ids=[slot.provider.id])
        offer = self._offer(slot_id=slot.id, seats=seats, user_id=user_id, now=now)
        self._take(offer, seats=seats, user_id=user_id, now=now, booking_id=booking_id)

    def move(self, *, booking_id: str, slot: Slot, seats: int, now: datetime) -> None:
        """Give a booking other seats for those it has, in one step; on any error it keeps what it has.

        NotFoundError for a booking without seats; SlotGoneError, SlotTakenError, InvalidError.
        """
        before = self._booked(booking_id)
        lock_schedules(self.session, provider_ids={before.provider_id, slot.provider.id})
        offer = self._offer(
            slot_id=slot.id, seats=seats, user_id=before.user_id, now=now, booking_id=booking_id
        )
        with self._taking(offer.slot):
            keys = {(before.product_id, before.starts_at), (slot.product.id, slot.starts_at)}
            lock_counters(self.session, keys=keys, wanted=_counter(offer))
            if self._booked(booking_id, lock=True) != before:
                raise ConflictError("This booking is being changed elsewhere; look at it again.")
            self._clear(offer, user_id=before.user_id, now=now)
            self.session.execute(
                update(AllocationRow)
                .where(AllocationRow.booking_id == booking_id)
                .values(seats=seats, **_values(offer))
                .execution_options(synchronize_session=False)
            )

    def free(self, *, booking_id: str) -> None:
        """Give back the seats of a booking, if it has any."""
        self._delete(AllocationRow.booking_id == booking_id)

    def release_expired(self, *, now: datetime) -> list[str]:
        """Delete up to `BATCH` expired holds that nobody else is at; the ids of their slots, by start.

        For tidiness and for waitlists: an expired hold blocks nobody even when this never runs.
        """
        held = AllocationRow
        expired = and_(held.booking_id.is_(None), held.hold_expires_at <= now)
        oldest = select(held.id).where(expired).order_by(held.hold_expires_at).limit(BATCH)
        some = self.session.scalars(oldest).all()
        found = self._lock(and_(expired, held.id.in_(some)), skip_locked=True)
        self._delete_locked(found)
        after_commit(self.session, lambda: metrics.hold_settled("expired", len(found)))
        return sorted({slot_id_of(product_id=row.product_id, starts_at=row.starts_at) for row in found})

    def _limit(self, *, user_id: str, slot_id: str, now: datetime) -> None:
        # One at a time for a user: those who ask for many slots at once are counted right.
        self.session.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(f"holds:{user_id}", 0))))
        others = [hold for hold in self.holds_of(user_id=user_id, now=now) if hold.slot_id != slot_id]
        if len(others) >= self.per_user:
            raise TooManyHoldsError(
                f"You hold {len(others)} slots, and no more than {self.per_user} can be held at once. "
                "Book one of them, or give one back with DELETE /api/holds/{id}."
            )

    def _offer(self, *, slot_id: str, seats: int, now: datetime, **mine: Any) -> Offer:
        offer = self.availability.offer(slot_id=slot_id, now=now, **mine)
        most = offer.slot.product.max_party
        if not 1 <= seats <= most:
            raise InvalidError(
                f"This takes a party of 1 to {most}, not {seats}.",
                errors={"party": [f"Must be between 1 and {most}."]},
            )
        if seats > offer.slot.seats_left:
            raise _taken_error(offer.slot)
        return offer

    def _take(self, offer: Offer, *, seats: int, user_id: str, now: datetime, **purpose: Any) -> str:
        """Replace the user's hold on the slot by an allocation for `purpose` (a hold or a booking)."""
        try:
            return self._replace(offer, seats=seats, user_id=user_id, now=now, **purpose)
        except _HeldMeanwhileError:
            # The user asked twice at once. The other hold is committed by now, and can be replaced.
            return self._replace(offer, seats=seats, user_id=user_id, now=now, **purpose)

    def _replace(self, offer: Offer, *, seats: int, user_id: str, now: datetime, **purpose: Any) -> str:
        hold_id = ids.new_id(ids.HOLD)
        with self._taking(offer.slot):
            if not offer.exclusive:
                key = (offer.slot.product.id, offer.slot.starts_at)
                lock_counters(self.session, keys={key}, wanted=_counter(offer))
            self._clear(offer, user_id=user_id, now=now)
            self.session.execute(
                insert(AllocationRow).values(
                    id=hold_id, user_id=user_id, seats=seats, **_values(offer), **purpose
                )
            )
        return hold_id

    def _clear(self, offer: Offer, *, user_id: str, now: datetime) -> None:
        """Delete the user's own hold on the slot, and expired holds of others that are where it is."""
        slot, held = offer.slot, AllocationRow
        same_slot = and_(held.product_id == slot.product.id, held.starts_at == slot.starts_at)
        in_the_way = and_(
            held.provider_id == slot.provider.id,
            held.busy.op("&&")(_range(offer)),
            held.hold_expires_at <= now,
            # Shared slots do not stand in each other's way; leaving theirs alone keeps to one counter.
            or_(literal(offer.exclusive), held.exclusive, same_slot),
        )
        mine = and_(same_slot, held.user_id == user_id)
        self._delete_locked(self._rows(and_(held.booking_id.is_(None), or_(mine, in_the_way))))

    def _delete(self, which: ColumnElement[bool]) -> int:
        """Delete allocations; how many there were."""
        found = self._lock(which)
        self._delete_locked(found)
        return len(found)

    def _lock(self, which: ColumnElement[bool], *, skip_locked: bool = False) -> list[_Allocation]:
        """Lock the counters of these allocations, then those of them that are still there."""
        held = AllocationRow
        shared = select(held.product_id, held.starts_at).where(which, ~held.exclusive).distinct()
        keys = {(product_id, starts_at) for product_id, starts_at in self.session.execute(shared)}
        if keys:
            lock_counters(self.session, keys=keys)
        return self._rows(which, skip_locked=skip_locked)

    def _rows(self, which: ColumnElement[bool], *, skip_locked: bool = False) -> list[_Allocation]:
        held = AllocationRow
        query = select(held.id, held.product_id, held.starts_at).where(which).order_by(held.id)
        rows = self.session.execute(query.with_for_update(skip_locked=skip_locked))
        return [_Allocation(*row) for row in rows]

    def _delete_locked(self, rows: Collection[_Allocation]) -> None:
        if rows:
            self.session.execute(
                delete(AllocationRow)
                .where(AllocationRow.id.in_([row.id for row in rows]))
                .execution_options(synchronize_session=False)
            )

    def _booked(self, booking_id: str, *, lock: bool = False) -> "_Booked":
        booked = AllocationRow
        query = select(booked.provider_id, booked.product_id, booked.starts_at, booked.user_id).where(
            booked.booking_id == booking_id
        )
        row = self.session.execute(query.with_for_update() if lock else query).one_or_none()
        if row is None:
            raise NotFoundError(f"The booking {booking_id} has no seats.")
        return _Booked(*row)

    @contextmanager
    def _taking(self, slot: Slot) -> Iterator[None]:
        """Turn the database's refusal into SlotTakenError and undo what the block did, nothing else."""
        try:
            with self.session.begin_nested():
                yield
        except IntegrityError as error:
            constraint = violated(error)
            if constraint == "uq_allocations_hold":
                raise _HeldMeanwhileError("You asked for this slot twice at once; try again.") from error
            if constraint not in TAKEN:
                raise
            raise _taken_error(slot) from error


class _HeldMeanwhileError(SlotTakenError):
    """A hold of the same user on the same slot came first."""


class _Booked(NamedTuple):
    """What a booking has, and whose it is."""

    provider_id: str
    product_id: str
    starts_at: datetime
    user_id: str


def _values(offer: Offer) -> dict[str, Any]:
    return {
        "provider_id": offer.slot.provider.id,
        "product_id": offer.slot.product.id,
        "starts_at": offer.slot.starts_at,
        "ends_at": offer.slot.ends_at,
        "busy": _range(offer),
        "exclusive": offer.exclusive,
        "capacity": offer.capacity,
    }


def _counter(offer: Offer) -> tuple[str, datetime, int] | None:
    """The counter of the seats of a shared slot: product, start and capacity."""
    if offer.capacity is None:
        return None
    return offer.slot.product.id, offer.slot.starts_at, offer.capacity


def _range(offer: Offer) -> Range[datetime]:
    return Range(offer.busy.start, offer.busy.end)


def _taken_error(slot: Slot) -> SlotTakenError:
    # At once: what raises this is rolled back.
    metrics.hold_settled("refused")
    return SlotTakenError(
        "This slot has been taken in the meantime, or has too few seats left. "
        "GET /api/bookings lists the slots that are free.",
        extra={"slot_id": slot.id, "seats_left": slot.seats_left},
    )
