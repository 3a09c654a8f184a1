"""Bookings whose money comes through us: what they wait for, and what becomes of them when it is sure."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from backend.domains.availability.holds import HoldService
from backend.domains.bookings import queries
from backend.domains.bookings.access import Actor
from backend.domains.bookings.journal import BookingJournal
from backend.domains.bookings.lifecycle import BookingLifecycle
from backend.domains.bookings.models import Booking
from backend.domains.bookings.states import OCCUPYING, Action, Status
from backend.domains.payments.service import Payments
from backend.domains.waitlist.service import WaitlistService
from backend.infra.postgres import DbSession
from backend.kernel.money import Money
from backend.kernel.time import Period


@dataclass(frozen=True)
class PaidBookings:
    """What a payment does to bookings that are locked."""

    session: DbSession
    journal: BookingJournal
    lifecycle: BookingLifecycle
    payments: Payments
    holds: HoldService
    waitlist: WaitlistService

    def lock(self, *, provider_ids: Collection[str]) -> None:
        """Lock the waitlists of providers, before their bookings."""
        for provider_id in sorted(provider_ids):
            self.waitlist.lock(provider_id=provider_id)

    def accept(
        self, bookings: Sequence[Booking], *, paid: Mapping[str, Money], asked: Collection[str], now: datetime
    ) -> list[str]:
        """Their money is sure: they are confirmed, or their provider is asked. Which are off already."""
        lost = []
        for booking in bookings:
            if booking.state is not Status.PENDING_PAYMENT:
                if booking.id in paid:
                    lost.append(booking.id)
                continue
            if booking.id in asked:
                booking.answer_by = self.payments.answer_by(part=booking.id)
                self.journal.apply(booking, Action.ASK_APPROVAL, actor_id=booking.user_id, now=now)
            else:
                booking.paid_minor = _minor(paid, booking)
                self.journal.apply(booking, Action.CONFIRM, actor_id=booking.user_id, now=now)
        return lost

    def add(self, bookings: Sequence[Booking], *, paid: Mapping[str, Money]) -> None:
        """A balance of theirs was paid."""
        for booking in bookings:
            booking.paid_minor += _minor(paid, booking)
        self.session.flush()

    def release(self, bookings: Sequence[Booking], *, now: datetime) -> None:
        """They will not be paid: their seats are free, and whoever waits is offered them."""
        for booking in bookings:
            if booking.state not in OCCUPYING:
                continue
            # What was confirmed counted on money that was only authorised.
            action = Action.CANCEL if booking.state is Status.CONFIRMED else Action.LAPSE
            booking.paid_minor = booking.refund_minor = 0
            self.journal.apply(booking, action, actor_id=None, now=now)
            self.holds.free(booking_id=booking.id)
            freed = Period(booking.starts_at, booking.ends_at)
            self.waitlist.offer_freed(provider_id=booking.provider_id, around=freed, now=now)

    def cancel_unpaid(self, bookings: Sequence[Booking], *, parts: Collection[str], now: datetime) -> None:
        """Their balance could not be had: they are cancelled as if by their customers, as the rules say."""
        for booking in bookings:
            if booking.id in parts and booking.state in OCCUPYING and booking.starts_at > now:
                customer = Actor(booking.user_id)
                self.lifecycle.cancel(booking_id=booking.id, actor=customer, version=None, now=now)


@dataclass(frozen=True)
class BookingPayable:
    """A booking by itself, as something that is paid for."""

    session: DbSession
    paid_bookings: PaidBookings

    def lock(self, *, subject: str) -> None:
        """Lock its waitlist and its row."""
        booking = self.session.get_one(Booking, subject)
        self.paid_bookings.lock(provider_ids=[booking.provider_id])
        queries.locked(self.session, booking)

    def accept(
        self,
        *,
        subject: str,
        paid: Mapping[str, Money],
        asked: Collection[str],
        is_taken: bool,
        now: datetime,
    ) -> Collection[str]:
        """It is confirmed, or its provider is asked."""
        del is_taken
        return self.paid_bookings.accept(self._of(subject), paid=paid, asked=asked, now=now)

    def taken(self, *, subject: str, now: datetime) -> None:
        """It was confirmed when its provider said yes."""

    def add(self, *, subject: str, paid: Mapping[str, Money], now: datetime) -> None:
        """Its balance was paid."""
        del now
        self.paid_bookings.add(self._of(subject), paid=paid)

    def release(self, *, subject: str, reason: str, now: datetime) -> None:
        """It lapses."""
        del reason
        self.paid_bookings.release(self._of(subject), now=now)

    def unpaid(self, *, subject: str, parts: Collection[str], now: datetime) -> None:
        """It is cancelled as the rules say."""
        self.paid_bookings.cancel_unpaid(self._of(subject), parts=parts, now=now)

    def _of(self, subject: str) -> list[Booking]:
        return [self.session.get_one(Booking, subject)]


def _minor(paid: Mapping[str, Money], booking: Booking) -> int:
    return paid[booking.id].minor if booking.id in paid else 0
