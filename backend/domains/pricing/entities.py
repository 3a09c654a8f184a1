"""Prices as values: what is priced, the lines that explain it, its taxes, and who gets what of it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any, Final

from backend.domains.coupons.stacking import LeftOut
from backend.domains.currency.rates import Rate
from backend.domains.pricing.deals import Deal
from backend.engine.decision import Fired, NearMiss
from backend.kernel.money import Money, total

BASE: Final = "base"
# Each item by itself, in this order.
STAGES: Final = (BASE, "experience", "peak_hours", "occupancy", "group_discount", "markup")
COUPON: Final = "coupon"
BARGAIN: Final = "bargain"
FLOOR: Final = "floor"
PLATFORM_FEE: Final = "platform_fee"
EXPERT_FEE: Final = "expert_fee"
SHIPPING: Final = "shipping"
CONVENIENCE_FEE: Final = "convenience_fee"
TAX: Final = "tax"
DEPOSIT: Final = "deposit"
PAYMENT_METHOD: Final = "payment_method"
# In which order lines of a price stand.
LINE_STAGES: Final = (
    *STAGES,
    COUPON,
    BARGAIN,
    FLOOR,
    PLATFORM_FEE,
    EXPERT_FEE,
    SHIPPING,
    CONVENIENCE_FEE,
    TAX,
)
VALIDATION: Final = "validation"
PERMISSIONS: Final = ("availability", VALIDATION)


@dataclass(frozen=True, slots=True)
class RuleRef:
    """Where a rule stands."""

    decision: str
    id: str
    file: str
    line: int

    @classmethod
    def of(cls, decision: str, fired: Fired) -> "RuleRef":
        """The place of a rule that fired."""
        return cls(decision, fired.rule, fired.file, fired.line)


@dataclass(frozen=True, slots=True)
class Line:
    """One signed amount of a price: which stage, what the customer reads, and the rule behind it."""

    stage: str
    label: str
    amount: Money
    rule: RuleRef | None = None


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why it is not sold, in words for the customer, and the rule that says so."""

    reason: str
    rule: RuleRef


@dataclass(frozen=True, slots=True)
class TaxPart:
    """The tax on `net` at `percent`. With `reverse_charge` the customer owes it, and nothing is paid here."""

    label: str
    percent: Decimal
    net: Money
    tax: Money
    included: bool
    rule: RuleRef
    reverse_charge: str | None = None

    @property
    def paid(self) -> Money:
        """What the customer pays of it with the price."""
        return self.tax if self.reverse_charge is None else Money.zero(self.tax.currency)


@dataclass(frozen=True, slots=True)
class Instalment:
    """A balance and the day on which it is due."""

    amount: Money
    on: date


@dataclass(frozen=True, slots=True)
class Shares:
    """Who gets what of a price; the four always sum exactly to it. `provider` is the house, where none is."""

    provider: Money
    platform: Money
    expert: Money
    tax: Money

    @property
    def parts(self) -> tuple[Money, ...]:
        """All four."""
        return (self.provider, self.platform, self.expert, self.tax)


@dataclass(frozen=True, slots=True)
class Price:
    """What something costs and why. The lines always sum exactly to the total."""

    lines: tuple[Line, ...]
    total: Money
    near_misses: tuple[NearMiss, ...] = ()
    refusals: tuple[Refusal, ...] = ()
    requires_approval: bool = False
    below_floor_by: RuleRef | None = None
    taxes: tuple[TaxPart, ...] = ()
    shares: Shares | None = None
    due_later: tuple[Instalment, ...] = ()

    @property
    def reasons(self) -> list[str]:
        """What rules did to the price, in words for the customer."""
        return [line.label for line in self.lines if line.rule is not None]

    @property
    def list_price(self) -> Money:
        """What it costs this customer by the rules, before coupons, deals, fees and what comes on top."""
        stages = (line.amount for line in self.lines if line.stage in STAGES)
        return total(stages, self.total.currency)

    @property
    def due_now(self) -> Money:
        """What is to be paid when it is bought."""
        return self.total - total((part.amount for part in self.due_later), self.total.currency)


@dataclass(frozen=True, slots=True)
class Case:
    """One thing to price: its facts, what it is called, its list price and what it costs us.

    `base` is the price of the whole case (all persons of the party, all units); without `cost` there is
    no floor but zero. A price that was `agreed` (an accepted quote request) is not adjusted by rules; what
    a `deal` promises counts where it is lower than what rules come to.
    """

    facts: Mapping[str, Any]
    label: str
    base: Money
    cost: Money | None = None
    agreed: bool = False
    deal: Deal | None = None


@dataclass(frozen=True, slots=True)
class Redeemed:
    """What one coupon takes off: a share of each item, in their order, and of shipping; none below zero."""

    coupon_id: str
    code: str
    label: str
    shares: tuple[Money, ...]
    shipping: Money
    may_go_below_floor: bool = False

    @property
    def discount(self) -> Money:
        """All of it."""
        return total(self.shares, self.shipping.currency) + self.shipping


@dataclass(frozen=True, slots=True)
class Redemption:
    """What coupons take off, and the codes of those that take nothing off, and why not."""

    redeemed: tuple[Redeemed, ...] = ()
    left_out: tuple[LeftOut, ...] = ()


Redeem = Callable[[Sequence[Money], Money], Redemption]
"""Which coupons take what off these amounts of the items and this of shipping."""


def no_coupons(_items: Sequence[Money], _shipping: Money) -> Redemption:
    """Nothing off."""
    return Redemption()


@dataclass(frozen=True, slots=True)
class Order:
    """Cases bought together.

    `currency` is the one in which the order is added up: `rates` change the money of cases in others
    into it, and `presented` changes all of the finished order into what the customer pays in. `facts`
    are those of the order as a whole, such as how it is paid and where its taxes are due; `shipping` is
    the line of the way of delivery that was chosen.
    """

    cases: tuple[Case, ...]
    currency: str
    facts: Mapping[str, Any] = field(default_factory=dict)
    redeem: Redeem = no_coupons
    shipping: Line | None = None
    rates: Mapping[str, Rate] = field(default_factory=dict)
    presented: Rate | None = None
    tax_by_invoice: bool = False

    @classmethod
    def of(cls, case: Case) -> "Order":
        """One case by itself."""
        return cls((case,), case.base.currency)


@dataclass(frozen=True, slots=True)
class OrderPrice:
    """What an order costs: each item, and what is for the order as a whole (shipping, ways of paying).

    All amounts are in one currency, but for those of `redemption`: these are in the order's own, in which
    budgets of coupons are counted. `rates` are those by which it came to that.
    """

    items: tuple[Price, ...]
    charges: Price
    redemption: Redemption = Redemption()
    rates: tuple[Rate, ...] = ()

    @property
    def total(self) -> Money:
        """Everything."""
        return total((item.total for item in self.items), self.currency) + self.charges.total

    @property
    def currency(self) -> str:
        """Of all amounts."""
        return self.charges.total.currency

    @property
    def parts(self) -> tuple[Price, ...]:
        """The items, and then the charges."""
        return (*self.items, self.charges)

    @property
    def taxes(self) -> tuple[TaxPart, ...]:
        """Of all parts."""
        return tuple(tax for part in self.parts for tax in part.taxes)

    @property
    def due_later(self) -> tuple[Instalment, ...]:
        """Balances, one for each day on which some are due."""
        days: dict[date, Money] = {}
        for part in self.parts:
            for due in part.due_later:
                days[due.on] = days.get(due.on, Money.zero(self.currency)) + due.amount
        return tuple(Instalment(amount, day) for day, amount in sorted(days.items()))

    @property
    def due_now(self) -> Money:
        """What is to be paid when it is bought."""
        return total((part.due_now for part in self.parts), self.currency)

    @property
    def lines(self) -> tuple[Line, ...]:
        """Of all parts; they sum exactly to the total."""
        return tuple(line for part in self.parts for line in part.lines)

    @property
    def refusals(self) -> tuple[Refusal, ...]:
        """Why some of it is not sold."""
        return tuple(refusal for item in self.items for refusal in item.refusals)
