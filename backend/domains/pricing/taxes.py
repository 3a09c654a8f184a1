"""Value added tax: which rate a thing has, and how much of an amount it is. Pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import ROUND_CEILING, Decimal

from backend.domains.pricing.entities import RuleRef, TaxPart
from backend.engine.decision import Decision, Fired
from backend.engine.settlement_effects import ReverseCharge, Tax
from backend.kernel.money import HUNDRED, Money, total


@dataclass(frozen=True, slots=True)
class TaxRate:
    """A rate of tax as rules gave it; `reverse_charge` is why the customer owes it, None when we do."""

    label: str
    percent: Decimal
    included: bool
    rule: RuleRef
    reverse_charge: str | None = None

    @classmethod
    def of(cls, decision: Decision) -> "TaxRate | None":
        """The rate that a decision comes to: its first one; None when no rule has one."""
        fired = next((one for one in decision.fired if isinstance(one.effect, Tax)), None)
        if fired is None:
            return None
        effect = fired.effect
        assert isinstance(effect, Tax)  # noqa: S101 (chosen for it)
        return cls(
            label=fired.label,
            percent=effect.percent,
            included=effect.included,
            rule=RuleRef.of(decision.decision, fired),
            reverse_charge=_reverse_charge(decision.fired),
        )

    @property
    def key(self) -> tuple[object, ...]:
        """What amounts have in common that are taxed together on an invoice."""
        return (self.percent, self.included, self.reverse_charge, self.label)

    def tax(self, amount: Money) -> Money:
        """The tax in `amount`, where prices include it, else on top of it."""
        if self.included:
            return amount * (self.percent / (HUNDRED + self.percent))
        return amount.percent(self.percent)

    def gross(self, net: Money) -> Money:
        """The lowest price that leaves `net` once the included tax is taken out."""
        if not self.included:
            return net
        exact = Decimal(net.minor) * (HUNDRED + self.percent) / HUNDRED
        return Money(int(exact.to_integral_value(rounding=ROUND_CEILING)), net.currency)

    def part(self, amount: Money, tax: Money) -> TaxPart:
        """The `tax` in or on `amount`, told."""
        net = amount - tax if self.included else amount
        return TaxPart(self.label, self.percent, net, tax, self.included, self.rule, self.reverse_charge)

    def change(self, tax: Money) -> Money:
        """What the tax adds to the price asked."""
        if self.reverse_charge is not None:
            return -tax if self.included else Money.zero(tax.currency)
        return Money.zero(tax.currency) if self.included else tax


def taxes_of(rated: Sequence[tuple[TaxRate | None, Money]], *, by_invoice: bool) -> list[Money | None]:
    """The tax of each amount at its rate; None where there is no rate.

    By line, each is rounded by itself. By invoice, the amounts of one rate are taxed together, and what
    that comes to is divided among them, so that the shares sum exactly.
    """
    if not by_invoice:
        return [None if rate is None else rate.tax(amount) for rate, amount in rated]
    found: list[Money | None] = [None] * len(rated)
    by_rate: dict[tuple[object, ...], list[int]] = {}
    for number, (rate, _) in enumerate(rated):
        if rate is not None:
            by_rate.setdefault(rate.key, []).append(number)
    for numbers in by_rate.values():
        rate = rated[numbers[0]][0]
        assert rate is not None  # noqa: S101 (chosen for it)
        for number, tax in zip(numbers, _together(rate, [rated[at][1] for at in numbers]), strict=True):
            found[number] = tax
    return found


def _together(rate: TaxRate, amounts: Sequence[Money]) -> list[Money]:
    whole = total(amounts, amounts[0].currency)
    if not whole:
        return [whole] * len(amounts)
    return rate.tax(whole).split([amount.minor for amount in amounts])


def _reverse_charge(fired: Iterable[Fired]) -> str | None:
    return next((one.effect.reason for one in fired if isinstance(one.effect, ReverseCharge)), None)
