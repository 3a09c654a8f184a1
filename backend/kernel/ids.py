"""Opaque ids with a prefix that tells what they name; ULIDs, so they sort by the time they were made."""

import re
import secrets

from ulid import ULID

USER = "usr"
PROVIDER = "prv"
PRODUCT = "prd"
SLOT = "slt"
HOLD = "hld"
QUOTE = "quo"
BOOKING = "bkg"
WAITLIST = "wtl"
COUPON = "cpn"
COUPON_USE = "cpu"
CART = "crt"
CART_ITEM = "itm"
ORDER = "ord"
SESSION = "ses"
EXCEPTION = "exc"
AUDIT = "aud"
RULE_PROPOSAL = "rpr"
SHADOW = "shd"
BACKTEST = "rbt"
CURRENCY_RATE = "rat"
RECONCILIATION = "rcn"
WRITE_OFF = "wro"
QUOTE_REQUEST = "qrq"
PAYMENT = "pay"
PAYMENT_OPERATION = "pop"
PAYOUT_ACCOUNT = "pac"
AFFILIATE_LINK = "lnk"
BARGAIN = "bgn"

_SHAPE = re.compile(r"[a-z]{3}_[0-9a-hjkmnp-tv-z]{26}")


def new_id(prefix: str) -> str:
    """A new id such as `bkg_01kaj3…` (3 letters, underscore, 26 characters of Crockford base 32)."""
    return f"{prefix}_{str(ULID()).lower()}"


def new_secret_id(prefix: str) -> str:
    """As `new_id`, for an id that is all its owner shows: it tells nothing about any other.

    ULIDs of the same millisecond follow one another; this one is random beside its time.
    """
    return f"{prefix}_{str(ULID.from_bytes(ULID().bytes[:6] + secrets.token_bytes(10))).lower()}"


def is_id(text: str, prefix: str) -> bool:
    """Whether `text` has the shape of an id with this prefix (slots have a longer shape of their own)."""
    return text.startswith(f"{prefix}_") and _SHAPE.fullmatch(text) is not None
