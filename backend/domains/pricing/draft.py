"""One item's price in the making: each stage adds its lines to what the stages before it came to."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

from backend.domains.currency.rates import Rate
from backend.domains.pricing.deals import Deal
from backend.domains.pricing.entities import (
    BARGAIN,
    BASE,
    COUPON,
    EXPERT_FEE,
    FLOOR,
    PAYMENT_METHOD,
    TAX,
    Case,
    Instalment,
    Line,
    Order,
    Price,
    Redeemed,
    Refusal,
    RuleRef,
    Shares,
    TaxPart,
)
from backend.domains.pricing.taxes import TaxRate
from backend.engine.decision import Decision, Fired, NearMiss, price_lines
from backend.engine.effects import MinimumMargin, PriceEffect, Refuse, Require
from backend.engine.settlement_effects import Deposit, Fee
from backend.engine.vocabulary import Facts, Vocabulary
from backend.kernel.money import Money, total


class Draft:
    """A price in the making. `facts` are those of its next stage: their `base` is where it starts from.

    `subtotal` is the sum of the lines so far; `floor` is the lowest that it may come to, once that is known.
    """

    def __init__(
        self, lines: Sequence[Line], facts: Mapping[str, Any], currency: str, vocabulary: Vocabulary
    ) -> None:
        self.lines = list(lines)
        self.subtotal = total((line.amount for line in lines), currency)
        asked = {**facts, "base": self.subtotal, "currency": currency}
        self.facts = vocabulary.checked(known_facts(asked, vocabulary))
        self.agreed = False
        self.cost: Money | None = None
        self.deal: Deal | None = None
        self.floor = Money.zero(currency)
        self.near_misses: list[NearMiss] = []
        self.refusals: list[Refusal] = []
        self.requires_approval = False
        self.may_pass_floor: RuleRef | None = None
        self.below_floor_by: RuleRef | None = None
        self.rate: TaxRate | None = None
        self.taxes: tuple[TaxPart, ...] = ()
        self.due_later: tuple[Instalment, ...] = ()
        # What is sold, without what comes on top of it; in minor units, what is earned of it.
        self.goods = self.subtotal
        self.platform = self.expert = self.taken = 0

    @classmethod
    def of_case(cls, case: Case, vocabulary: Vocabulary) -> "Draft":
        """An item at its list price."""
        line = Line(BASE, case.label, case.base)
        made = cls([line], {**case.facts, "cost": case.cost}, case.base.currency, vocabulary)
        made.agreed, made.cost, made.deal = case.agreed, case.cost, case.deal
        return made

    @classmethod
    def of_charges(cls, order: Order, vocabulary: Vocabulary) -> "Draft | None":
        """What is for an order as a whole; None where it is neither shipped nor said how it is paid."""
        if order.shipping is None and order.facts.get(PAYMENT_METHOD) is None:
            return None
        lines = [] if order.shipping is None else [order.shipping]
        return cls(lines, order.facts, order.currency, vocabulary)

    def apply(self, stage: str, decision: Decision) -> None:
        """Add the lines of a stage."""
        before = len(self.lines)
        for fired, amount in price_lines(decision, self.subtotal):
            rule = RuleRef.of(decision.decision, fired)
            self.lines.append(Line(stage, fired.label, amount, rule))
            if isinstance(fired.effect, PriceEffect) and fired.effect.may_go_below_floor:
                self.may_pass_floor = rule
        if decision.fired:
            self._come_to(sum((line.amount for line in self.lines[before:]), self.subtotal))
        self.near_misses.extend(decision.near_misses)

    def strike_deal(self) -> None:
        """Come down to what the customer haggled out, unless the rules ask for less by now."""
        if self.deal is not None and self.deal.price < self.subtotal:
            self._add(Line(BARGAIN, self.deal.label, self.deal.price - self.subtotal))

    @property
    def open_to_coupons(self) -> Money:
        """What coupons may take something off: nothing of a deal that they do not come on top of."""
        zero = Money.zero(self.subtotal.currency)
        return zero if self.deal is not None and not self.deal.combines else max(self.subtotal, zero)

    def exchange(self, rate: Rate) -> None:
        """Go on in another currency; `cost` too, so that the floor is kept in it."""
        self._reprice(rate.apply_to_parts([line.amount for line in self.lines]), rate.target)
        self.cost = None if self.cost is None else rate.apply(self.cost)
        self.facts = self.facts.replace(base=self.subtotal, cost=self.cost, currency=rate.target)

    def take_off(self, reliefs: Iterable[tuple[Redeemed, Money]]) -> None:
        """Add a line for each coupon that takes something off, before that of a deal."""
        added: list[Line] = []
        for coupon, share in reliefs:
            if share:
                added.append(Line(COUPON, f"{coupon.label} ({coupon.code})", -share))
                if coupon.may_go_below_floor:
                    self.may_pass_floor = RuleRef(COUPON, coupon.code, file="", line=0)
        if added:
            end = len(self.lines)
            place = end - 1 if self.lines and self.lines[-1].stage == BARGAIN else end
            self.lines[place:place] = added
            self._come_to(sum((line.amount for line in added), self.subtotal))

    def keep_floor(self, decision: Decision) -> None:
        """Raise the price to the floor, unless a rule that fired may pass it; then say which."""
        floor, fired = self._floor(decision)
        self.floor = floor
        if self.subtotal >= floor:
            return
        if self.may_pass_floor is not None and self.subtotal.minor >= 0:
            self.below_floor_by = self.may_pass_floor
            return
        rule = RuleRef.of(FLOOR, fired) if fired else None
        label = fired.label if fired else "The lowest price."
        self._add(Line(FLOOR, label, floor - self.subtotal, rule))

    def _floor(self, decision: Decision) -> tuple[Money, Fired | None]:
        """The lowest price: cost and margin, and where prices include tax, this on top of them."""
        zero = Money.zero(self.subtotal.currency)
        if self.cost is None:
            return zero, None
        floors = [(self.cost, None), *_margins(decision, self.cost)]
        floor, fired = max(floors, key=lambda pair: pair[0].minor)
        return (floor if self.rate is None else self.rate.gross(floor)), fired

    def stand(self, goods: Money | None = None) -> None:
        """What is sold has its price; fees are of this amount, or of `goods`."""
        self.goods = self.subtotal if goods is None else goods
        if goods is not None:
            self._ask_of(goods)

    def charge_fees(self, stage: str, decision: Decision) -> None:
        """Add fees that the customer pays, and take the others out of the provider's share."""
        for fired in decision.fired:
            if isinstance(fired.effect, Fee):
                self._earn(stage, self._charge(stage, fired, fired.effect))
        self.near_misses.extend(decision.near_misses)

    def _charge(self, stage: str, fired: Fired, effect: Fee) -> int:
        """What a fee leaves to who earns it: tax that prices include is taken out of it, too."""
        fee = effect.of(self.goods)
        if not effect.is_paid_by_customer:
            left = self.goods.minor - self._included_tax(self.goods) - self.taken
            paid = max(min(fee.minor, left), 0)
            self.taken += paid
            return paid
        if fee:
            self._add(Line(stage, fired.label, fee, RuleRef.of(stage, fired)))
        return fee.minor - self._included_tax(fee)

    def _earn(self, stage: str, fee: int) -> None:
        if stage == EXPERT_FEE:
            self.expert += fee
        else:
            self.platform += fee

    def _included_tax(self, amount: Money) -> int:
        rate = self.rate
        return rate.tax(amount).minor if rate is not None and rate.included else 0

    def settle_tax(self, tax: Money | None) -> None:
        """Add the tax on the price: a line where it changes what is to be paid."""
        if self.rate is None or tax is None or not self.subtotal:
            return
        self.taxes = (self.rate.part(self.subtotal, tax),)
        change = self.rate.change(tax)
        if change:
            label = self.rate.reverse_charge or self.rate.label
            self._add(Line(TAX, label, change, self.rate.rule))

    def split_deposit(self, decision: Decision, today: date) -> None:
        """Put off the balance until its day, if that is still to come."""
        effect = next((one.effect for one in decision.fired if isinstance(one.effect, Deposit)), None)
        start = self.facts.values.get("start_date")
        self.near_misses.extend(decision.near_misses)
        if effect is None or not isinstance(start, date):
            return
        day = start - timedelta(days=effect.days_before)
        balance = self.subtotal - effect.of(self.subtotal)
        if day > today and balance:
            self.due_later = (Instalment(balance, day),)

    def permit(self, decision: Decision) -> None:
        """Note what refuses, and what asks for approval."""
        self.refusals.extend(refusals_of(decision))
        self.requires_approval = self.requires_approval or asks_approval(decision)
        self.near_misses.extend(decision.near_misses)

    def price(self) -> Price:
        """The finished price."""
        return Price(
            lines=tuple(self.lines),
            total=self.subtotal,
            near_misses=tuple(self.near_misses),
            refusals=tuple(self.refusals),
            requires_approval=self.requires_approval,
            below_floor_by=self.below_floor_by,
            taxes=self.taxes,
            shares=self._shares(),
            due_later=self.due_later,
        )

    def _shares(self) -> Shares:
        """The provider has the rest; a unit that rounding took too much of it is the platform's to bear."""
        tax = sum(part.paid.minor for part in self.taxes)
        rest = self.subtotal.minor - tax - self.platform - self.expert
        short = max(-rest, 0)
        amounts = (rest + short, self.platform - short, self.expert, tax)
        return Shares(*(Money(minor, self.subtotal.currency) for minor in amounts))

    def _add(self, line: Line) -> None:
        self.lines.append(line)
        self._come_to(self.subtotal + line.amount)

    def _come_to(self, subtotal: Money) -> None:
        self.subtotal = subtotal
        self._ask_of(subtotal)

    def _ask_of(self, base: Money) -> None:
        self.facts = self.facts.replace(base=base)

    def _reprice(self, amounts: Iterable[Money], currency: str) -> None:
        self.lines = [replace(line, amount=amount) for line, amount in zip(self.lines, amounts, strict=True)]
        self.subtotal = total((line.amount for line in self.lines), currency)


def known_facts(facts: Facts, vocabulary: Vocabulary) -> Facts:
    """Those that the vocabulary has: a rulebook may be older than a fact, and its rules do not ask for it."""
    return {name: value for name, value in facts.items() if name in vocabulary.facts}


def refusals_of(decision: Decision) -> list[Refusal]:
    """Why rules of a permission refuse."""
    return [
        Refusal(fired.effect.reason, RuleRef.of(decision.decision, fired))
        for fired in decision.fired
        if isinstance(fired.effect, Refuse)
    ]


def asks_approval(decision: Decision) -> bool:
    """Whether a rule of a permission wants the provider's approval."""
    return any(isinstance(fired.effect, Require) and fired.effect.approval for fired in decision.fired)


def _margins(decision: Decision, cost: Money) -> Iterable[tuple[Money, Fired]]:
    for fired in decision.fired:
        if isinstance(fired.effect, MinimumMargin):
            yield fired.effect.floor(cost), fired
