"""Orders as something that is paid for: what becomes of them when their money is sure, or will not come."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from backend.domains.bookings.orders import OrderBookings
from backend.domains.catalog.stock import StockService
from backend.domains.checkout import queries
from backend.domains.checkout.journal import OrderJournal
from backend.domains.checkout.journeys import OrderJourneys
from backend.domains.checkout.line_kinds import GOODS, TRAVEL
from backend.domains.checkout.models import Order
from backend.domains.checkout.states import Action, State
from backend.domains.coupons.uses import CouponUses
from backend.domains.payments.service import LINE
from backend.domains.pricing.deals import Deals
from backend.infra.postgres import DbSession
from backend.kernel.errors import ExpiredError
from backend.kernel.money import Money

UNPAID: Final = "The balance could not be had."


@dataclass(frozen=True)
class OrderSettlement:
    """Settles orders that are locked together with their bookings."""

    session: DbSession
    journal: OrderJournal
    bookings: OrderBookings
    stock: StockService
    coupons: CouponUses
    deals: Deals
    journeys: OrderJourneys

    def lock(self, *, subject: str) -> None:
        """Lock the order, and then its bookings."""
        queries.locked(self.session, subject)
        self.bookings.lock(order_id=subject)

    def commit(self, order: Order, *, now: datetime) -> None:
        """Sell what is kept for the order, and use up its coupons. ExpiredError when the units are gone."""
        if any(line.kind in {GOODS, TRAVEL} for line in queries.lines_of(self.session, [order.id])[order.id]):
            self.stock.commit(reference=order.id, now=now)
        self.coupons.commit(reference=order.id, now=now)

    def accept(
        self,
        *,
        subject: str,
        paid: Mapping[str, Money],
        asked: Collection[str],
        is_taken: bool,
        now: datetime,
    ) -> Collection[str]:
        """The money is sure: sell the goods, confirm what can be confirmed, ask providers for the rest.

        Of an order that was cancelled meanwhile nothing can be had; of another its goods, if they had to be
        given back while it was not paid.
        """
        order = self._order(subject)
        if order.status is not State.PLACED:
            return set(paid)
        lost = set(self.bookings.accept(order_id=subject, paid=paid, asked=asked, now=now))
        try:
            with self.session.begin_nested():
                self.commit(order, now=now)
        except ExpiredError:
            lost |= {part for part in paid if part.startswith(LINE)}
        action = Action.PAY if is_taken else Action.AUTHORISE
        self.journal.apply(order, action, actor_id=order.user_id, now=now, data={"lost": sorted(lost)})
        return lost

    def taken(self, *, subject: str, now: datetime) -> None:
        """All providers have answered, and what was agreed to is paid."""
        order = self._order(subject)
        if order.status is State.AUTHORISED:
            self.journal.apply(order, Action.PAY, actor_id=order.user_id, now=now)

    def add(self, *, subject: str, paid: Mapping[str, Money], now: datetime) -> None:
        """A balance was paid."""
        del now
        self.bookings.add_paid(order_id=subject, paid=paid)

    def release(self, *, subject: str, reason: str, now: datetime) -> None:
        """Give back everything that is kept for the order: it will not be paid."""
        order = self._order(subject)
        if order.status not in {State.PLACED, State.AUTHORISED}:
            return
        self.deals.release(reference=subject, now=now)
        self.bookings.release(order_id=subject, now=now)
        self.stock.release(reference=subject, now=now)
        self.stock.take_back(reference=subject, now=now)
        self.coupons.release(reference=subject, now=now)
        data = {"reason": reason}
        self.journal.apply(order, Action.CANCEL, actor_id=order.user_id, now=now, data=data)

    def unpaid(self, *, subject: str, parts: Collection[str], now: datetime) -> None:
        """The balance of these could not be had: they are cancelled as the rules say.

        An order of which nothing else is left is cancelled with them.
        """
        self.bookings.cancel_unpaid(order_id=subject, parts=parts, now=now)
        order = self._order(subject)
        lines = queries.lines_of(self.session, [order.id])[order.id]
        refunds, is_all = self.journeys.cancel_unpaid(lines, parts=parts, now=now)
        if is_all and order.status is State.PAID:
            self.deals.release(reference=subject, now=now)
            self.coupons.release(reference=subject, now=now)
            data = {"reason": UNPAID, "refunds": refunds}
            self.journal.apply(order, Action.CANCEL, actor_id=order.user_id, now=now, data=data)

    def _order(self, order_id: str) -> Order:
        return self.session.get_one(Order, order_id)
