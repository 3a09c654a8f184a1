"""Which mail tells of which change: the port through which lower domains announce, as jobs to write mails."""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import chain
from types import MappingProxyType
from typing import Any, Final

from backend.infra.jobs import JobQueue

MAIL_JOB: Final = "messages.send"
RECEIPT_JOB: Final = "messages.issue_receipt"
REMINDER: Final = "booking_reminder"
TO_ANSWER: Final = "booking_to_answer"
ORDER_CONFIRMED: Final = "order_confirmed"

# The customer and the provider are told of a request.
_REQUESTED: Final = ("booking_requested", TO_ANSWER)
# By what was announced, and the status that what changed is in since; no entry: nobody is written to.
_BY_STATUS: Final[Mapping[tuple[str, str], tuple[str, ...]]] = MappingProxyType(
    {
        ("booking.made", "confirmed"): ("booking_confirmed",),
        ("booking.confirmed", "confirmed"): ("booking_confirmed",),
        ("booking.approved", "confirmed"): ("booking_approved",),
        ("booking.moved", "confirmed"): ("booking_moved",),
        ("booking.made", "pending_approval"): _REQUESTED,
        ("booking.requested", "pending_approval"): _REQUESTED,
        ("booking.moved", "pending_approval"): _REQUESTED,
        ("booking.declined", "cancelled"): ("booking_declined",),
        ("booking.lapsed", "cancelled"): ("booking_lapsed",),
        ("booking.cancelled", "cancelled"): ("booking_cancelled",),
    }
)
_BY_NAME: Final[Mapping[str, str]] = MappingProxyType(
    {
        "cart.handed_over": "cart_handed_over",
        "order.placed": "order_placed",
        "order.authorised": "order_authorised",
        "order.paid": ORDER_CONFIRMED,
        "order.confirmed": ORDER_CONFIRMED,
        "order.cancelled": "order_cancelled",
        "order.stopped": "order_cancelled",
        "payment.failed": "payment_failed",
        "balance.due": "balance_due",
        "balance.charged": "balance_charged",
        "refund.made": "refund_made",
    }
)
KINDS: Final = frozenset({*chain(*_BY_STATUS.values()), *_BY_NAME.values(), REMINDER})


@dataclass(frozen=True)
class MailAnnouncements:
    """Puts a job into the queue for each change that somebody is written to about.

    Implements the port `Announcements`. The job is committed, or forgotten, with the change.
    """

    jobs: JobQueue

    def announce(self, name: str, *, subject: str, occasion: str, data: Mapping[str, Any]) -> None:
        """As the port says."""
        if _BY_NAME.get(name) == ORDER_CONFIRMED:
            # A job of its own, so that nobody waits for a number of a receipt while a mail travels.
            self.jobs.enqueue(RECEIPT_JOB, order_id=subject)
            return
        for kind in _kinds(name, data.get("status", "")):
            self.jobs.enqueue(MAIL_JOB, kind=kind, subject=subject, occasion=occasion, data=dict(data))


def _kinds(name: str, status: str) -> tuple[str, ...]:
    """The mails that tell of a change; none when nobody is written to."""
    if name in _BY_NAME:
        return (_BY_NAME[name],)
    return _BY_STATUS.get((name, status), ())
