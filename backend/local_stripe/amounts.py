"""Amounts as Stripe takes them: whole numbers of a currency's smallest unit, within its limits."""

from typing import Final

from backend.kernel.money import EXPONENTS
from backend.local_stripe.errors import ApiError, Json, invalid, missing
from backend.local_stripe.wire import Params

LARGEST: Final = 99_999_999
# https://docs.stripe.com/currencies: the smallest charge, where it is not a single unit.
_SMALLEST: Final = {
    "usd": 50, "eur": 50, "gbp": 30, "chf": 50, "aud": 50, "cad": 50, "nzd": 50, "sgd": 50, "brl": 50,
    "jpy": 50, "inr": 50, "dkk": 250, "nok": 300, "sek": 300, "pln": 200, "ron": 200, "czk": 1500,
    "huf": 17500, "hkd": 400, "mxn": 1000, "myr": 200, "thb": 1000, "aed": 200,
}  # fmt: skip
_ZERO: Final = frozenset(
    ["bif", "clp", "djf", "gnf", "jpy", "kmf", "krw", "mga", "pyg", "rwf", "vnd", "vuv", "xaf", "xof", "xpf"]
)


def required_amount(params: Params, name: str = "amount") -> int:
    """A whole amount above zero."""
    amount = params.positive(name)
    if amount is None:
        raise missing(name)
    return amount


def required_currency(params: Params) -> str:
    """Three letters in lower case."""
    currency = params.required("currency").lower()
    if currency.upper() not in EXPONENTS:
        raise ApiError(f"Invalid currency: {currency}.", param="currency")
    return currency


def require_chargeable(amount: int, currency: str) -> None:
    """Refuse what no card may be charged: too little, too much, or a fraction that does not exist."""
    smallest = _SMALLEST.get(currency, 1)
    if amount < smallest:
        message = f"Amount must be at least {spoken(smallest, currency)}"
        raise ApiError(message, code="amount_too_small", param="amount")
    if amount > LARGEST:
        message = f"Amount must be no more than {spoken(LARGEST, currency)}"
        raise ApiError(message, code="amount_too_large", param="amount")
    if (currency in {"isk", "ugx"} and amount % 100) or (_is_three(currency) and amount % 10):
        raise invalid("amount", f"Invalid amount in {currency}: it cannot have so many decimals.")


def spoken(amount: int, currency: str) -> str:
    """An amount in a sentence: `10.00 eur`."""
    decimals = 0 if currency in _ZERO else 3 if _is_three(currency) else 2
    return f"{amount / 10**decimals:.{decimals}f} {currency}"


def in_currency(thing: Json, amount: int) -> str:
    """An amount in the currency of an object, in a sentence."""
    return spoken(amount, thing["currency"])


def _is_three(currency: str) -> bool:
    return currency in {"bhd", "jod", "kwd", "omr", "tnd"}
