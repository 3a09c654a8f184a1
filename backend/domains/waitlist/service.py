"""The waitlist of full slots: seats that come back are offered for a while, first come first."""

from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy.exc import IntegrityError

from backend.domains.availability.entities import Slot
from backend.domains.availability.holds import HoldService, SlotTakenError
from backend.domains.availability.service import AvailabilityService
from backend.domains.waitlist import queries
from backend.domains.waitlist.models import WaitlistEntry
from backend.domains.waitlist.waiting import OPEN, EntryStatus, served
from backend.infra.event_buffer import Events
from backend.infra.jobs import JobQueue
from backend.infra.postgres import DbSession, violated
from backend.kernel import ids
from backend.kernel.errors import ConflictError, InvalidError, NotFoundError
from backend.kernel.time import Period

OFFER_JOB: Final = "waitlist.offer"


class SeatsFreeError(ConflictError):
    """There is nothing to wait for."""


class AlreadyWaitingError(ConflictError):
    """The user waits for this slot, or is offered it."""


class UnknownEntryError(NotFoundError):
    """No such entry among the caller's."""


@dataclass(frozen=True)
class WaitlistService:
    """Lets users wait, and turns free seats into offers. `offered_for` is how long an offer stands."""

    session: DbSession
    availability: AvailabilityService
    holds: HoldService
    jobs: JobQueue
    offered_for: timedelta
    events: Events

    def join(self, *, user_id: str, slot_id: str, party: int, now: datetime) -> WaitlistEntry:
        """Wait for `party` seats of a slot that has not as many.

        Raises SeatsFreeError, AlreadyWaitingError, InvalidError for a party that the slot never takes,
        and what `AvailabilityService.slot` raises for a slot that is not offered.
        """
        slot = self.availability.slot(slot_id=slot_id, now=now)
        if party > slot.seats_total:
            raise InvalidError(
                f"This slot takes at most {slot.seats_total} persons, also when it is empty.",
                errors={"party": [f"At most {slot.seats_total}."]},
            )
        if party <= slot.seats_left:
            raise SeatsFreeError("This slot has seats for you now; book it instead of waiting.")
        entry = _new_entry(user_id, slot, party, now)
        self.session.add(entry)
        try:
            self.session.flush()
        except IntegrityError as error:
            if violated(error) != "uq_waitlist_open":
                raise
            raise AlreadyWaitingError("You are on the waitlist of this slot.") from error
        return entry

    def entries_of(self, *, user_id: str, older_than: str | None, limit: int) -> Sequence[WaitlistEntry]:
        """The newest `limit` entries of a user, newest first."""
        return queries.entries_of(self.session, user_id=user_id, older_than=older_than, limit=limit)

    def leave(self, *, entry_id: str, user_id: str, now: datetime) -> None:
        """Stop waiting; seats that were offered go to the next. UnknownEntryError."""
        entry = self.session.get(WaitlistEntry, entry_id)
        if entry is None or entry.user_id != user_id:
            raise UnknownEntryError("There is no such entry among yours.")
        self.session.refresh(entry, with_for_update=True)
        self.lock(provider_id=entry.provider_id)
        if entry.status not in OPEN:
            return
        offered = entry.hold_id
        entry.settle(EntryStatus.LEFT)
        if offered is not None:
            self._give_back(offered, user_id=user_id)
            freed = Period(entry.starts_at, entry.ends_at)
            self.offer_freed(provider_id=entry.provider_id, around=freed, now=now)

    def lock(self, *, provider_id: str) -> None:
        """Lock what giving back and offering seats of this provider locks, in the one order of locks.

        See `queries.lock_provider`; what taking seats locks comes next, before anything is given back.
        """
        queries.lock_provider(self.session, provider_id)
        self.holds.lock(provider_ids=[provider_id])

    def lock_entry(self, *, user_id: str, slot_id: str) -> None:
        """Lock the entry that `fulfil` will settle, if there is one; before seats are taken."""
        queries.open_entry(self.session, user_id=user_id, slot_id=slot_id)

    def fulfil(self, *, user_id: str, slot_id: str) -> None:
        """The user has booked the slot: an entry that waits for it, or was offered it, is done.

        An entry that somebody else is at is left alone: its offer ends by itself.
        """
        entry = queries.open_entry(self.session, user_id=user_id, slot_id=slot_id, skip_locked=True)
        if entry is not None:
            entry.settle(EntryStatus.FULFILLED)
            self.session.flush()

    def offer_freed(self, *, provider_id: str, around: Period | None = None, now: datetime) -> None:
        """Offer what is free to those who wait; `around` is the time that came free (None: any).

        The provider's lock must be held (see `lock`).
        """
        self._expire(provider_id=provider_id, now=now)
        self._offer(provider_id=provider_id, around=around, now=now)

    def awaited_providers(self) -> Sequence[str]:
        """Providers for whose slots somebody waits."""
        return queries.awaited_providers(self.session)

    def turn(self, *, provider_id: str, now: datetime) -> None:
        """End the offers of a provider that nobody took, and offer all that is free (job)."""
        self.lock(provider_id=provider_id)
        self.offer_freed(provider_id=provider_id, now=now)

    def _give_back(self, hold_id: str, *, user_id: str) -> None:
        # The user may have given the hold back, or replaced it by a new one of the same slot.
        with suppress(NotFoundError):
            self.holds.release(hold_id=hold_id, user_id=user_id)

    def _expire(self, *, provider_id: str, now: datetime) -> None:
        for entry in queries.overdue(self.session, provider_id=provider_id, now=now):
            entry.settle(EntryStatus.EXPIRED)
        self.session.flush()

    def _offer(self, *, provider_id: str, around: Period | None, now: datetime) -> None:
        waiting = queries.waiting_for(self.session, provider_id=provider_id, around=around, now=now)
        for slot_id, queue in _by_slot(waiting).items():
            slot = self._open_slot(slot_id, now)
            if slot is not None:
                for entry in served(queue, seats_left=slot.seats_left):
                    self._hold(entry, now)

    def _open_slot(self, slot_id: str, now: datetime) -> Slot | None:
        """The slot, or None while its provider does not offer it: those who wait keep waiting."""
        try:
            return self.availability.slot(slot_id=slot_id, now=now)
        except (NotFoundError, ConflictError):
            return None

    def _hold(self, entry: WaitlistEntry, now: datetime) -> None:
        """Hold seats in the entry's name, unless an offer made a moment ago took the same time."""
        try:
            with self.session.begin_nested():
                hold = self.holds.hold(
                    user_id=entry.user_id,
                    slot_id=entry.slot_id,
                    seats=entry.party,
                    now=now,
                    kept_for=self.offered_for,
                )
        except SlotTakenError:
            return
        entry.offer(hold_id=hold.id, expires_at=hold.expires_at)
        self.session.flush()
        self.jobs.enqueue(OFFER_JOB, at=hold.expires_at, provider_id=entry.provider_id)
        told = {"entry_id": entry.id, "slot_id": entry.slot_id, "party": entry.party}
        self.events.record(name="waitlist.offered", user_id=entry.user_id, data=told)


def _new_entry(user_id: str, slot: Slot, party: int, now: datetime) -> WaitlistEntry:
    return WaitlistEntry(
        id=ids.new_id(ids.WAITLIST),
        user_id=user_id,
        provider_id=slot.provider.id,
        product_id=slot.product.id,
        slot_id=slot.id,
        starts_at=slot.starts_at,
        ends_at=slot.ends_at,
        party=party,
        status=EntryStatus.WAITING,
        created_at=now,
    )


def _by_slot(entries: Iterable[WaitlistEntry]) -> dict[str, list[WaitlistEntry]]:
    queues: dict[str, list[WaitlistEntry]] = {}
    for entry in entries:
        queues.setdefault(entry.slot_id, []).append(entry)
    return queues
