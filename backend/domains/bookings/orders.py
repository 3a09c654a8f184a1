"""Bookings that are part of an order: made together at the checkout, and cancelled with it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from backend.domains.availability.entities import Slot
from backend.domains.availability.holds import HoldService
from backend.domains.availability.service import AvailabilityService
from backend.domains.bookings import queries
from backend.domains.bookings.access import Actor
from backend.domains.bookings.journal import BookingJournal
from backend.domains.bookings.lifecycle import BookingLifecycle
from backend.domains.bookings.models import Booking
from backend.domains.bookings.service import ON_SITE
from backend.domains.bookings.states import Action, Status, after
from backend.domains.waitlist.service import WaitlistService
from backend.infra.postgres import DbSession
from backend.kernel import ids
from backend.kernel.money import Money

ORDER: Final = "order_id"


@dataclass(frozen=True, slots=True)
class Sale:
    """A slot for a party, at the price that the order gives it."""

    slot_id: str
    party: int
    total: Money


@dataclass(frozen=True)
class OrderBookings:
    """Books and cancels the slots of an order, all of them or none."""

    session: DbSession
    journal: BookingJournal
    lifecycle: BookingLifecycle
    availability: AvailabilityService
    holds: HoldService
    waitlist: WaitlistService

    def book(
        self,
        *,
        user_id: str,
        order_id: str,
        sales: Sequence[Sale],
        contact: Mapping[str, Any],
        now: datetime,
    ) -> list[str]:
        """Book every slot for the user, who pays at the provider's; their ids in the order of `sales`.

        The order must be stored. Locks seats as one booking does, those of all slots in one order; the
        caller takes stock and coupons only afterwards, and rolls back on an error. SlotTakenError,
        SlotGoneError, NotFoundError; InvalidError for a party that a product does not take.
        """
        slots = {
            sale.slot_id: self.availability.slot(slot_id=sale.slot_id, now=now, user_id=user_id)
            for sale in sales
        }
        for slot_id in sorted(slots):
            self.waitlist.lock_entry(user_id=user_id, slot_id=slot_id)
        self.holds.lock(provider_ids={slot.provider.id for slot in slots.values()})
        made = {}
        for sale in sorted(sales, key=lambda one: _counter(slots[one.slot_id])):
            booking = _booking(user_id, order_id, slots[sale.slot_id], sale, contact, now)
            self.holds.claim(
                slot=slots[sale.slot_id], seats=sale.party, booking_id=booking.id, user_id=user_id, now=now
            )
            self.session.add(booking)
            self.session.flush()
            self.waitlist.fulfil(user_id=user_id, slot_id=sale.slot_id)
            told = {"slot_id": sale.slot_id, "party": sale.party, ORDER: order_id, "total": _told(sale.total)}
            self.journal.made(booking, actor_id=user_id, now=now, data=told)
            made[sale.slot_id] = booking.id
        return [made[sale.slot_id] for sale in sales]

    def cancel(self, *, order_id: str, actor: Actor, now: datetime) -> None:
        """Cancel those bookings of the order that are not cancelled yet; what the rules give back is on each.

        BegunError or TransitionError when one of them has begun or is over: then none is cancelled.
        """
        found = queries.of_order(self.session, order_id=order_id)
        for provider_id in sorted({booking.provider_id for booking in found}):
            self.waitlist.lock(provider_id=provider_id)
        for booking in found:
            if queries.locked(self.session, booking).state is not Status.CANCELLED:
                self.lifecycle.cancel(booking_id=booking.id, actor=actor, version=None, now=now)


def _counter(slot: Slot) -> tuple[str, datetime]:
    """What counters of seats are ordered by."""
    return slot.product.id, slot.starts_at


def _told(money: Money) -> dict[str, Any]:
    return {"amount": money.minor, "currency": money.currency}


def _booking(
    user_id: str, order_id: str, slot: Slot, sale: Sale, contact: Mapping[str, Any], now: datetime
) -> Booking:
    return Booking(
        id=ids.new_id(ids.BOOKING),
        user_id=user_id,
        status=after(Status.HELD, Action.CONFIRM),
        order_id=order_id,
        provider_id=slot.provider.id,
        product_id=slot.product.id,
        slot_id=slot.id,
        starts_at=slot.starts_at,
        ends_at=slot.ends_at,
        timezone=slot.provider.timezone,
        title=slot.product.name,
        party=sale.party,
        total_minor=sale.total.minor,
        currency=sale.total.currency,
        paid_minor=0,
        payment_method=ON_SITE,
        contact=dict(contact),
        version=1,
        created_at=now,
        changed_at=now,
    )
