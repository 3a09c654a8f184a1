"""Amounts as Stripe writes them (https://docs.stripe.com/currencies), not always as ISO 4217 does."""

from decimal import Decimal
from typing import Final

from backend.domains.payments.gateway import GatewayRefusedError
from backend.kernel.money import Money, exponent, round_minor

# Whole units only. MGA has two decimals in ISO 4217.
_ZERO: Final = frozenset(
    ["BIF", "CLP", "DJF", "GNF", "JPY", "KMF", "KRW", "MGA", "PYG", "RWF", "VND", "VUV", "XAF", "XOF", "XPF"]
)
# Thousandths are written, but the last digit must be 0.
_THREE: Final = frozenset(["BHD", "JOD", "KWD", "OMR", "TND"])
# Charged in whole units, and yet written with two decimals, which must be 00. (HUF and TWD are charged in
# hundredths; only their payouts are whole.)
_WHOLE: Final = frozenset({"ISK", "UGX"})
_WHOLE_STEP: Final = 100
_THREE_STEP: Final = 10


def to_wire(amount: Money) -> tuple[int, str]:
    """The integer and the currency (`eur`) of a request.

    GatewayRefusedError `amount_not_chargeable` for a fraction that cards cannot be charged with.
    """
    scaled = amount.amount.scaleb(_decimals(amount.currency))
    number = int(scaled)
    if number != scaled or number % _step(amount.currency):
        raise GatewayRefusedError(
            f"{amount} cannot be paid by card: the gateway takes no such small part of {amount.currency}. "
            "Round the price.",
            code="amount_not_chargeable",
        )
    return number, amount.currency.lower()


def from_wire(number: int, currency: str) -> Money:
    """The amount that an answer means; a fraction that ISO 4217 does not know (in fees) is rounded."""
    code = currency.upper()
    return Money(round_minor(Decimal(number).scaleb(exponent(code) - _decimals(code))), code)


def _decimals(currency: str) -> int:
    return 0 if currency in _ZERO else 3 if currency in _THREE else 2


def _step(currency: str) -> int:
    return _WHOLE_STEP if currency in _WHOLE else _THREE_STEP if currency in _THREE else 1
