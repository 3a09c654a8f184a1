"""Vouchers: what a customer shows, and how whoever serves them finds out that it is genuine."""

from dataclasses import dataclass
from typing import Final

from itsdangerous import BadSignature, URLSafeSerializer

from backend.config import Seller
from backend.domains.bookings.access import Actor, BookingAccess, NotTheProviderError
from backend.domains.bookings.states import Status
from backend.domains.catalog.service import CatalogService
from backend.domains.identity.service import UserService
from backend.domains.messages.voucher_pdf import Voucher, voucher_pdf
from backend.infra.wording import Wording
from backend.kernel.errors import ConflictError, NotFoundError
from backend.kernel.money import Money

# A booking in one of these was promised: there is something to show.
PROMISED: Final = frozenset({Status.CONFIRMED, Status.COMPLETED, Status.NO_SHOW})


class UnknownVoucherError(NotFoundError):
    """The code was not made by us."""


class NoVoucherError(ConflictError):
    """The booking is not confirmed, or not any more."""


@dataclass(frozen=True)
class VoucherCodes:
    """Signs and reads the codes on vouchers with a secret: nobody else can make one."""

    secret: str

    def sign(self, booking_id: str) -> str:
        """The code of a booking, the same for its life: URL-safe text."""
        return self._serializer().dumps(booking_id)

    def read(self, code: str) -> str:
        """The booking that a code is for. UnknownVoucherError when it is not ours, or was changed."""
        try:
            booking_id: str = self._serializer().loads(code)
        except BadSignature:
            raise UnknownVoucherError("This is not a voucher of ours: its code was not made here.") from None
        return booking_id

    def _serializer(self) -> URLSafeSerializer:
        return URLSafeSerializer(self.secret, salt="climbup.voucher.1")


@dataclass(frozen=True, slots=True)
class CheckedVoucher:
    """What is true of the booking behind a voucher now; `is_valid`: the customer is to be served."""

    booking_id: str
    status: str
    is_valid: bool
    voucher: Voucher


@dataclass(frozen=True)
class VoucherService:
    """Prints vouchers and checks them."""

    access: BookingAccess
    catalog: CatalogService
    users: UserService
    codes: VoucherCodes
    seller: Seller
    domain_url: str

    def printed(self, *, booking_id: str, actor: Actor) -> bytes:
        """The voucher as PDF, in the customer's language, for the customer, the provider and staff.

        UnknownBookingError; NoVoucherError while the booking is not confirmed.
        """
        booking = self.access.readable(booking_id=booking_id, actor=actor)
        if booking.state not in PROMISED:
            raise NoVoucherError(
                f"The booking is {booking.status.replace('_', ' ')}; there is a voucher once it is confirmed."
            )
        wording = Wording.of(self.users.user(booking.user_id).locale)
        url = f"{self.domain_url}/api/vouchers/{self.codes.sign(booking.id)}"
        return voucher_pdf(
            self._voucher(booking_id, actor), url=url, seller=self.seller.name, wording=wording
        )

    def checked(self, *, code: str, actor: Actor) -> CheckedVoucher:
        """What is true of the booking behind a code, for its provider and staff.

        UnknownVoucherError for a code that is not ours; UnknownBookingError, NotTheProviderError for others.
        """
        booking_id = self.codes.read(code)
        booking = self.access.readable(booking_id=booking_id, actor=actor)
        if not self.access.serves(booking, actor):
            raise NotTheProviderError("Only the provider or staff can check a voucher.")
        is_valid = booking.state is Status.CONFIRMED
        return CheckedVoucher(booking.id, booking.status, is_valid, self._voucher(booking_id, actor))

    def _voucher(self, booking_id: str, actor: Actor) -> Voucher:
        booking = self.access.readable(booking_id=booking_id, actor=actor)
        name: str = booking.contact.get("name") or self.users.user(booking.user_id).name
        due: Money = booking.total - booking.paid
        return Voucher(
            booking_id=booking.id,
            title=booking.title,
            name=name,
            party=booking.party,
            provider=self.catalog.provider(provider_id=booking.provider_id).name,
            starts_at=booking.starts_at,
            ends_at=booking.ends_at,
            timezone=booking.timezone,
            total=booking.total,
            paid=booking.paid,
            due=due,
        )
