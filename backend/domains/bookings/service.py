"""Booking a slot at a quoted price, moving the booking to another slot, and reading bookings."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy.exc import IntegrityError

from backend.domains.availability.entities import Slot
from backend.domains.availability.holds import HoldService
from backend.domains.availability.service import AvailabilityService
from backend.domains.bookings import queries
from backend.domains.bookings.access import Actor, BookingAccess
from backend.domains.bookings.journal import MOVED, BookingJournal
from backend.domains.bookings.models import Booking, UsedQuote
from backend.domains.bookings.states import Action, Status, after, after_move
from backend.domains.bookings.terms import CARD, PaymentTerms, claim_of
from backend.domains.identity.service import UserService
from backend.domains.payments.entities import PaymentView
from backend.domains.payments.service import Payments
from backend.domains.pricing.service import Quote, QuoteService
from backend.domains.waitlist.service import WaitlistService
from backend.infra.postgres import DbSession, violated
from backend.kernel import ids
from backend.kernel.errors import ConflictError, InvalidError, NotFoundError, StaleError
from backend.kernel.money import Money
from backend.kernel.time import Period

ON_SITE: Final = "on_site"


class PriceRoseError(ConflictError):
    """The price is above what the customer said to pay at most."""

    title = "The price is higher"


class QuoteUsedError(ConflictError):
    """A quote is good for one booking."""

    title = "Quote used"


class BegunError(ConflictError):
    """The booking's time has come: it can be neither moved nor cancelled."""


class PaidOtherwiseError(ConflictError):
    """What is paid by card moves only to what costs the same."""


class OtherProviderError(ConflictError):
    """A booking stays with its provider."""


@dataclass(frozen=True, slots=True)
class Booked:
    """A new booking, and its payment when it is paid by card."""

    booking: Booking
    payment: PaymentView | None


@dataclass(frozen=True)
class BookingService:
    """Makes, moves and reads bookings."""

    session: DbSession
    access: BookingAccess
    journal: BookingJournal
    quotes: QuoteService
    availability: AvailabilityService
    holds: HoldService
    waitlist: WaitlistService
    users: UserService
    payments: Payments
    terms: PaymentTerms

    def book(
        self,
        *,
        user_id: str,
        quote_token: str,
        payment_method: str,
        contact: Mapping[str, Any],
        max_total: Money | None,
        now: datetime,
        as_request: bool = False,
    ) -> Booked:
        """Book the quoted slot for the user, at the quoted price; by card, it waits for its payment.

        With `as_request` its provider is asked, also where no rule wants that.

        Raises what `QuoteService.redeem` raises for a bad token, PriceRoseError, QuoteUsedError,
        NoCardsError, NotSoldError when a rule forbids it, SlotTakenError when somebody else was faster.
        """
        self.terms.require_payable(payment_method)
        quote = self._redeem(quote_token, user_id=user_id, max_total=max_total, now=now)
        slot = self.availability.slot(slot_id=quote.slot_id, now=now, user_id=user_id)
        self.waitlist.lock_entry(user_id=user_id, slot_id=slot.id)
        asks_approval = as_request | self.quotes.permit(
            quote=quote, slot=slot, user_id=user_id, payment_method=payment_method, now=now
        )
        booking = _new_booking(
            user_id, slot, quote, payment_method, contact, now, asks_approval=asks_approval
        )
        self.holds.claim(slot=slot, seats=quote.party, booking_id=booking.id, user_id=user_id, now=now)
        self.session.add(booking)
        self._use(quote, booking, now)
        self.waitlist.fulfil(user_id=user_id, slot_id=slot.id)
        self.journal.made(booking, actor_id=user_id, now=now, data=_priced(booking))
        payment = self._ask_for_payment(booking, quote, asks=asks_approval, now=now)
        return Booked(booking, payment)

    def _ask_for_payment(
        self, booking: Booking, quote: Quote, *, asks: bool, now: datetime
    ) -> PaymentView | None:
        """Ask for what is to be paid by card; what costs nothing now is confirmed, and None."""
        if booking.payment_method != CARD:
            return None
        claim = claim_of(
            quote.price, part=booking.id, name=booking.title, provider=booking.provider_id, asks=asks
        )
        bill = self.terms.bill(
            subject=booking.id,
            user_id=booking.user_id,
            description=booking.title,
            claims=[] if claim is None else [claim],
            currency=booking.currency,
            starts_at=booking.starts_at,
            now=now,
        )
        payment = self.payments.ask(bill=bill, now=now)
        if payment is None:
            action = Action.ASK_APPROVAL if asks else Action.CONFIRM
            self.journal.apply(booking, action, actor_id=booking.user_id, now=now)
        return payment

    def booking(self, *, booking_id: str, actor: Actor) -> Booking:
        """The booking, for its customer, its provider and staff. UnknownBookingError for all others."""
        return self.access.readable(booking_id=booking_id, actor=actor)

    def bookings_of(
        self, *, user_id: str, actor: Actor, status: str | None, older_than: str | None, limit: int
    ) -> Sequence[Booking]:
        """The newest `limit` bookings of a user, for that user and staff.

        NotFoundError for all others, and for staff when there is no such user.
        """
        if actor.user_id != user_id:
            if not actor.is_staff:
                raise NotFoundError("There is no such user whose bookings you may see.")
            self.users.user(user_id)
        return queries.bookings_of(
            self.session, user_id=user_id, status=status, older_than=older_than, limit=limit
        )

    def reschedule(
        self,
        *,
        booking_id: str,
        actor: Actor,
        quote_token: str,
        max_total: Money | None,
        version: int | None,
        now: datetime,
    ) -> Booking:
        """Move the booking to the slot, party and price of a fresh quote, all or nothing.

        The old slot is kept when anything is refused: SlotTakenError when the new one is full,
        StaleError when `version` (what the caller saw, if told) is not the newest, BegunError,
        OtherProviderError, PaidOtherwiseError, TransitionError once it is settled, and those of quotes.
        """
        booking = self.access.changeable(booking_id=booking_id, actor=actor)
        require_version(booking, version)
        after_move(booking.state, requires_approval=False)
        require_before_start(booking, now)
        quote = self._redeem(quote_token, user_id=actor.user_id, max_total=max_total, now=now)
        slot = self.availability.slot(slot_id=quote.slot_id, now=now, user_id=booking.user_id)
        if slot.provider.id != booking.provider_id:
            raise OtherProviderError("A booking stays with its provider; cancel it and book anew.")
        asks_approval = self.quotes.permit(
            quote=quote, slot=slot, user_id=booking.user_id, payment_method=booking.payment_method, now=now
        )
        _require_same_money(booking, quote, asks=asks_approval)
        freed = Period(booking.starts_at, booking.ends_at)
        self.holds.move(booking_id=booking.id, slot=slot, seats=quote.party, now=now)
        self._use(quote, booking, now)
        before = {name: getattr(booking, name) for name in ("status", "slot_id", "party", "total_minor")}
        _take_terms(booking, slot, quote)
        booking.status = after_move(booking.state, requires_approval=asks_approval)
        self.journal.changed(
            booking, MOVED, before=before, actor_id=actor.user_id, now=now, data=_priced(booking)
        )
        self.waitlist.fulfil(user_id=booking.user_id, slot_id=slot.id)
        self.waitlist.offer_freed(provider_id=booking.provider_id, around=freed, now=now)
        return booking

    def _redeem(self, token: str, *, user_id: str, max_total: Money | None, now: datetime) -> Quote:
        """The quote behind a token, when it is unused and not above `max_total`."""
        quote = self.quotes.redeem(token=token, user_id=user_id, now=now)
        if self.session.get(UsedQuote, quote.id) is not None:
            raise _used()
        _require_at_most(max_total, quote.total)
        return quote

    def _use(self, quote: Quote, booking: Booking, now: datetime) -> None:
        """Use the quote up; the key of its row refuses whoever does it second."""
        self.session.flush()
        self.session.add(UsedQuote(quote_id=quote.id, booking_id=booking.id, used_at=now))
        try:
            self.session.flush()
        except IntegrityError as error:
            if violated(error) != "booking_quotes_pkey":
                raise
            raise _used() from error


def first_step(payment_method: str, *, asks: bool) -> Action:
    """What a new booking waits for: its payment by card, else its provider's approval, else nothing."""
    if payment_method == CARD:
        return Action.ASK_PAYMENT
    return Action.ASK_APPROVAL if asks else Action.CONFIRM


def require_version(booking: Booking, version: int | None) -> None:
    """StaleError when the caller saw another version of the booking than the newest."""
    if version is not None and version != booking.version:
        raise StaleError("The booking was changed meanwhile; read it again and repeat the change.")


def require_before_start(booking: Booking, now: datetime) -> None:
    """BegunError once the booking's time has come."""
    if booking.starts_at <= now:
        raise BegunError("The booking's time has come: it can be neither moved nor cancelled any more.")


def _require_same_money(booking: Booking, quote: Quote, *, asks: bool) -> None:
    """PaidOtherwiseError for a booking paid by card that would cost something else, or need an answer."""
    if booking.payment_method == CARD and (asks or quote.total != booking.total):
        raise PaidOtherwiseError(
            f"The booking is paid by card: it can be moved to a time that costs {booking.total} and needs no"
            " approval. For another, cancel it and book anew; what goes back is said by the rules."
        )


def _used() -> QuoteUsedError:
    return QuoteUsedError("This quote was used for a booking; ask POST /api/quotes for a new one.")


def _require_at_most(max_total: Money | None, price: Money) -> None:
    if max_total is None:
        return
    if max_total.currency != price.currency:
        raise InvalidError(
            f"The price is in {price.currency}; say max_total in it too.",
            errors={"max_total": [f"Must be in {price.currency}."]},
        )
    if price > max_total:
        raise PriceRoseError(
            f"The price is {price}, more than the {max_total} you would pay; nothing was booked.",
            extra={"price": {"amount": price.minor, "currency": price.currency}},
        )


def _new_booking(
    user_id: str,
    slot: Slot,
    quote: Quote,
    payment_method: str,
    contact: Mapping[str, Any],
    now: datetime,
    *,
    asks_approval: bool,
) -> Booking:
    booking = Booking(
        id=ids.new_id(ids.BOOKING),
        user_id=user_id,
        status=after(Status.HELD, first_step(payment_method, asks=asks_approval)),
        paid_minor=0,
        payment_method=payment_method,
        contact=dict(contact),
        version=1,
        created_at=now,
        changed_at=now,
    )
    _take_terms(booking, slot, quote)
    return booking


def _take_terms(booking: Booking, slot: Slot, quote: Quote) -> None:
    booking.provider_id = slot.provider.id
    booking.product_id = slot.product.id
    booking.slot_id = slot.id
    booking.quote_id = quote.id
    booking.starts_at = slot.starts_at
    booking.ends_at = slot.ends_at
    booking.timezone = slot.provider.timezone
    booking.title = slot.product.name
    booking.party = quote.party
    booking.total_minor = quote.total.minor
    booking.currency = quote.total.currency


def _priced(booking: Booking) -> dict[str, Any]:
    return {
        "slot_id": booking.slot_id,
        "party": booking.party,
        "quote_id": booking.quote_id,
        "total": {"amount": booking.total_minor, "currency": booking.currency},
    }
