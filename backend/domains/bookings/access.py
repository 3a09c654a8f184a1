"""Who may see and change a booking: its customer, the provider's own user, and staff."""

from dataclasses import dataclass

from backend.domains.bookings import queries
from backend.domains.bookings.models import Booking
from backend.domains.catalog.service import CatalogService
from backend.domains.waitlist.service import WaitlistService
from backend.infra.postgres import DbSession
from backend.kernel.errors import DeniedError, NotFoundError


class UnknownBookingError(NotFoundError):
    """No such booking, or one that the caller may not know of."""


class NotTheProviderError(DeniedError):
    """The customer asks for what only the provider or staff may do."""


@dataclass(frozen=True, slots=True)
class Actor:
    """Who acts; staff may act for anybody."""

    user_id: str
    is_staff: bool = False


@dataclass(frozen=True)
class BookingAccess:
    """Finds bookings for those who may have them."""

    session: DbSession
    catalog: CatalogService
    waitlist: WaitlistService

    def readable(self, *, booking_id: str, actor: Actor) -> Booking:
        """The booking, for its customer, its provider and staff. UnknownBookingError for all others."""
        booking = self.session.get(Booking, booking_id)
        if booking is None or not (booking.user_id == actor.user_id or self.serves(booking, actor)):
            raise UnknownBookingError("There is no such booking among yours.")
        return booking

    def changeable(self, *, booking_id: str, actor: Actor) -> Booking:
        """As `readable`, it and its provider's waitlist locked until the transaction ends."""
        found = self.readable(booking_id=booking_id, actor=actor)
        self.waitlist.lock(provider_id=found.provider_id)
        return queries.locked(self.session, found)

    def served(self, *, booking_id: str, actor: Actor) -> Booking:
        """As `changeable`, for the provider and staff only. NotTheProviderError for the customer."""
        found = self.readable(booking_id=booking_id, actor=actor)
        if not self.serves(found, actor):
            raise NotTheProviderError("Only the provider or staff can do this.")
        return self.changeable(booking_id=booking_id, actor=actor)

    def serves(self, booking: Booking, actor: Actor) -> bool:
        """Whether the actor is on the side that performs the booking."""
        return actor.is_staff or self.is_provider(booking, actor)

    def is_provider(self, booking: Booking, actor: Actor) -> bool:
        """Whether the actor is the provider's own user."""
        return self.catalog.provider(provider_id=booking.provider_id).user_id == actor.user_id
