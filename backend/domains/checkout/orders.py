"""Reading orders, and what happens to them after they were placed."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from backend.domains.bookings.access import Actor
from backend.domains.bookings.orders import OrderBookings
from backend.domains.catalog.stock import StockService
from backend.domains.checkout import queries
from backend.domains.checkout.journal import OrderJournal
from backend.domains.checkout.journeys import (
    NothingToReturnError,
    OrderJourneys,
    goods_of,
    part_of,
)
from backend.domains.checkout.line_kinds import TRAVEL
from backend.domains.checkout.models import Order, OrderEvent, OrderLine
from backend.domains.checkout.states import Action, State, after
from backend.domains.coupons.uses import CouponUses
from backend.domains.payments.entities import PaymentView
from backend.domains.payments.service import Payments
from backend.domains.pricing.deals import Deals
from backend.infra.postgres import DbSession
from backend.kernel.errors import ConflictError, DeniedError, NotFoundError, StaleError


class UnknownOrderError(NotFoundError):
    """No such order, or one that the caller may not know of."""


class StaffOnlyError(DeniedError):
    """The customer asks for what only staff may do."""


class NothingToShipError(ConflictError):
    """The order has no goods that are sent."""


@dataclass(frozen=True, slots=True)
class OrderView:
    """An order with its lines, and with its payment right after it was placed."""

    order: Order
    lines: Sequence[OrderLine]
    payment: PaymentView | None = None

    @property
    def is_sent(self) -> bool:
        """Whether some of it is sent to an address."""
        return self.order.shipping_address is not None


@dataclass(frozen=True)
class OrderService:
    """Finds orders for those who may see them, and leads them from state to state.

    Every verb that changes an order locks it first, then deals, seats, stock, coupons.
    """

    session: DbSession
    journal: OrderJournal
    bookings: OrderBookings
    stock: StockService
    coupons: CouponUses
    payments: Payments
    deals: Deals
    journeys: OrderJourneys

    def order(self, *, order_id: str, actor: Actor) -> OrderView:
        """The order, for its customer and staff. UnknownOrderError for all others."""
        found = self.session.get(Order, order_id)
        return self._view(_readable(found, actor))

    def orders(
        self,
        *,
        user_id: str | None,
        actor: Actor,
        state: str | None,
        older_than: str | None,
        limit: int,
    ) -> list[OrderView]:
        """The newest `limit` orders of a user, or of all (None) for staff. NotFoundError for others."""
        if actor.user_id != user_id and not actor.is_staff:
            raise NotFoundError("There is no such user whose orders you may see.")
        found = queries.orders(self.session, user_id=user_id, state=state, older_than=older_than, limit=limit)
        lines = queries.lines_of(self.session, [order.id for order in found])
        return [OrderView(order, lines[order.id]) for order in found]

    def standing(self, *, user_id: str) -> int:
        """How many orders of the user were not cancelled."""
        return queries.standing(self.session, user_id)

    def history(self, *, order_id: str, actor: Actor) -> Sequence[OrderEvent]:
        """What happened to an order, oldest first. UnknownOrderError as `order`."""
        found = _readable(self.session.get(Order, order_id), actor)
        return queries.history(self.session, found.id)

    def cancel(self, *, order_id: str, actor: Actor, version: int | None, now: datetime) -> OrderView:
        """Cancel: deals, seats, units, coupons and what was spent of their budgets come back, all or nothing.

        The customer may until it is shipped, staff may stop a parcel that is under way. What goes back of
        journeys is for the rules to say, as of bookings. UnknownOrderError, StaleError, TransitionError
        (once it is cancelled, too), JourneyBegunError, and the errors of `OrderBookings.cancel`.
        """
        order = self._locked(order_id, actor, version)
        action = Action.STOP if actor.is_staff and order.status is State.SHIPPED else Action.CANCEL
        after(order.status, action)
        self.deals.release(reference=order.id, now=now)
        # Goods first: nothing of the order is taken only to be given back.
        self.bookings.lock(order_id=order.id)
        lines = self._view(order).lines
        refunds = self.journeys.cancel(lines, now=now)
        told = {"refunds": refunds} if refunds else None
        self.payments.let_go(
            subject=order.id, reason="The order was cancelled.", now=now, besides=_journeys(lines)
        )
        self.bookings.cancel(order_id=order.id, actor=actor, now=now)
        self.stock.release(reference=order.id, now=now)
        self.stock.take_back(reference=order.id, now=now)
        self.coupons.release(reference=order.id, now=now)
        self.journal.apply(order, action, actor_id=actor.user_id, now=now, data=told)
        return self._view(order)

    def ship(self, *, order_id: str, actor: Actor, tracking: str, now: datetime) -> OrderView:
        """The parcel is under way (staff). NothingToShipError, TransitionError, StaffOnlyError."""

        def check(view: OrderView) -> None:
            if not view.is_sent:
                raise NothingToShipError("Nothing of this order is sent; it is delivered without shipping.")

        return self._staffed(order_id, Action.SHIP, actor, now, check=check, tracking=tracking)

    def deliver(self, *, order_id: str, actor: Actor, now: datetime) -> OrderView:
        """The customer has it (staff); what is sent was shipped before. TransitionError, StaffOnlyError."""

        def check(view: OrderView) -> None:
            if view.is_sent and view.order.status is not State.SHIPPED:
                raise ConflictError("The order is to be sent and was not shipped yet; ship it first.")

        return self._staffed(order_id, Action.DELIVER, actor, now, check=check)

    def take_back(self, *, order_id: str, actor: Actor, reason: str, now: datetime) -> OrderView:
        """The customer sent all goods back (staff): their units are on the shelf again.

        Coupons stay used, and journeys stay sold. TransitionError, StaffOnlyError, NothingToReturnError.
        """

        def check(view: OrderView) -> None:
            if _journeys(view.lines) and not goods_of(view.lines):
                raise NothingToReturnError("There are no goods in this order that could come back.")

        view = self._staffed(order_id, Action.RETURN, actor, now, check=check, reason=reason)
        why = reason or "The goods came back."
        self.payments.let_go(subject=order_id, reason=why, now=now, besides=_journeys(view.lines))
        self.stock.take_back(reference=order_id, now=now, of=goods_of(view.lines))
        return view

    def _staffed(
        self,
        order_id: str,
        action: Action,
        actor: Actor,
        now: datetime,
        *,
        check: Callable[[OrderView], None] = lambda _: None,
        **data: str,
    ) -> OrderView:
        order = self._locked(order_id, actor, None)
        if not actor.is_staff:
            raise StaffOnlyError("Only staff can do this.")
        after(order.status, action)
        view = self._view(order)
        check(view)
        self.journal.apply(order, action, actor_id=actor.user_id, now=now, data=data)
        return view

    def _locked(self, order_id: str, actor: Actor, version: int | None) -> Order:
        order = _readable(queries.locked(self.session, order_id), actor)
        if version is not None and version != order.version:
            raise StaleError("The order was changed meanwhile; read it again and repeat the change.")
        return order

    def _view(self, order: Order) -> OrderView:
        return OrderView(order, queries.lines_of(self.session, [order.id])[order.id])


def _journeys(lines: Sequence[OrderLine]) -> set[str]:
    """How payments call what is owed for the journeys of an order."""
    return {part_of(line) for line in lines if line.kind == TRAVEL}


def _readable(order: Order | None, actor: Actor) -> Order:
    if order is None or not (actor.is_staff or order.user_id == actor.user_id):
        raise UnknownOrderError("There is no such order among yours.")
    return order
