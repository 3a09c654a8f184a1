"""What happens to a booking after it was made: approval, cancellation, completion."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, Final

from backend.domains.availability.holds import HoldService
from backend.domains.bookings import queries
from backend.domains.bookings.access import Actor, BookingAccess
from backend.domains.bookings.journal import BookingJournal
from backend.domains.bookings.models import Booking
from backend.domains.bookings.service import require_before_start, require_version
from backend.domains.bookings.states import Action, after
from backend.domains.catalog.service import CatalogService
from backend.domains.payments.service import Payments
from backend.domains.pricing.cancellation import CancellationPolicy, Refund
from backend.domains.waitlist.service import WaitlistService
from backend.infra.postgres import DbSession
from backend.kernel.errors import ConflictError
from backend.kernel.time import Period

APPROVE: Final = Action.APPROVE.value
DECLINE: Final = Action.DECLINE.value
# How long after its end a booking may still be marked as a no-show before it counts as completed.
NO_SHOW_WINDOW: Final = timedelta(hours=1)


class NotBegunError(ConflictError):
    """Nobody can have failed to come, or have been served, before the start."""


@dataclass(frozen=True, slots=True)
class Cancellation:
    """A cancelled booking and what the rules gave back for it."""

    booking: Booking
    refund: Refund


@dataclass(frozen=True)
class BookingLifecycle:
    """Leads bookings from state to state. Every verb locks the booking first."""

    session: DbSession
    access: BookingAccess
    journal: BookingJournal
    catalog: CatalogService
    policy: CancellationPolicy
    holds: HoldService
    waitlist: WaitlistService
    payments: Payments

    def cancel(self, *, booking_id: str, actor: Actor, version: int | None, now: datetime) -> Cancellation:
        """Cancel before the start; the rules say what goes back, and the waitlist is offered the seats.

        Raises UnknownBookingError, StaleError, TransitionError once it is settled, BegunError.
        """
        booking = self.access.changeable(booking_id=booking_id, actor=actor)
        require_version(booking, version)
        after(booking.state, Action.CANCEL)
        require_before_start(booking, now)
        by_provider = booking.user_id != actor.user_id and self.access.is_provider(booking, actor)
        refund = self._refund(booking, cancelled_by="provider" if by_provider else "customer", now=now)
        self.payments.give_back(part=booking.id, amount=refund.amount, reason=refund.about, now=now)
        self._end(booking, Action.CANCEL, refund=refund, actor_id=actor.user_id, now=now)
        return Cancellation(booking, refund)

    def approve(self, *, booking_id: str, actor: Actor, now: datetime) -> Booking:
        """The provider takes a booking that waited for approval."""
        booking = self.access.served(booking_id=booking_id, actor=actor)
        after(booking.state, Action.APPROVE)
        require_before_start(booking, now)
        booking.paid_minor = self.payments.sure(part=booking.id, currency=booking.currency).minor
        self.payments.answer(part=booking.id, is_taken=True, now=now)
        self.journal.apply(booking, Action.APPROVE, actor_id=actor.user_id, now=now)
        return booking

    def decline(self, *, booking_id: str, actor: Actor, reason: str, now: datetime) -> Booking:
        """The provider does not take it: it is cancelled, all that was paid goes back, the seats are free."""
        booking = self.access.served(booking_id=booking_id, actor=actor)
        after(booking.state, Action.DECLINE)
        refund = _all_of(booking, about=reason or "The provider declined.")
        self.payments.answer(part=booking.id, is_taken=False, now=now)
        self._end(booking, Action.DECLINE, refund=refund, actor_id=actor.user_id, now=now)
        return booking

    def respond(self, *, booking_id: str, decision: str, reason: str, actor: Actor, now: datetime) -> Booking:
        """Approve or decline, as the `decision` says."""
        if decision == APPROVE:
            return self.approve(booking_id=booking_id, actor=actor, now=now)
        return self.decline(booking_id=booking_id, actor=actor, reason=reason, now=now)

    def complete(self, *, booking_id: str, actor: Actor, now: datetime) -> Booking:
        """The customer was served. NotBegunError before the start."""
        return self._settle(booking_id, Action.COMPLETE, actor=actor, now=now)

    def no_show(self, *, booking_id: str, actor: Actor, now: datetime) -> Booking:
        """The customer did not come. NotBegunError before the start."""
        return self._settle(booking_id, Action.NO_SHOW, actor=actor, now=now)

    def complete_ended(self, *, now: datetime) -> int:
        """Complete bookings that ended a while ago; how many there were (job)."""
        ended = queries.ended(self.session, before=now - NO_SHOW_WINDOW)
        for booking in ended:
            self.journal.apply(booking, Action.COMPLETE, actor_id=None, now=now)
        return len(ended)

    def lapse_unanswered(self, *, now: datetime) -> int:
        """Cancel bookings that nobody approved or paid for before their time; how many (job)."""
        unanswered = queries.unanswered(self.session, now=now)
        for booking in unanswered:
            refund = _all_of(booking, about="It was not confirmed before its time.")
            self.payments.answer(part=booking.id, is_taken=False, now=now)
            booking.refund_minor = refund.amount.minor
            self.journal.apply(booking, Action.LAPSE, actor_id=None, now=now)
            self.holds.free(booking_id=booking.id)
        return len(unanswered)

    def history(self, *, booking_id: str, actor: Actor) -> Sequence[Any]:
        """What happened to a booking, oldest first."""
        booking = self.access.readable(booking_id=booking_id, actor=actor)
        return queries.history(self.session, booking_id=booking.id)

    def _settle(self, booking_id: str, action: Action, *, actor: Actor, now: datetime) -> Booking:
        booking = self.access.served(booking_id=booking_id, actor=actor)
        after(booking.state, action)
        if now < booking.starts_at:
            raise NotBegunError("The booking has not begun yet.")
        self.journal.apply(booking, action, actor_id=actor.user_id, now=now)
        return booking

    def _end(self, booking: Booking, action: Action, *, refund: Refund, actor_id: str, now: datetime) -> None:
        booking.refund_minor = refund.amount.minor
        self.journal.apply(booking, action, actor_id=actor_id, now=now, data=_refunded(refund))
        self.holds.free(booking_id=booking.id)
        freed = Period(booking.starts_at, booking.ends_at)
        self.waitlist.offer_freed(provider_id=booking.provider_id, around=freed, now=now)

    def _refund(self, booking: Booking, *, cancelled_by: str, now: datetime) -> Refund:
        product = self.catalog.product(product_id=booking.product_id)
        return self.policy.refund(
            kind=product.kind,
            category=product.category,
            provider_id=booking.provider_id,
            product_id=booking.product_id,
            timezone=booking.timezone,
            starts_at=booking.starts_at,
            paid=booking.paid,
            cancelled_by=cancelled_by,
            now=now,
        )


def _all_of(booking: Booking, *, about: str) -> Refund:
    return Refund(Decimal(100), booking.paid, None, about)


def _refunded(refund: Refund) -> dict[str, Any]:
    rule = refund.rule
    return {
        "percent": str(refund.percent),
        "about": refund.about,
        "refund": {"amount": refund.amount.minor, "currency": refund.amount.currency},
        "rule": None if rule is None else {"decision": rule.decision, "id": rule.id},
    }
