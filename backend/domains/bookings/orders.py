"""Bookings that are part of an order: made together at the checkout, and cancelled with it."""

from collections.abc import Collection, Mapping, Sequence
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
from backend.domains.bookings.paying import PaidBookings
from backend.domains.bookings.service import first_step
from backend.domains.bookings.states import Status, after
from backend.domains.waitlist.service import WaitlistService
from backend.infra.postgres import DbSession
from backend.kernel import ids
from backend.kernel.money import Money

ORDER: Final = "order_id"


@dataclass(frozen=True, slots=True)
class Sale:
    """A slot for a party, at the price that the order gives it; with `asks`, its provider has to approve."""

    slot_id: str
    party: int
    total: Money
    asks: bool = False


@dataclass(frozen=True)
class OrderBookings:
    """Books and cancels the slots of an order, all of them or none."""

    session: DbSession
    journal: BookingJournal
    lifecycle: BookingLifecycle
    availability: AvailabilityService
    holds: HoldService
    waitlist: WaitlistService
    paid_bookings: PaidBookings

    def book(
        self,
        *,
        user_id: str,
        order_id: str,
        sales: Sequence[Sale],
        contact: Mapping[str, Any],
        payment_method: str,
        now: datetime,
    ) -> list[str]:
        """Book every slot for the user; their ids in the order of `sales`. Those paid by card wait for it.

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
            booking.payment_method = payment_method
            booking.status = after(Status.HELD, first_step(payment_method, asks=sale.asks))
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

    def lock(self, *, order_id: str) -> list[Booking]:
        """Lock the bookings of an order, after the waitlists of their providers."""
        found = queries.of_order(self.session, order_id=order_id)
        self.paid_bookings.lock(provider_ids={booking.provider_id for booking in found})
        return queries.locked_of_order(self.session, order_id=order_id)

    def states(self, *, order_id: str) -> dict[str, Status]:
        """Where each booking of an order is."""
        return {one.id: one.state for one in queries.of_order(self.session, order_id=order_id)}

    def accept(
        self, *, order_id: str, paid: Mapping[str, Money], asked: Collection[str], now: datetime
    ) -> list[str]:
        """As `PaidBookings.accept`."""
        bookings = self.lock(order_id=order_id)
        return self.paid_bookings.accept(bookings, paid=paid, asked=asked, now=now)

    def add_paid(self, *, order_id: str, paid: Mapping[str, Money]) -> None:
        """As `PaidBookings.add`."""
        self.paid_bookings.add(self.lock(order_id=order_id), paid=paid)

    def release(self, *, order_id: str, now: datetime) -> None:
        """As `PaidBookings.release`."""
        self.paid_bookings.release(self.lock(order_id=order_id), now=now)

    def cancel_unpaid(self, *, order_id: str, parts: Collection[str], now: datetime) -> None:
        """As `PaidBookings.cancel_unpaid`."""
        self.paid_bookings.cancel_unpaid(self.lock(order_id=order_id), parts=parts, now=now)

    def cancel(self, *, order_id: str, actor: Actor, now: datetime) -> None:
        """Cancel those bookings of the order that are not cancelled yet; what the rules give back is on each.

        BegunError or TransitionError when one of them has begun or is over: then none is cancelled.
        """
        # Those that a provider was asked for last: with the last answer what is left is taken.
        bookings = sorted(self.lock(order_id=order_id), key=lambda one: one.state is Status.PENDING_APPROVAL)
        for booking in bookings:
            if booking.state is not Status.CANCELLED:
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
        contact=dict(contact),
        version=1,
        created_at=now,
        changed_at=now,
    )
