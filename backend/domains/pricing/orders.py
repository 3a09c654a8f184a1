"""From what somebody wants to an order that can be priced: products, slots, coupons, delivery and rates."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from backend.domains.availability.entities import Slot
from backend.domains.availability.service import AvailabilityService
from backend.domains.catalog.entities import COUNTED, EXTERNAL, RETAIL, SLOT, Category, Product
from backend.domains.catalog.service import CatalogService
from backend.domains.coupons.baskets import OrdersMade, category_path
from backend.domains.coupons.eligibility import Basket, BasketLine, Shopper
from backend.domains.coupons.service import Candidates, CouponService
from backend.domains.coupons.stacking import Applied
from backend.domains.currency.rates import Rate
from backend.domains.currency.service import ExchangeRates
from backend.domains.pricing.customers import Customers
from backend.domains.pricing.deals import DealMismatchError, Deals
from backend.domains.pricing.entities import (
    PAYMENT_METHOD,
    Case,
    Line,
    Order,
    Redeem,
    Redeemed,
    Redemption,
    no_coupons,
)
from backend.domains.pricing.facts import Customer, House, customer_facts, slot_case, unit_case
from backend.domains.pricing.known import Known
from backend.domains.pricing.service import require_room
from backend.domains.pricing.shipping import Delivery, Parcel, weight_of
from backend.domains.pricing.wanted import Item, Wanted
from backend.engine.rulebook import Rulebook
from backend.kernel.errors import InvalidError, NotFoundError
from backend.kernel.money import Money, total

# How products are had that are not bought by the unit, by their kind.
_HOW_ELSE: Final = {
    SLOT: "{0.name} is sold by the slot: take a slot_id from GET /api/bookings.",
    EXTERNAL: "{0.name} is sold by {0.partner}: make a link to it with POST /api/affiliate/links.",
}


class NotForSaleError(NotFoundError):
    """A product that is not sold, or not in this way."""


@dataclass(frozen=True, slots=True)
class _Thing:
    """An item with what was found of it."""

    item: Item
    product: Product
    slot: Slot | None


@dataclass(frozen=True)
class Orders:
    """Looks up what an order is made of."""

    catalog: CatalogService
    availability: AvailabilityService
    customers: Customers
    coupons: CouponService
    rates: ExchangeRates
    house: House
    orders_made: OrdersMade
    deals: Deals

    def order(self, *, wanted: Wanted, known: Known, rulebook: Rulebook, now: datetime) -> Order:
        """The order of what is wanted.

        Raises NotForSaleError, PartyError, what `AvailabilityService.slot` raises for a slot that is not
        offered, what `Deals.deal` raises for an item's bargain, RateMissingError, and InvalidError for a
        way of delivery that is refused.
        """
        things = self._things(wanted, known, now)
        customer = self._customer(wanted)
        cases = tuple(
            self._dealt(self._case(thing, customer, now), thing.item, wanted.user_id, known, now)
            for thing in things
        )
        currency = _currency(cases)
        rates = self._rates(cases, currency, now)
        return Order(
            cases=cases,
            currency=currency,
            facts={
                PAYMENT_METHOD: wanted.payment_method,
                **customer_facts(customer),
                **self.house.tax_facts(_taxed_like(things), customer),
            },
            redeem=self._redeem(things, cases, customer, wanted, rulebook, now),
            shipping=_shipping(_delivery(things, cases, rates, customer, known, rulebook, now), wanted),
            rates=rates,
            presented=self._presented(wanted.currency, currency, now),
            tax_by_invoice=self.house.tax_by_invoice,
        )

    def case(self, *, item: Item, user_id: str | None, now: datetime) -> tuple[Case, Product, Slot | None]:
        """The case of one item at the price of the rules alone, of which product, and of which slot.

        Raises what `order` does for an item.
        """
        (thing,) = self._things(Wanted((item,), user_id), Known(), now)
        return self._case(thing, self.customers.customer(user_id), now), thing.product, thing.slot

    def _dealt(self, case: Case, item: Item, user_id: str | None, known: Known, now: datetime) -> Case:
        """The case with the deal that the item names."""
        if item.bargain_id is None:
            return case
        deal = known.deals.get(item.bargain_id) or self.deals.deal(
            bargain_id=item.bargain_id,
            product_id=item.product_id,
            slot_id=item.slot_id,
            quantity=item.quantity,
            party=item.party,
            user_id=user_id,
            now=now,
        )
        if deal.price.currency != case.base.currency:
            raise DealMismatchError(
                f"{case.label} is sold in {case.base.currency} by now, and the price was agreed on in"
                f" {deal.price.currency}; bargain for it again."
            )
        return replace(case, deal=deal)

    def _things(self, wanted: Wanted, known: Known, now: datetime) -> list[_Thing]:
        asked = {item.product_id for item in wanted.items if item.product_id is not None}
        unknown = asked - known.products.keys()
        read = self.catalog.products(product_ids=unknown) if unknown else {}
        found = replace(known, products={**known.products, **read})
        return [self._thing(item, found, wanted.user_id, now) for item in wanted.items]

    def _thing(self, item: Item, known: Known, user_id: str | None, now: datetime) -> _Thing:
        if item.slot_id is not None:
            slot = known.slots.get(item.slot_id)
            slot = slot or self.availability.slot(slot_id=item.slot_id, now=now, user_id=user_id)
            require_room(slot, item.party)
            return _Thing(item, slot.product, slot)
        product = known.products.get(item.product_id or "")
        if product is None or not product.is_active:
            raise NotForSaleError(f"There is no product {item.product_id} to be had.")
        if product.kind not in COUNTED:
            raise NotForSaleError(_HOW_ELSE[product.kind].format(product), extra={"product_id": product.id})
        begun = product.begun_notice(now)
        if begun is not None:
            raise NotForSaleError(f"{product.name}: {begun}", extra={"product_id": product.id})
        return _Thing(item, product, None)

    def _case(self, thing: _Thing, customer: Customer, now: datetime) -> Case:
        if thing.slot is not None:
            return slot_case(thing.slot, party=thing.item.party, customer=customer, house=self.house, now=now)
        quantity = thing.item.quantity
        return unit_case(thing.product, quantity=quantity, customer=customer, house=self.house, now=now)

    def _customer(self, wanted: Wanted) -> Customer:
        known = self.customers.customer(wanted.user_id)
        country = wanted.country or known.country
        return replace(known, country=country, expert_id=wanted.expert_id)

    def _shopper(self, customer: Customer, wanted: Wanted, candidates: Candidates) -> Shopper:
        """What coupons may know of who buys; orders are counted where a coupon is for the first one alone."""
        tier = customer.loyalty_tier or "none"
        orders = 0
        if wanted.user_id is not None and candidates.ask_for_orders:
            orders = self.orders_made(wanted.user_id)
        return Shopper(wanted.user_id, tier, customer.country, orders)

    def _rates(self, cases: Sequence[Case], currency: str, now: datetime) -> dict[str, Rate]:
        sources = sorted({case.base.currency for case in cases} - {currency})
        return {source: self.rates.rate(source=source, target=currency, at=now) for source in sources}

    def _presented(self, target: str | None, currency: str, now: datetime) -> Rate | None:
        if target is None or target == currency:
            return None
        return self.rates.rate(source=currency, target=target, at=now)

    def _redeem(
        self,
        things: Sequence[_Thing],
        cases: Sequence[Case],
        customer: Customer,
        wanted: Wanted,
        rulebook: Rulebook,
        now: datetime,
    ) -> Redeem:
        """What the codes do for the items at the prices that they will have come to."""
        if not wanted.codes:
            return no_coupons
        candidates = self.coupons.candidates(
            codes=wanted.codes,
            user_id=wanted.user_id,
            customer_id=wanted.user_id or wanted.cart_id,
            now=now,
        )
        shopper = self._shopper(customer, wanted, candidates)
        categories = self.catalog.categories() if candidates.ask_for_categories else []
        tree = {category.slug: category for category in categories}

        def redeem(items: Sequence[Money], shipping: Money) -> Redemption:
            lines = tuple(
                _basket_line(thing, case, amount, tree)
                for thing, case, amount in zip(things, cases, items, strict=True)
            )
            best = candidates.best(Basket(lines, shipping, shopper, now), rulebook)
            return Redemption(tuple(_redeemed(applied) for applied in best.applied), best.left_out)

        return redeem


def _currency(cases: Sequence[Case]) -> str:
    """The currency in which the order is added up: that of most items, of equal ones the first."""
    if not cases:
        sentence = "There is nothing to price; name at least one item."
        raise InvalidError(sentence, errors={"items": [sentence]})
    counted = Counter(case.base.currency for case in cases)
    return counted.most_common(1)[0][0]


def _taxed_like(things: Sequence[_Thing]) -> str:
    """The kind of product like which charges on the whole order are taxed: goods, if there are any."""
    return RETAIL if any(thing.product.kind == RETAIL for thing in things) else SLOT


def _delivery(
    things: Sequence[_Thing],
    cases: Sequence[Case],
    rates: Mapping[str, Rate],
    customer: Customer,
    known: Known,
    rulebook: Rulebook,
    now: datetime,
) -> Delivery:
    """The ways of delivery of the goods among these things."""
    parcel = parcel_of(
        [(thing.product, thing.item.quantity, case.base) for thing, case in zip(things, cases, strict=True)],
        currency=_currency(cases),
        rates=rates,
        customer=customer,
    )
    return known.delivery if known.delivery.parcel == parcel else Delivery.of(rulebook, parcel, at=now)


def _shipping(delivery: Delivery, wanted: Wanted) -> Line | None:
    """The way of delivery that is wanted, for an order with goods. InvalidError when it is refused."""
    if delivery.parcel is None or wanted.shipping is None:
        return None
    chosen = next((option for option in delivery.options if option.key == wanted.shipping), None)
    if chosen is None or chosen.refused_because is not None:
        reason = "It is not offered." if chosen is None else chosen.refused_because
        raise InvalidError(f"Delivery by {wanted.shipping}: {reason}", errors={"shipping": [str(reason)]})
    return chosen.line


def parcel_of(
    bought: Iterable[tuple[Product, int, Money]],
    *,
    currency: str,
    rates: Mapping[str, Rate],
    customer: Customer,
) -> Parcel | None:
    """The goods among what is bought: product, how many, and their list price. None without any."""
    goods = [one for one in bought if one[0].kind == RETAIL]
    if not goods:
        return None
    amounts = [
        amount if amount.currency == currency else rates[amount.currency].apply(amount)
        for _, _, amount in goods
    ]
    return Parcel(
        weight_grams=weight_of((product, quantity) for product, quantity, _ in goods),
        goods_total=total(amounts, currency),
        country=customer.country,
        loyalty_tier=customer.loyalty_tier,
    )


def _basket_line(thing: _Thing, case: Case, amount: Money, tree: Mapping[str, Category]) -> BasketLine:
    product = thing.product
    return BasketLine(
        product_id=product.id,
        kind=product.kind,
        categories=category_path([product.subcategory, product.category], tree),
        quantity=thing.item.quantity if thing.slot is None else 1,
        amount=amount,
        agreed=case.deal is not None and not case.deal.combines,
    )


def _redeemed(applied: Applied) -> Redeemed:
    coupon, relief = applied.coupon, applied.relief
    return Redeemed(
        coupon.id, coupon.code, coupon.label, relief.shares, relief.shipping, coupon.may_go_below_floor
    )
