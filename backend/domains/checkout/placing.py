"""From a cart to an order: one transaction that takes everything or nothing."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from typing import Any, Final

from sqlalchemy.exc import IntegrityError

from backend.domains.bookings.orders import OrderBookings, Sale
from backend.domains.bookings.service import ON_SITE, PriceRoseError, QuoteUsedError
from backend.domains.bookings.terms import CARD, PaymentTerms
from backend.domains.catalog.stock import StockService
from backend.domains.checkout import queries
from backend.domains.checkout.bills import asked_of, claims_of
from backend.domains.checkout.cart_prices import CartPrices, Quoted
from backend.domains.checkout.carts import CartOwner, CartStore
from backend.domains.checkout.contents import Contents
from backend.domains.checkout.journal import OrderJournal
from backend.domains.checkout.models import Order
from backend.domains.checkout.orders import OrderView
from backend.domains.checkout.records import charge_lines, item_lines, price_document
from backend.domains.checkout.settling import OrderSettlement
from backend.domains.checkout.states import Action, State
from backend.domains.coupons.uses import CouponUses, Redemption
from backend.domains.payments.entities import PaymentView
from backend.domains.payments.service import Payments
from backend.domains.pricing.deals import Deals
from backend.domains.pricing.shipping import PICKUP
from backend.infra.after_commit import after_commit
from backend.infra.postgres import DbSession, violated
from backend.kernel import ids
from backend.kernel.errors import ConflictError, InvalidError
from backend.kernel.money import Money

ON_DELIVERY: Final = "on_delivery"
PAYMENT_METHODS: Final = (CARD, ON_DELIVERY, ON_SITE)
# Units and coupons are given back when a payment is let go; should that never happen, after this time.
KEPT_FOR: Final = timedelta(days=1)


class EmptyCartError(ConflictError):
    """There is nothing to check out."""


class CheckedOutError(ConflictError):
    """The cart became an order already."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckoutWish:
    """How somebody wants to buy what is in their cart.

    `quote_token` is a price that was promised for it; `max_total` what they would pay at most.
    """

    payment_method: str
    contact: Mapping[str, Any]
    shipping_address: Mapping[str, Any] | None = None
    shipping_option: str | None = None
    note: str = ""
    max_total: Money | None = None
    quote_token: str | None = None

    def of(self, contents: Contents) -> Contents:
        """The cart as it is to be priced: sent as was wished, to where was wished."""
        address = self.shipping_address or {}
        return replace(
            contents,
            shipping=self.shipping_option or contents.shipping,
            payment_method=self.payment_method,
            country=address.get("country") or contents.country,
        )


@dataclass(frozen=True)
class Checkout:
    """Places orders. Locks deals, seats, stock, coupons, in this order.

    The cart is taken away after the commit.
    """

    session: DbSession
    carts: CartStore
    prices: CartPrices
    bookings: OrderBookings
    stock: StockService
    coupons: CouponUses
    deals: Deals
    journal: OrderJournal
    payments: Payments
    terms: PaymentTerms
    settlement: OrderSettlement

    def place(self, *, owner: CartOwner, user_id: str, wish: CheckoutWish, now: datetime) -> OrderView:
        """Order what is in the cart, at the price that was promised or is today's.

        On any error nothing has changed. EmptyCartError, CheckedOutError, QuoteUsedError, PriceRoseError;
        UnavailableError, SlotTakenError, OutOfStockError, CouponLimitError say what is left of what;
        DealUsedError, DealGoneError for a price that was bargained for and does not count any more; the
        errors of `CartPrices.quoted`, InvalidError for a way of paying that does not fit.
        """
        self.terms.require_payable(wish.payment_method)
        contents = wish.of(self.carts.read(owner))
        if not contents.items:
            raise EmptyCartError("Your cart is empty; put something in with POST /api/cart/add.")
        quoted = self.prices.quoted(
            contents,
            user_id=user_id,
            token=wish.quote_token,
            now=now,
        )
        _require_at_most(wish.max_total, quoted.price.total)
        _require_fitting(wish, quoted)
        order = self._store(_order(user_id, wish, contents, quoted, now), contents)
        self._claim_deals(order, quoted, now)
        booked = self._book(order, quoted, wish.contact, now)
        lines = [*item_lines(order, quoted, booked), *charge_lines(order, quoted)]
        self.session.add_all(lines)
        self.journal.placed(order, now=now, data=_told(order))
        payment = self._ask_for_payment(order, quoted, booked, now)
        self._take_goods(order, quoted, now)
        self._use_coupons(order, quoted, now)
        if payment is None:
            # Paid when it is delivered or on site, or there is nothing to pay.
            self.settlement.commit(order, now=now)
            self.journal.apply(order, Action.CONFIRM, actor_id=user_id, now=now)
        after_commit(self.session, partial(self._empty, owner, contents))
        return OrderView(order, lines, payment)

    def _ask_for_payment(
        self, order: Order, quoted: Quoted, booked: Sequence[str], now: datetime
    ) -> PaymentView | None:
        """Ask for what is to be paid by card; None when nothing is."""
        if order.payment_method != CARD:
            return None
        starts = [
            found.slot.starts_at for found, price in quoted.items if found.slot and price.requires_approval
        ]
        bill = self.terms.bill(
            subject=order.id,
            user_id=order.user_id,
            description=f"Order {order.id}",
            claims=claims_of(quoted, booked),
            currency=order.currency,
            starts_at=min(starts, default=None),
            sold_until=quoted.sold_until,
            now=now,
        )
        payment = self.payments.ask(bill=bill, now=now)
        if payment is None:
            self.bookings.accept(order_id=order.id, paid={}, asked=asked_of(quoted, booked), now=now)
        return payment

    def _empty(self, owner: CartOwner, ordered: Contents) -> None:
        self.carts.change(owner, lambda cart: cart.without_ordered(ordered.items))

    def _store(self, order: Order, contents: Contents) -> Order:
        """Store the order; the database refuses a second one of the same quote or cart."""
        try:
            with self.session.begin_nested():
                self.session.add(order)
                self.session.flush()
        except IntegrityError as error:
            constraint = violated(error)
            if constraint == "uq_orders_cart":
                made = queries.of_cart(self.session, cart_id=contents.id, cart_version=contents.version)
                raise CheckedOutError(
                    f"This cart was checked out already: it became the order {made}.", extra={"order": made}
                ) from error
            if constraint == "uq_orders_quote_id":
                raise QuoteUsedError("This quote was used for an order; check out without it.") from error
            raise
        return order

    def _book(self, order: Order, quoted: Quoted, contact: Mapping[str, Any], now: datetime) -> Sequence[str]:
        sales = [
            Sale(one.item.slot_id, one.item.party, price.total, asks=price.requires_approval)
            for one, price in quoted.items
            if one.item.slot_id is not None
        ]
        if not sales:
            return ()
        return self.bookings.book(
            user_id=order.user_id,
            order_id=order.id,
            sales=sales,
            contact=contact,
            payment_method=ON_SITE if order.payment_method == ON_DELIVERY else order.payment_method,
            now=now,
        )

    def _take_goods(self, order: Order, quoted: Quoted, now: datetime) -> None:
        """Keep the units until they are paid for, or sold at once."""
        goods = [(one.item.thing, one.item.quantity) for one, _ in quoted.items if one.item.product_id]
        if goods:
            self.stock.reserve(lines=goods, reference=order.id, until=now + KEPT_FOR, now=now)

    def _claim_deals(self, order: Order, quoted: Quoted, now: datetime) -> None:
        bargains = [one.item.bargain_id for one, _ in quoted.items if one.item.bargain_id is not None]
        if bargains:
            self.deals.claim(bargain_ids=bargains, reference=order.id, now=now)

    def _use_coupons(self, order: Order, quoted: Quoted, now: datetime) -> None:
        redemptions = [
            Redemption(coupon.coupon_id, order.user_id, coupon.discount)
            for coupon in quoted.price.redemption.redeemed
        ]
        if redemptions:
            self.coupons.reserve(redemptions=redemptions, reference=order.id, until=now + KEPT_FOR, now=now)


def _require_at_most(max_total: Money | None, price: Money) -> None:
    if max_total is None:
        return
    if max_total.currency != price.currency:
        sentence = f"The price is in {price.currency}; say max_total in it too."
        raise InvalidError(sentence, errors={"max_total": [f"Must be in {price.currency}."]})
    if price > max_total:
        raise PriceRoseError(
            f"The price is {price}, more than the {max_total} you would pay; nothing was ordered.",
            extra={"price": _money(price)},
        )


def _require_fitting(wish: CheckoutWish, quoted: Quoted) -> None:
    """InvalidError for a payment at a door to which nothing goes, or none at one to which something does."""
    if quoted.has_goods and quoted.shipping is None:
        _refuse("quote_token", "The quote has no way of delivery; ask for one with shipping.")
    sent = quoted.shipping not in {None, PICKUP}
    if sent and wish.shipping_address is None:
        _refuse("shipping_address", "The order is sent: say where to, or choose shipping_option pickup.")
    if wish.payment_method == CARD:
        return
    if sent and wish.payment_method != ON_DELIVERY:
        _refuse("payment_method", f"What is sent is paid by {CARD} or {ON_DELIVERY}.")
    if not quoted.has_goods and wish.payment_method != ON_SITE:
        _refuse("payment_method", f"Nothing of this order is delivered; it is paid by {CARD} or {ON_SITE}.")


def _refuse(field: str, sentence: str) -> None:
    raise InvalidError(sentence, errors={field: [sentence]})


def _order(user_id: str, wish: CheckoutWish, contents: Contents, quoted: Quoted, now: datetime) -> Order:
    sent = quoted.shipping not in {None, PICKUP}
    return Order(
        id=ids.new_id(ids.ORDER),
        user_id=user_id,
        state=State.PLACED.value,
        currency=quoted.price.total.currency,
        total_minor=quoted.price.total.minor,
        quote_id=quoted.quote.id,
        cart_id=contents.id,
        cart_version=contents.version,
        payment_method=wish.payment_method,
        shipping_option=quoted.shipping,
        contact=dict(wish.contact),
        shipping_address=dict(wish.shipping_address or {}) if sent else None,
        note=wish.note,
        price=price_document(quoted.price),
        version=1,
        placed_at=now,
        changed_at=now,
    )


def _told(order: Order) -> dict[str, Any]:
    return {"total": _money(order.total), "quote_id": order.quote_id, "payment_method": order.payment_method}


def _money(money: Money) -> dict[str, Any]:
    return {"amount": money.minor, "currency": money.currency}
