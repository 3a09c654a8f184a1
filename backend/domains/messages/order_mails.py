"""What mails about orders say."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from backend.domains.checkout.orders import OrderService, OrderView
from backend.domains.checkout.states import State
from backend.domains.identity.service import UserService
from backend.domains.messages.announcing import ORDER_CONFIRMED
from backend.domains.messages.drafts import THE_HOUSE, Attach, Draft, MailTask, nothing
from backend.domains.messages.issuing import ReceiptService
from backend.domains.messages.wording import Wording
from backend.infra.mail import Attachment
from backend.kernel.money import Money

# What is true while a mail of this kind makes sense; one that comes too late is not sent.
_TRUE_WHILE: Final[Mapping[str, frozenset[State]]] = {
    "order_placed": frozenset({State.PLACED}),
    ORDER_CONFIRMED: frozenset({State.PAID, State.CONFIRMED, State.SHIPPED, State.DELIVERED}),
    "order_cancelled": frozenset({State.CANCELLED}),
}


@dataclass(frozen=True)
class OrderMails:
    """Drafts mails about orders."""

    orders: OrderService
    users: UserService
    receipts: ReceiptService

    def draft(self, task: MailTask, *, now: datetime) -> Draft | None:
        """The draft; None when what it would tell is no longer true."""
        view = self.orders.order(order_id=task.subject, actor=THE_HOUSE)
        order = view.order
        if order.status not in _TRUE_WHILE[task.kind]:
            return None
        attach = self._receipt(order.id, now) if task.kind == ORDER_CONFIRMED else nothing
        context = {"order": order, "lines": _lines(view)}
        return Draft.of(self.users.user(order.user_id), order.contact, context, attach)

    def _receipt(self, order_id: str, now: datetime) -> Attach:
        def attach(_: Wording) -> tuple[Attachment, ...]:
            file = self.receipts.printed(order_id=order_id, actor=THE_HOUSE, now=now)
            return (Attachment(f"receipt-{order_id}.pdf", "application/pdf", file),)

        return attach


def _lines(view: OrderView) -> list[tuple[str, Money]]:
    return [
        (line.name if line.quantity == 1 else f"{line.quantity} × {line.name}", line.amount)  # noqa: RUF001
        for line in view.lines
    ]
