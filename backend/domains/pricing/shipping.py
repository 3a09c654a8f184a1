"""Ways of delivery for a parcel, and what each costs: the decision `shipping` of the rules. Pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from backend.domains.catalog.entities import RETAIL, Product
from backend.domains.pricing.draft import refusals_of
from backend.domains.pricing.entities import SHIPPING, Line, RuleRef
from backend.engine.decision import Decision, price_lines
from backend.engine.rulebook import Rulebook
from backend.kernel.money import Money, total

STANDARD: Final = "standard"
EXPRESS: Final = "express"
PICKUP: Final = "pickup"
# In the order in which they are shown; the first that is not refused is what who does not choose gets.
LABELS: Final = {STANDARD: "Standard delivery", EXPRESS: "Express delivery", PICKUP: "Collection in the shop"}


@dataclass(frozen=True, slots=True)
class Parcel:
    """The goods of an order: `weight_grams` of those whose weight is known, `goods_total` before coupons.

    `country` is where it goes (ISO 3166-1 alpha-2), None while that is not known.
    """

    weight_grams: int
    goods_total: Money
    country: str | None = None
    loyalty_tier: str | None = None


@dataclass(frozen=True, slots=True)
class ShippingOption:
    """A way of delivery: its price, or why it is refused; `rule` is the one that says so, if any."""

    key: str
    label: str
    price: Money
    refused_because: str | None = None
    rule: RuleRef | None = None

    @property
    def line(self) -> Line:
        """What it adds to an order."""
        return Line(SHIPPING, self.label, self.price, self.rule)


@dataclass(frozen=True, slots=True)
class Delivery:
    """The ways of delivery for a parcel; none without one."""

    parcel: Parcel | None = None
    options: tuple[ShippingOption, ...] = ()

    @classmethod
    def of(cls, rulebook: Rulebook, parcel: Parcel | None, *, at: datetime) -> "Delivery":
        """As the rules have it at the instant `at`."""
        if parcel is None:
            return NO_DELIVERY
        return cls(parcel, tuple(shipping_options(rulebook, parcel, at=at)))


NO_DELIVERY: Final = Delivery()


def weight_of(goods: Iterable[tuple[Product, int]]) -> int:
    """What so many of each retail product weigh together, in grams; other kinds are not sent."""
    return sum(
        (product.weight_grams or 0) * quantity for product, quantity in goods if product.kind == RETAIL
    )


def shipping_options(rulebook: Rulebook, parcel: Parcel, *, at: datetime) -> list[ShippingOption]:
    """Every way of delivery for the parcel, the refused ones too.

    Under a rulebook that lacks the decision, from before anything was delivered, goods are collected.
    """
    free = Money.zero(parcel.goods_total.currency)
    if SHIPPING not in rulebook.decisions:
        return [ShippingOption(PICKUP, LABELS[PICKUP], free)]
    keys = [key for key in LABELS if key in rulebook.vocabulary.facts["shipping_option"].values]
    cases = [{**_facts(parcel), "shipping_option": key, "base": free} for key in keys]
    decisions = rulebook.decide_many(SHIPPING, cases, at=at)
    return [_option(key, decision, free) for key, decision in zip(keys, decisions, strict=True)]


def chosen_option(options: Sequence[ShippingOption], wanted: str | None) -> ShippingOption | None:
    """The option that is `wanted` if it is not refused, else the first that is not; None if all are."""
    possible = [option for option in options if option.refused_because is None]
    return next((option for option in possible if option.key == wanted), possible[0] if possible else None)


def _facts(parcel: Parcel) -> dict[str, object]:
    return {
        "weight_grams": parcel.weight_grams,
        "goods_total": parcel.goods_total,
        "currency": parcel.goods_total.currency,
        "customer_country": parcel.country,
        "loyalty_tier": parcel.loyalty_tier,
    }


def _option(key: str, decision: Decision, free: Money) -> ShippingOption:
    refusals = refusals_of(decision)
    if refusals:
        return ShippingOption(key, LABELS[key], free, refusals[0].reason, refusals[0].rule)
    lines = price_lines(decision, free)
    rule = RuleRef.of(SHIPPING, lines[-1][0]) if lines else None
    return ShippingOption(key, LABELS[key], total((amount for _, amount in lines), free.currency), None, rule)
