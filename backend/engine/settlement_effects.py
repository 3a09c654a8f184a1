"""Effects on a price that stands: fees, taxes, deposits."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, ClassVar, Final, Self

from backend.engine.effects import Effect, parse_size, share
from backend.engine.values import BOOLEAN, INTEGER, MONEY, PERCENT, TEXT, ValueType
from backend.kernel.money import Money

_WHOLE: Final = Decimal(100)


@dataclass(frozen=True, slots=True)
class Fee(Effect):
    """`fee: 12%` or `fee: 3.00 EUR`: what the platform or an expert earns, of the price once it stands.

    `paid_by: customer` adds it to the price; `paid_by: provider` takes it out of the provider's share.
    `minimum` and `maximum` are amounts between which a percentage stays.
    """

    amount: Money | Decimal
    paid_by: str = "customer"
    minimum: Money | None = None
    maximum: Money | None = None
    label: str = ""

    keyword: ClassVar[str] = "fee"
    flags: ClassVar[Mapping[str, ValueType]] = {
        "paid_by": TEXT, "minimum": MONEY, "maximum": MONEY, "label": TEXT,
    }  # fmt: skip
    payers: ClassVar[tuple[str, ...]] = ("customer", "provider")

    @classmethod
    def parse(cls, text: str, flags: Mapping[str, Any]) -> Self:
        fee = cls(parse_size(text, "a fee"), **flags)
        if fee.paid_by not in cls.payers:
            raise ValueError(f"a fee is paid_by: {' or '.join(cls.payers)}, not by {fee.paid_by!r}")
        if isinstance(fee.amount, Decimal) and fee.amount > _WHOLE:
            raise ValueError(f"a fee is at most 100%; {text} is more")
        _require_one_currency([fee.amount, fee.minimum, fee.maximum])
        if fee.minimum is not None and fee.maximum is not None and fee.maximum < fee.minimum:
            raise ValueError(f"maximum {fee.maximum} is below minimum {fee.minimum}")
        return fee

    @property
    def currency(self) -> str | None:
        amounts = (self.amount, self.minimum, self.maximum)
        return next((amount.currency for amount in amounts if isinstance(amount, Money)), None)

    @property
    def is_paid_by_customer(self) -> bool:
        """Whether it comes on top of the price."""
        return self.paid_by == "customer"

    def of(self, price: Money) -> Money:
        """What it comes to; a fee that the provider pays is never more than the price."""
        fee = share(self.amount, price)
        fee = fee if self.minimum is None else max(fee, self.minimum)
        fee = fee if self.maximum is None else min(fee, self.maximum)
        return fee if self.is_paid_by_customer else min(fee, price)


@dataclass(frozen=True, slots=True)
class Tax(Effect):
    """`tax: 20%`: the rate of value added tax; `included: true` where prices include it."""

    percent: Decimal
    included: bool = False
    label: str = ""

    keyword: ClassVar[str] = "tax"
    flags: ClassVar[Mapping[str, ValueType]] = {"included": BOOLEAN, "label": TEXT}

    @classmethod
    def parse(cls, text: str, flags: Mapping[str, Any]) -> Self:
        percent = Decimal(PERCENT.parse(text))
        if not 0 <= percent <= _WHOLE:
            raise ValueError(f"a rate of tax is between 0% and 100%, and {text} is not")
        return cls(percent, **flags)


@dataclass(frozen=True, slots=True)
class ReverseCharge(Effect):
    """`reverse_charge: reason`: the customer, a business, owes the tax; `reason` stands on the invoice."""

    reason: str

    keyword: ClassVar[str] = "reverse_charge"

    @classmethod
    def parse(cls, text: str, flags: Mapping[str, Any]) -> Self:
        return cls(text, **flags)


@dataclass(frozen=True, slots=True)
class Deposit(Effect):
    """`deposit: 30%` or `deposit: 50.00 EUR` is due now, the balance `days_before` days before the start."""

    amount: Money | Decimal
    days_before: int = 0

    keyword: ClassVar[str] = "deposit"
    flags: ClassVar[Mapping[str, ValueType]] = {"days_before": INTEGER}

    @classmethod
    def parse(cls, text: str, flags: Mapping[str, Any]) -> Self:
        deposit = cls(parse_size(text, "a deposit"), **flags)
        if isinstance(deposit.amount, Decimal) and deposit.amount > _WHOLE:
            raise ValueError(f"a deposit is at most 100%; {text} is more")
        if deposit.days_before < 0:
            raise ValueError(f"a balance is due before the start; days_before is {deposit.days_before}")
        return deposit

    @property
    def currency(self) -> str | None:
        return self.amount.currency if isinstance(self.amount, Money) else None

    def of(self, price: Money) -> Money:
        """What is due now."""
        return min(share(self.amount, price), price)


def _require_one_currency(amounts: Iterable[Money | Decimal | None]) -> None:
    found = sorted({amount.currency for amount in amounts if isinstance(amount, Money)})
    if len(found) > 1:
        raise ValueError(f"amounts of one fee are in one currency, and these are in {' and '.join(found)}")
