"""What mails about orders say."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from backend.domains.checkout.orders import OrderService, OrderView
from backend.domains.checkout.outcomes import Outcomes
from backend.domains.checkout.states import State
from backend.domains.identity.service import UserService
from backend.domains.messages.announcing import ORDER_CONFIRMED
from backend.domains.messages.drafts import THE_HOUSE, Attach, Draft, MailTask, nothing
from backend.domains.messages.issuing import ReceiptService
from backend.domains.messages.outcomes import is_sold
from backend.infra.mail import Attachment
from backend.infra.wording import Wording
from backend.kernel.money import Money, total

# What is true while a mail of this kind makes sense; one that comes too late is not sent.
_TRUE_WHILE: Final[Mapping[str, frozenset[State]]] = {
    "order_placed": frozenset({State.PLACED}),
    "order_authorised": frozenset({State.AUTHORISED}),
    ORDER_CONFIRMED: frozenset({State.PAID, State.CONFIRMED, State.SHIPPED, State.DELIVERED}),
    "order_cancelled": frozenset({State.CANCELLED}),
}


@dataclass(frozen=True, slots=True)
class Line:
    """A line of an order as a mail tells it; a charge on all of it has no fate."""

    name: str
    amount: Money
    fate: str | None = None


@dataclass(frozen=True)
class OrderMails:
    """Drafts mails about orders."""

    orders: OrderService
    outcomes: Outcomes
    users: UserService
    receipts: ReceiptService

    def draft(self, task: MailTask, *, now: datetime) -> Draft | None:
        """The draft; None when what it would tell is no longer true."""
        view = self.orders.order(order_id=task.subject, actor=THE_HOUSE)
        order = view.order
        if order.status not in _TRUE_WHILE[task.kind]:
            return None
        attach = self._receipt(order.id, now) if task.kind == ORDER_CONFIRMED else nothing
        lines = self._lines(view)
        context = {
            "order": order,
            "lines": lines,
            "total": total((one.amount for one in lines), order.currency),
            "reason": task.data.get("reason"),
        }
        return Draft.of(self.users.user(order.user_id), order.contact, context, attach)

    def _lines(self, view: OrderView) -> list[Line]:
        """What there is, and what became of it; what is not paid for is told with nothing to pay."""
        if view.order.status is State.CANCELLED:
            return [Line(_named(line.name, line.quantity), line.amount) for line in view.lines]
        outcomes = {one.position: one for one in self.outcomes.of(view)}
        lines = []
        for line in view.lines:
            outcome = outcomes.get(line.position)
            amount = line.amount if outcome is None or is_sold(outcome) else Money.zero(line.currency)
            fate = None if outcome is None else outcome.fate.value
            lines.append(Line(_named(line.name, line.quantity), amount, fate))
        return lines

    def _receipt(self, order_id: str, now: datetime) -> Attach:
        def attach(_: Wording) -> tuple[Attachment, ...]:
            file = self.receipts.printed(order_id=order_id, actor=THE_HOUSE, now=now)
            return (Attachment(f"receipt-{order_id}.pdf", "application/pdf", file),)

        return attach


def _named(name: str, quantity: int) -> str:
    return name if quantity == 1 else f"{quantity} × {name}"  # noqa: RUF001
