"""What mails about money say: it failed, it is due, it was charged, it went back."""

from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from backend.domains.bookings.service import BookingService
from backend.domains.checkout.line_kinds import CHARGE
from backend.domains.checkout.orders import OrderService
from backend.domains.identity.service import UserService
from backend.domains.messages.drafts import THE_HOUSE, Draft, MailTask
from backend.domains.pricing.records import read_money
from backend.kernel import ids

NAMED: Final = 2


@dataclass(frozen=True)
class PaymentMails:
    """Drafts mails about payments of orders, and of bookings that have no order.

    `task.subject` is an order or a booking. `task.data` has the `amount` (as JSON), and maybe a `reason` in
    words; for a failure the days `retry_on` and `cancelled_on`, for a balance the day `on`, all ISO 8601.
    """

    bookings: BookingService
    orders: OrderService
    users: UserService

    def draft(self, task: MailTask) -> Draft:
        """The draft. What was said of money holds: such a mail is never too late."""
        user_id, contact, what = self._purchase(task.subject)
        context = {
            "what": what,
            "amount": read_money(task.data["amount"]),
            "reason": task.data.get("reason"),
            **{name: _day(task.data.get(name)) for name in ("on", "retry_on", "cancelled_on")},
        }
        return Draft.of(self.users.user(user_id), contact, context)

    def _purchase(self, subject: str) -> tuple[str, dict[str, Any], str]:
        """Whose it is, whom to write to, and what it is called."""
        if ids.is_id(subject, ids.BOOKING):
            booking = self.bookings.booking(booking_id=subject, actor=THE_HOUSE)
            return booking.user_id, booking.contact, booking.title
        view = self.orders.order(order_id=subject, actor=THE_HOUSE)
        names = [line.name for line in view.lines if line.kind != CHARGE]
        more = ", …" if len(names) > NAMED else ""
        return view.order.user_id, view.order.contact, ", ".join(names[:NAMED]) + more


def _day(text: str | None) -> date | None:
    return None if text is None else date.fromisoformat(text)
