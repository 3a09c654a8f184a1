"""What mails about bookings say."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

from backend.domains.bookings.calendar import calendar_of
from backend.domains.bookings.service import BookingService
from backend.domains.bookings.states import Status
from backend.domains.catalog.service import CatalogService
from backend.domains.identity.service import UserService
from backend.domains.messages.announcing import REMINDER, TO_ANSWER
from backend.domains.messages.drafts import THE_HOUSE, Draft, Later, MailTask
from backend.domains.messages.vouchers import PROMISED, VoucherService
from backend.infra.mail import Attachment
from backend.infra.wording import Wording

CALENDAR: Final = "text/calendar; charset=utf-8; method=PUBLISH"
REMINDED_BEFORE: Final = timedelta(days=1)
# What is true while a mail of this kind makes sense; one that comes too late is not sent.
_TRUE_WHILE: Final[Mapping[str, Status]] = {
    "booking_confirmed": Status.CONFIRMED,
    "booking_approved": Status.CONFIRMED,
    "booking_moved": Status.CONFIRMED,
    REMINDER: Status.CONFIRMED,
    "booking_requested": Status.PENDING_APPROVAL,
    TO_ANSWER: Status.PENDING_APPROVAL,
    "booking_declined": Status.CANCELLED,
    "booking_lapsed": Status.CANCELLED,
    "booking_cancelled": Status.CANCELLED,
}


@dataclass(frozen=True)
class BookingMails:
    """Drafts mails about bookings."""

    bookings: BookingService
    catalog: CatalogService
    users: UserService
    vouchers: VoucherService
    host: str

    def draft(self, task: MailTask) -> Draft | None:
        """The draft; None when what it would tell is no longer true."""
        booking = self.bookings.booking(booking_id=task.subject, actor=THE_HOUSE)
        if booking.state is not _TRUE_WHILE[task.kind]:
            return None
        if task.kind == REMINDER and booking.starts_at.isoformat() != task.occasion:
            return None
        provider = self.catalog.provider(provider_id=booking.provider_id)

        def attach(_: Wording) -> tuple[Attachment, ...]:
            dates = calendar_of(booking, provider_name=provider.name, host=self.host)
            files = [Attachment(f"{booking.id}.ics", CALENDAR, dates)]
            if booking.state in PROMISED:
                voucher = self.vouchers.printed(booking_id=booking.id, actor=THE_HOUSE)
                files.append(Attachment(f"voucher-{booking.id}.pdf", "application/pdf", voucher))
            return tuple(files)

        customer = self.users.user(booking.user_id)
        context: dict[str, Any] = {
            "booking": booking,
            "customer": booking.contact.get("name") or customer.name,
            "answer_by": booking.answer_by or booking.starts_at,
            "provider": provider,
            "refund": booking.refund,
            "reason": task.data.get("about"),
        }
        if task.kind == TO_ANSWER:
            return self._to_provider(provider.user_id, context)
        later = None
        if booking.state is Status.CONFIRMED and task.kind != REMINDER:
            reminder = MailTask(REMINDER, booking.id, booking.starts_at.isoformat(), {})
            later = Later(booking.starts_at - REMINDED_BEFORE, reminder)
        return Draft.of(customer, booking.contact, context, attach, later)

    def _to_provider(self, user_id: str | None, context: Mapping[str, Any]) -> Draft | None:
        """To the provider's own user, if they ever signed up; else staff answer for them."""
        return None if user_id is None else Draft.of(self.users.user(user_id), {}, context)
