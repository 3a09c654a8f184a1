"""What a user bought: orders and bookings in one list."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from heapq import merge
from itertools import islice
from typing import Final

from backend.domains.bookings.access import Actor
from backend.domains.bookings.service import BookingService
from backend.domains.checkout.line_kinds import CHARGE
from backend.domains.checkout.orders import OrderService, OrderView
from backend.kernel import ids
from backend.kernel.money import Money

BOOKING: Final = "booking"
ORDER: Final = "order"


@dataclass(frozen=True, slots=True)
class Purchase:
    """An order, or a booking that was made without one; `items` names what was bought."""

    id: str
    kind: str
    status: str
    items: tuple[str, ...]
    total: Money
    bought_at: datetime

    @property
    def moment(self) -> str:
        """The part of its id that follows the time it was made."""
        return self.id.partition("_")[2]


@dataclass(frozen=True)
class PurchaseHistory:
    """Reads orders and bookings together."""

    bookings: BookingService
    orders: OrderService

    def purchases(self, *, user_id: str, before: str | None, limit: int) -> list[Purchase]:
        """The newest `limit` purchases of the user, those made before the moment `before`, newest first.

        A booking that is part of an order is told by its order.
        """
        both = (
            self._orders(user_id, before, limit),
            self._bookings(user_id, before, limit),
        )
        return list(islice(merge(*both, key=lambda one: one.moment, reverse=True), limit))

    def _orders(self, user_id: str, before: str | None, limit: int) -> list[Purchase]:
        found = self.orders.orders(
            user_id=user_id, actor=Actor(user_id), state=None, older_than=_id(ids.ORDER, before), limit=limit
        )
        return [_of_order(view) for view in found]

    def _bookings(self, user_id: str, before: str | None, limit: int) -> Iterator[Purchase]:
        older_than = _id(ids.BOOKING, before)
        while True:
            found = self.bookings.bookings_of(
                user_id=user_id, actor=Actor(user_id), status=None, older_than=older_than, limit=limit
            )
            for one in found:
                if one.order_id is None:
                    items = (one.title,)
                    yield Purchase(one.id, BOOKING, one.status, items, one.total, one.created_at)
            if len(found) < limit:
                return
            older_than = found[-1].id


def _id(prefix: str, moment: str | None) -> str | None:
    return None if moment is None else f"{prefix}_{moment}"


def _of_order(view: OrderView) -> Purchase:
    order = view.order
    items = tuple(line.name for line in view.lines if line.kind != CHARGE)
    return Purchase(order.id, ORDER, order.state, items, order.total, order.placed_at)
