"""Which slots can be booked. Slots are worked out from schedules and allocations, and stored nowhere."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final

from backend.domains.availability.entities import Slot
from backend.domains.availability.queries import Own, is_held, read_schedules, read_taken, window_of
from backend.domains.availability.schedule import (
    DAY,
    MINUTE,
    Schedule,
    local_day,
    local_wall,
    offered_starts,
)
from backend.domains.availability.slot_ids import parse_slot_id, slot_id
from backend.domains.availability.taken import Taken
from backend.domains.catalog.entities import Provider, SlotProduct
from backend.domains.catalog.service import CatalogService
from backend.infra.postgres import DbSession
from backend.kernel.errors import ConflictError, NotFoundError
from backend.kernel.time import Period, zone

# The longest product, the longest buffers: nothing farther away than this can touch a slot.
REACH: Final = timedelta(days=10)
# The longest horizon, and a day for zones that are ahead of UTC.
FARTHEST: Final = timedelta(days=732)


class SlotGoneError(ConflictError):
    """The schedule does not offer the slot, or does not any more."""


@dataclass(frozen=True, slots=True)
class Offer:
    """A slot with what taking it takes: the time that is busy, alone or shared by so many seats."""

    slot: Slot
    busy: Period
    exclusive: bool

    @property
    def capacity(self) -> int | None:
        """Seats that may be taken in all of a shared slot; None where time is taken exclusively."""
        return None if self.exclusive else self.slot.seats_total


@dataclass(frozen=True)
class AvailabilityService:
    """Reads slots. Taking them is `HoldService`'s."""

    session: DbSession
    catalog: CatalogService

    def slots(
        self, *, provider_ids: Collection[str], first: date, last: date, party: int, now: datetime
    ) -> list[Slot]:
        """The slots with room for `party` on the days [first, last) of each provider's zone, by start.

        Every active product of kind slot of the active ones among `provider_ids`. One query per
        table, whatever the number of providers and days. NotFoundError names unknown providers.
        """
        providers = self._providers(provider_ids)
        products = [p for p in self.catalog.products_of(provider_ids=providers) if p.max_party >= party]
        today = now.date()
        first, last = max(first, today - DAY), min(last, today + FARTHEST)
        if not products or first >= last:
            return []
        schedules = read_schedules(self.session, provider_ids=providers, first=first - DAY, last=last + REACH)
        window = window_of(first=first, last=last, reach=REACH)
        taken = read_taken(self.session, provider_ids=providers, window=window, now=now)
        found = [
            offer.slot
            for product in products
            if (schedule := schedules.get(product.provider_id)) is not None
            for offer in _offers(
                product,
                providers[product.provider_id],
                schedule,
                taken.get(product.provider_id, Taken()),
                days=(first, last),
                now=now,
            )
        ]
        return sorted(
            (slot for slot in found if slot.seats_left >= party), key=lambda slot: (slot.starts_at, slot.id)
        )

    def slot(self, *, slot_id: str, now: datetime, user_id: str | None = None) -> Slot:
        """One slot; `seats_left` may be 0. What `user_id` holds of it counts as free for them.

        NotFoundError for an id that names no slot; SlotGoneError when the schedule does not offer it:
        closed, past, too soon or too far ahead (unless the user holds it).
        """
        return self.offer(slot_id=slot_id, now=now, user_id=user_id).slot

    def offer(
        self, *, slot_id: str, now: datetime, user_id: str | None = None, booking_id: str | None = None
    ) -> Offer:
        """As `slot`, with what taking it takes; what `booking_id` has counts as free, too."""
        product, provider, starts_at = self.parts(slot_id=slot_id)
        day = local_day(starts_at, zone(provider.timezone))
        schedule = read_schedules(
            self.session, provider_ids=[provider.id], first=day - DAY, last=day + REACH
        ).get(provider.id, Schedule())
        own = Own(user_id, product.id, starts_at, booking_id)
        if not _is_offered(product, provider, schedule, starts_at, now) and not is_held(
            self.session, own, now=now
        ):
            raise SlotGoneError(
                "This slot is not offered (any more). GET /api/bookings lists the slots that are.",
                extra={"slot_id": slot_id},
            )
        taken = read_taken(
            self.session,
            provider_ids=[provider.id],
            window=window_of(first=day, last=day + DAY, reach=REACH),
            now=now,
            but_not=own,
        )
        return _offer(product, provider, schedule, taken.get(provider.id, Taken()), starts_at)

    def _providers(self, provider_ids: Collection[str]) -> dict[str, Provider]:
        found = self.catalog.providers(provider_ids=provider_ids)
        unknown = sorted(set(provider_ids) - set(found))
        if unknown:
            raise NotFoundError(f"There is no provider {', '.join(unknown)}.")
        return {id_: provider for id_, provider in found.items() if provider.is_active}

    def parts(self, *, slot_id: str) -> tuple[SlotProduct, Provider, datetime]:
        """What a slot's id names: which product of whom, and when. NotFoundError when it names none."""
        parsed = parse_slot_id(slot_id)
        found = self.catalog.product_and_provider(product_id=parsed[0]) if parsed else None
        if parsed is None or found is None:
            raise NotFoundError(f"There is no slot {slot_id}.", extra={"slot_id": slot_id})
        return *found, parsed[1]


def _is_offered(
    product: SlotProduct, provider: Provider, schedule: Schedule, starts_at: datetime, now: datetime
) -> bool:
    if not (product.is_active and provider.is_active):
        return False
    day = local_day(starts_at, zone(provider.timezone))
    return starts_at in _starts(product, provider, schedule, days=(day, day + DAY), now=now)


def _starts(
    product: SlotProduct, provider: Provider, schedule: Schedule, *, days: tuple[date, date], now: datetime
) -> list[datetime]:
    return offered_starts(
        schedule,
        zone(provider.timezone),
        duration=product.duration_minutes * MINUTE,
        step=product.step_minutes * MINUTE,
        first=days[0],
        last=days[1],
        now=now,
    )


def _offers(
    product: SlotProduct,
    provider: Provider,
    schedule: Schedule,
    taken: Taken,
    *,
    days: tuple[date, date],
    now: datetime,
) -> Iterator[Offer]:
    for starts_at in _starts(product, provider, schedule, days=days, now=now):
        yield _offer(product, provider, schedule, taken, starts_at)


def _offer(
    product: SlotProduct, provider: Provider, schedule: Schedule, taken: Taken, starts_at: datetime
) -> Offer:
    period = Period(starts_at, starts_at + product.duration_minutes * MINUTE)
    total = product.max_party
    if not schedule.exclusive:
        total = schedule.capacity(local_wall(starts_at, zone(provider.timezone)))
    slot = Slot(
        id=slot_id(product_id=product.id, starts_at=starts_at),
        product=product,
        provider=provider,
        starts_at=starts_at,
        ends_at=period.end,
        seats_total=total,
        seats_left=taken.seats_left(schedule, product_id=product.id, slot=period, seats_total=total),
    )
    return Offer(slot, schedule.busy(period), schedule.exclusive)
