"""What a cart costs: every figure comes from the one pricing function."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from backend.domains.catalog.entities import RETAIL
from backend.domains.checkout.bargained import CartDeals
from backend.domains.checkout.contents import Contents
from backend.domains.checkout.lookup import FoundItem, ItemLookup
from backend.domains.checkout.promises import as_promised, key_of, leaves_open, with_items_of
from backend.domains.coupons.eligibility import FailureCode
from backend.domains.currency.service import ExchangeRates
from backend.domains.identity.service import User
from backend.domains.pricing.customers import Customers
from backend.domains.pricing.deals import Deal
from backend.domains.pricing.entities import OrderPrice, Price
from backend.domains.pricing.known import Known
from backend.domains.pricing.order_quotes import OrderQuote, OrderQuotes
from backend.domains.pricing.orders import parcel_of
from backend.domains.pricing.records import written
from backend.domains.pricing.service import NotSoldError
from backend.domains.pricing.shipping import NO_DELIVERY, Delivery, ShippingOption, chosen_option
from backend.domains.pricing.wanted import Item, Wanted
from backend.domains.rules.service import RulesService
from backend.engine.decision import NearMiss
from backend.engine.vocabulary import Vocabulary
from backend.kernel.errors import ClimbUpError, ConflictError


class UnavailableError(ConflictError):
    """Something in the cart cannot be had; `extra["items"]` says what, why, and how much is left."""


class NothingSoldHereError(ConflictError):
    """Partners sell everything that is in the cart."""


@dataclass(frozen=True, slots=True)
class PricedItem:
    """An item and its price; None for one that cannot be had or that a partner sells, which costs nothing."""

    found: FoundItem
    price: Price | None


@dataclass(frozen=True, slots=True)
class PricedCart:
    """A cart as a customer sees it.

    `wanted` is what was priced and `price` what it costs; both None when there is nothing to buy in it, or
    when it could not be priced (then a notice says why). `shipping` are the ways of delivery of its goods,
    `expert` is who put it together for the customer.
    """

    contents: Contents
    items: tuple[PricedItem, ...]
    wanted: Wanted | None = None
    price: OrderPrice | None = None
    shipping: tuple[ShippingOption, ...] = ()
    near_misses: tuple[NearMiss, ...] = ()
    notices: tuple[str, ...] = ()
    expert: User | None = None

    @property
    def unknown_codes(self) -> int:
        """How many codes nobody offers."""
        left_out = self.price.redemption.left_out if self.price else ()
        return sum(failure.code is FailureCode.UNKNOWN for one in left_out for failure in one.failures)


@dataclass(frozen=True, slots=True)
class Quoted:
    """All items of a cart that are paid for here with their prices, and the quote that promises them.

    `external` are those that partners sell and that can be had there now.
    """

    items: tuple[tuple[FoundItem, Price], ...]
    quote: OrderQuote
    external: tuple[FoundItem, ...] = ()

    @property
    def price(self) -> OrderPrice:
        """What all of it costs."""
        return self.quote.price

    @property
    def expert_id(self) -> str | None:
        """The user who put it together for the customer, and has a share of each item and of the charges."""
        return self.quote.wanted.expert_id

    @property
    def has_goods(self) -> bool:
        """Whether something of it can be sent."""
        return any(found.product is not None and found.product.kind == RETAIL for found, _ in self.items)

    @property
    def sold_until(self) -> datetime | None:
        """When the first of its journeys starts; None without any."""
        starts = [found.starts_at for found, _ in self.items if found.item.product_id is not None]
        return min((start for start in starts if start is not None), default=None)

    @property
    def shipping(self) -> str | None:
        """The way of delivery; None without goods."""
        return self.quote.wanted.shipping if self.has_goods else None


@dataclass(frozen=True)
class CartPrices:
    """Prices carts."""

    lookup: ItemLookup
    quotes: OrderQuotes
    rules: RulesService
    customers: Customers
    rates: ExchangeRates
    bargained: CartDeals

    def of(
        self,
        contents: Contents,
        *,
        user_id: str | None,
        now: datetime,
    ) -> PricedCart:
        """The cart today. What cannot be had is told at its item and left out of the price.

        So is a deal that no longer counts, whose item has its usual price then.
        """
        everything = self.lookup.find(contents.items, user_id=user_id, now=now)
        found, deals = self.bargained.honoured(everything, user_id=user_id, now=now)
        contents = replace(contents, items=tuple(one.item for one in found))
        asked = _Asked(contents, user_id, deals)
        try:
            return self._priced(found, asked, now)
        except ClimbUpError as error:
            items = tuple(PricedItem(one, None) for one in found)
            return PricedCart(contents, items, notices=(*contents.notices, error.detail))

    def quoted(
        self,
        contents: Contents,
        *,
        user_id: str,
        token: str | None,
        now: datetime,
    ) -> Quoted:
        """All of the cart at the price promised by `token`, or else at today's. UnavailableError.

        What partners sell is told beside it and is no part of any price; NothingSoldHereError when that is
        all there is. CartChangedError when the promise was for something else; what `OrderQuotes` raises,
        also for deals that no longer count. A promise of deals alone may leave open how they are delivered
        and paid for: then the deals are kept, and the rest is priced by today's rules.
        """
        everything = self.lookup.find(contents.items, user_id=user_id, now=now)
        found = [one for one in everything if not one.is_external]
        _require_sold_here(found)
        _require_available(found)
        promised = None if token is None else self.quotes.redeem(token=token, user_id=user_id, now=now)
        if promised is not None:
            found = with_items_of(found, promised.wanted)
            contents = as_promised(contents, promised.wanted)
        contents = replace(contents, items=tuple(one.item for one in found))
        asked = _Asked(contents, user_id)
        delivery = self._delivery(found, asked, now)
        wanted = asked.wanted(found, delivery.options)
        _require_shipping(wanted, delivery.options, contents.shipping)
        if promised is None or leaves_open(promised.wanted, wanted):
            quote = self._promise(found, wanted, _known(found, delivery), now)
        else:
            quote = promised
        priced = dict(zip(map(key_of, quote.wanted.items), quote.price.items, strict=True))
        judged = [_judged(one, priced[key_of(one.item)]) for one in found]
        _require_available(judged)
        external = tuple(one for one in everything if one.is_external and one.unavailable is None)
        return Quoted(tuple((one, priced[key_of(one.item)]) for one in found), quote, external)

    def _promise(self, found: Sequence[FoundItem], wanted: Wanted, known: Known, now: datetime) -> OrderQuote:
        """A quote of it. UnavailableError names the items that a rule refuses to sell."""
        try:
            return self.quotes.make(wanted=wanted, now=now, known=known)
        except NotSoldError:
            price = self.quotes.preview(wanted=wanted, now=now, known=known)
            _require_available(_refused(found, price))
            raise

    def _priced(self, found: list[FoundItem], asked: "_Asked", now: datetime) -> PricedCart:
        """The price of what can be had. What rules refuse is left out, and the rest is priced again."""
        contents = asked.contents
        while any(one.is_charged for one in found):
            delivery = self._delivery(found, asked, now)
            wanted = asked.wanted(found, delivery.options)
            known = replace(_known(found, delivery), deals=asked.deals)
            price = self.quotes.preview(wanted=wanted, now=now, known=known)
            sold = _refused(found, price)
            if sold == found:
                prices = iter(price.items)
                items = [PricedItem(one, next(prices) if one.is_charged else None) for one in found]
                return PricedCart(
                    contents,
                    tuple(items),
                    wanted,
                    price,
                    _presented(delivery.options, price),
                    _told(price, self.rules.rulebook().vocabulary),
                    contents.notices,
                )
            found = sold
        items = [PricedItem(one, None) for one in found]
        return PricedCart(contents, tuple(items), notices=contents.notices)

    def _delivery(self, found: Sequence[FoundItem], asked: "_Asked", now: datetime) -> Delivery:
        """The ways of delivery of those goods that can be had."""
        goods = [
            (one.product, one.item.quantity)
            for one in found
            if one.is_charged and one.product is not None and one.product.kind == RETAIL
        ]
        if not goods:
            return NO_DELIVERY
        currency = _currency(found)
        foreign = sorted({product.price.currency for product, _ in goods} - {currency})
        customer = self.customers.customer(asked.user_id)
        parcel = parcel_of(
            [(product, quantity, product.price * quantity) for product, quantity in goods],
            currency=currency,
            rates={source: self.rates.rate(source=source, target=currency, at=now) for source in foreign},
            customer=replace(customer, country=asked.contents.country or customer.country),
        )
        return Delivery.of(self.rules.rulebook(), parcel, at=now)


@dataclass(frozen=True, slots=True)
class _Asked:
    """Whose cart is to be priced; `deals` are those that are known already."""

    contents: Contents
    user_id: str | None
    deals: Mapping[str, Deal] = field(default_factory=dict)

    def wanted(self, found: Sequence[FoundItem], options: Sequence[ShippingOption]) -> Wanted:
        """What of the cart can be had; goods the way that was chosen, or the first that is possible."""
        contents = self.contents
        shipping = chosen_option(options, contents.shipping)
        return Wanted(
            items=tuple(_item(one) for one in found if one.is_charged),
            user_id=self.user_id,
            cart_id=contents.id,
            codes=contents.codes,
            currency=contents.currency,
            payment_method=contents.payment_method,
            shipping=shipping.key if shipping else None,
            country=contents.country,
            expert_id=contents.expert_id,
        )


def _presented(options: Sequence[ShippingOption], price: OrderPrice) -> tuple[ShippingOption, ...]:
    """Ways of delivery at their prices in the currency in which the order is paid."""
    rates = {rate.source: rate for rate in price.rates if rate.target == price.currency}
    return tuple(
        replace(option, price=rates[option.price.currency].apply(option.price))
        if option.price.currency != price.currency
        else option
        for option in options
    )


def _told(price: OrderPrice, vocabulary: Vocabulary) -> tuple[NearMiss, ...]:
    """Near misses of all parts, each fact as staff write it."""
    return tuple(
        miss._replace(got=None if miss.got is None else written(miss.got, miss.fact, vocabulary))
        for part in price.parts
        for miss in part.near_misses
    )


def _currency(found: Sequence[FoundItem]) -> str:
    """The currency in which an order of what can be had is added up: that of most items."""
    sold = [one.product for one in found if one.is_charged and one.product is not None]
    return Counter(product.price.currency for product in sold).most_common(1)[0][0]


def _known(found: Sequence[FoundItem], delivery: Delivery) -> Known:
    return Known(
        {one.product.id: one.product for one in found if one.product is not None},
        {one.slot.id: one.slot for one in found if one.slot is not None},
        delivery,
    )


def _item(found: FoundItem) -> Item:
    item = found.item
    return Item(
        product_id=item.product_id,
        slot_id=item.slot_id,
        quantity=item.quantity,
        party=item.party,
        bargain_id=item.bargain_id,
    )


def _refused(found: Sequence[FoundItem], price: OrderPrice) -> list[FoundItem]:
    """The items, those that rules do not sell in a cart marked as such."""
    prices = iter(price.items)
    return [_judged(one, next(prices)) if one.is_charged else one for one in found]


def _judged(found: FoundItem, price: Price) -> FoundItem:
    if price.refusals:
        return found.without(" ".join(refusal.reason for refusal in price.refusals))
    return found


def _require_shipping(wanted: Wanted, options: Sequence[ShippingOption], asked: str | None) -> None:
    """UnavailableError when goods cannot be had in the way that was asked for, or in none."""
    if options and (wanted.shipping is None or asked not in {None, wanted.shipping}):
        refused = {one.key: one.refused_because for one in options if one.refused_because is not None}
        why = " ".join(refused.values()) or f"There is no such way of delivery as {asked}."
        raise UnavailableError(f"The goods cannot be delivered so. {why}", extra={"shipping": refused})


def _require_sold_here(found: Sequence[FoundItem]) -> None:
    if not found:
        raise NothingSoldHereError(
            "Partners sell what is in your cart, so there is nothing to pay here:"
            " POST /api/bookings/process-cart gives you links to their pages."
        )


def _require_available(found: Sequence[FoundItem]) -> None:
    lacking = [
        {"item_id": one.item.id, "name": one.name, "left": one.left, "reason": one.unavailable}
        for one in found
        if one.unavailable is not None
    ]
    if lacking:
        told = " ".join(f"{one['name']}: {one['reason']}" for one in lacking)
        raise UnavailableError(f"Not all of your cart can be had. {told}", extra={"items": lacking})
