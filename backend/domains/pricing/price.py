"""The pricing function: facts in, explained lines out. Pure; every price of the product comes from here.

The stages follow one another in the order of `LINE_STAGES`. Percentages of one stage are of what the stage
started from, so rules of one stage add up and stages compound. Stages of items are decided for all of
them in one pass of the engine; coupons, shipping and ways of paying are for each order as a whole.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from backend.domains.pricing.draft import Draft
from backend.domains.pricing.entities import (
    CONVENIENCE_FEE,
    DEPOSIT,
    EXPERT_FEE,
    FLOOR,
    PERMISSIONS,
    PLATFORM_FEE,
    STAGES,
    TAX,
    Case,
    Order,
    OrderPrice,
    Price,
    Redemption,
)
from backend.domains.pricing.presenting import presented
from backend.domains.pricing.taxes import TaxRate, taxes_of
from backend.engine.decision import Decision
from backend.engine.decision_table import zone_of
from backend.engine.rulebook import Rulebook
from backend.kernel.money import Money, total


def price(rulebook: Rulebook, case: Case, *, at: datetime) -> Price:
    """The price of one case at the instant `at`, with the rules that nearly fired."""
    return price_many(rulebook, [case], at=at, explain=True)[0]


def price_many(
    rulebook: Rulebook, cases: Sequence[Case], *, at: datetime, explain: bool = False
) -> list[Price]:
    """The prices of many cases, each by itself."""
    orders = [Order.of(case) for case in cases]
    return [found.items[0] for found in price_orders(rulebook, orders, at=at, explain=explain)]


def price_and_floor(rulebook: Rulebook, case: Case, *, at: datetime) -> tuple[Price, Money]:
    """The price of one case, and the lowest that a discount, coupon or deal could bring it down to."""
    pricing = _Pricing(rulebook, [Order.of(case)], at, explain=False)
    (found,) = pricing.prices()
    return found.items[0], pricing.items[0].floor


def price_orders(
    rulebook: Rulebook, orders: Sequence[Order], *, at: datetime, explain: bool = False
) -> list[OrderPrice]:
    """The prices of many orders in one pass of the engine for each stage."""
    return _Pricing(rulebook, orders, at, explain=explain).prices()


@dataclass
class _OrderDraft:
    """An order in the making; `charges` are what is for it as a whole."""

    order: Order
    items: list[Draft]
    charges: Draft | None
    redemption: Redemption = field(default_factory=Redemption)

    @property
    def parts(self) -> list[Draft]:
        return self.items if self.charges is None else [*self.items, self.charges]

    def exchange(self) -> None:
        """Bring all items to the order's currency."""
        for item in self.items:
            if item.subtotal.currency != self.order.currency:
                item.exchange(self.order.rates[item.subtotal.currency])

    def redeem(self) -> None:
        """Take coupons off the items and off shipping."""
        amounts = [item.open_to_coupons for item in self.items]
        shipping = Money.zero(self.order.currency) if self.charges is None else self.charges.subtotal
        self.redemption = self.order.redeem(amounts, shipping)
        redeemed = self.redemption.redeemed
        for number, item in enumerate(self.items):
            item.take_off((coupon, coupon.shares[number]) for coupon in redeemed)
        if self.charges is not None:
            self.charges.take_off((coupon, coupon.shipping) for coupon in redeemed)

    def settle_taxes(self) -> None:
        """Tax what is sold and what comes on top of it."""
        rated = [(part.rate, part.subtotal) for part in self.parts]
        found = taxes_of(rated, by_invoice=self.order.tax_by_invoice)
        for part, tax in zip(self.parts, found, strict=True):
            part.settle_tax(tax)

    def total(self) -> Money:
        """Everything so far."""
        return total((part.subtotal for part in self.parts), self.order.currency)

    def price(self) -> OrderPrice:
        """The finished price."""
        nothing = Price((), Money.zero(self.order.currency))
        finished = OrderPrice(
            items=tuple(item.price() for item in self.items),
            charges=nothing if self.charges is None else self.charges.price(),
            redemption=self.redemption,
            rates=tuple(self.order.rates.values()),
        )
        return finished if self.order.presented is None else presented(finished, self.order.presented)


class _Pricing:
    """One pass over many orders; a decision that the rulebook lacks, being older than it, changes nothing."""

    def __init__(self, rulebook: Rulebook, orders: Sequence[Order], at: datetime, *, explain: bool) -> None:
        self.rulebook = rulebook
        self.at = at
        self.explain = explain
        self.orders = [self._draft(order) for order in orders]
        self.items = [item for order in self.orders for item in order.items]

    def _draft(self, order: Order) -> _OrderDraft:
        vocabulary = self.rulebook.vocabulary
        items = [Draft.of_case(case, vocabulary) for case in order.cases]
        return _OrderDraft(order, items, Draft.of_charges(order, vocabulary))

    def prices(self) -> list[OrderPrice]:
        """Stage by stage."""
        adjusted = [item for item in self.items if not item.agreed]
        for stage in STAGES:
            for item, decision in self._decide(stage, adjusted):
                item.apply(stage, decision)
        for item in self.items:
            item.strike_deal()
        for order in self.orders:
            order.exchange()
            order.redeem()
        self._rate_taxes()
        self._keep_floors()
        self._charge_fees()
        for order in self.orders:
            order.settle_taxes()
        self._split_deposits()
        for permission in PERMISSIONS:
            for item, decision in self._decide(permission, self.items):
                item.permit(decision)
        return [order.price() for order in self.orders]

    def _rate_taxes(self) -> None:
        """Which tax each part has: asked before the floor, which has to leave room for it.

        Rates that were nearly another country's explain nothing, nor do fees that were nearly others.
        """
        parts = [part for order in self.orders for part in order.parts]
        for part, decision in self._decide(TAX, parts, explain=False):
            part.rate = TaxRate.of(decision)

    def _keep_floors(self) -> None:
        for item, decision in self._decide(FLOOR, self.items, explain=False):
            item.keep_floor(decision)
        for item in self.items:
            item.stand()

    def _charge_fees(self) -> None:
        for stage in (PLATFORM_FEE, EXPERT_FEE):
            for item, decision in self._decide(stage, self.items, explain=False):
                item.charge_fees(stage, decision)
        charges = []
        for order in self.orders:
            if order.charges is not None:
                order.charges.stand(order.total())
                charges.append(order.charges)
        for part, decision in self._decide(CONVENIENCE_FEE, charges, explain=False):
            part.charge_fees(CONVENIENCE_FEE, decision)

    def _split_deposits(self) -> None:
        for item, decision in self._decide(DEPOSIT, self.items):
            today = self.at.astimezone(zone_of(item.facts.values)).date()
            item.split_deposit(decision, today)

    def _decide(
        self, decision: str, drafts: Sequence[Draft], *, explain: bool = True
    ) -> Iterable[tuple[Draft, Decision]]:
        if decision not in self.rulebook.decisions:
            return ()
        facts = [draft.facts for draft in drafts]
        explained = explain and self.explain
        decisions = self.rulebook.decide_many(decision, facts, at=self.at, explain=explained)
        return zip(drafts, decisions, strict=True)
