"""What became of each thing of an order, for its customer to read."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from backend.domains.bookings.orders import OrderBookings
from backend.domains.bookings.states import Status
from backend.domains.checkout.line_kinds import CHARGE, SLOT, TRAVEL
from backend.domains.checkout.models import OrderLine
from backend.domains.checkout.orders import OrderView
from backend.domains.checkout.states import State
from backend.domains.payments.entities import PartView
from backend.domains.payments.service import LINE, Payments
from backend.kernel.money import Money


class Kind(StrEnum):
    """How a thing is sold: at once, or when its provider says yes."""

    INSTANT = "instant"
    REQUEST = "request"


class Fate(StrEnum):
    """What became of a thing."""

    AWAITS_PAYMENT = "awaits_payment"
    AWAITS_PROVIDER = "awaits_provider"
    CONFIRMED = "confirmed"
    DECLINED = "declined"
    CANCELLED = "cancelled"


_WORDS: Final[Mapping[Fate, str]] = {
    Fate.AWAITS_PAYMENT: "It is kept for you until you have paid.",
    Fate.AWAITS_PROVIDER: "Its provider was asked. You pay for it only if they say yes.",
    Fate.CONFIRMED: "It is yours.",
    Fate.DECLINED: "Its provider did not take it. You do not pay for it.",
    Fate.CANCELLED: "It was cancelled.",
}
_OF_BOOKING: Final[Mapping[Status, Fate]] = {
    Status.PENDING_PAYMENT: Fate.AWAITS_PAYMENT,
    Status.PENDING_APPROVAL: Fate.AWAITS_PROVIDER,
    Status.CONFIRMED: Fate.CONFIRMED,
    Status.COMPLETED: Fate.CONFIRMED,
    Status.NO_SHOW: Fate.CONFIRMED,
    Status.CANCELLED: Fate.CANCELLED,
}
_OF_ORDER: Final[Mapping[State, Fate]] = {
    State.PLACED: Fate.AWAITS_PAYMENT,
    State.CANCELLED: Fate.CANCELLED,
}


@dataclass(frozen=True, slots=True)
class ItemOutcome:
    """One thing of an order: `refunded` is what of its `amount` went back or is on its way."""

    position: int
    name: str
    kind: Kind
    fate: Fate
    amount: Money
    refunded: Money
    booking_id: str | None

    @property
    def words(self) -> str:
        """What it means for the customer."""
        if not self.refunded:
            return _WORDS[self.fate]
        return f"{_WORDS[self.fate]} {self.refunded} go back to you."


@dataclass(frozen=True)
class Outcomes:
    """Tells customers item by item what happened."""

    bookings: OrderBookings
    payments: Payments

    def of(self, view: OrderView) -> list[ItemOutcome]:
        """What became of everything in an order but its charges."""
        parts = self.payments.parts_of(subject=view.order.id)
        states = self.bookings.states(order_id=view.order.id)
        return [self._of_line(view, line, parts, states) for line in view.lines if line.kind != CHARGE]

    def _of_line(
        self,
        view: OrderView,
        line: OrderLine,
        parts: Mapping[str, Sequence[PartView]],
        states: Mapping[str, Status],
    ) -> ItemOutcome:
        part = line.booking_id or f"{LINE}{line.position}"
        of_part = parts.get(part, ())
        asked = any(one.asks for one in of_part)
        if line.kind == SLOT and line.booking_id is not None:
            fate = _OF_BOOKING[states[line.booking_id]]
        elif line.kind == TRAVEL and any(one.is_dropped for one in of_part):
            # Its balance could not be had.
            fate = Fate.CANCELLED
        else:
            fate = _OF_ORDER.get(view.order.status, Fate.CONFIRMED)
        if fate is Fate.CANCELLED and asked and all(one.is_dropped for one in of_part):
            fate = Fate.DECLINED
        zero = Money.zero(line.currency)
        return ItemOutcome(
            position=line.position,
            name=line.name,
            kind=Kind.REQUEST if asked else Kind.INSTANT,
            fate=fate,
            amount=line.amount,
            refunded=sum((one.refunded for one in of_part), zero),
            booking_id=line.booking_id,
        )
