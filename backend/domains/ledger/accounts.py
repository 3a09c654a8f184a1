"""The accounts of the ledger, by name.

| account | a debit is | a credit is |
|---|---|---|
| `gateway` | what we have at the payment gateway | |
| `bank` | what was paid out of it to our bank | |
| `disputed` | what banks took back until a dispute is settled | |
| `gateway_fees`, `losses` | what it cost us | |
| `platform`, `house` | | what we earned by fees, and by goods of our own |
| `tax` | | what we owe the tax office |
| `provider:prv_…`, `expert:usr_…` | what they owe us | what we owe them |
"""

import re
from typing import Final

from backend.kernel import ids

GATEWAY: Final = "gateway"
BANK: Final = "bank"
DISPUTED: Final = "disputed"
GATEWAY_FEES: Final = "gateway_fees"
LOSSES: Final = "losses"
PLATFORM: Final = "platform"
HOUSE: Final = "house"
TAX: Final = "tax"

OWN: Final = frozenset({GATEWAY, BANK, DISPUTED, GATEWAY_FEES, LOSSES, PLATFORM, HOUSE, TAX})
_PROVIDER: Final = "provider:"
_EXPERT: Final = "expert:"
_OTHERS: Final = re.compile(r"(provider:prv|expert:usr)_[0-9a-z]{26}")


def provider(provider_id: str) -> str:
    """The account of a provider, which is also that of a merchant of goods."""
    return _named(_PROVIDER, ids.PROVIDER, provider_id)


def expert(user_id: str) -> str:
    """The account of an expert."""
    return _named(_EXPERT, ids.USER, user_id)


def owner(account: str) -> str | None:
    """The id of the provider or user whose account it is, None for one of our own."""
    return account.partition(":")[2] or None


def is_account(name: str) -> bool:
    """Whether there can be an account of this name."""
    return name in OWN or _OTHERS.fullmatch(name) is not None


def _named(kind: str, prefix: str, owner_id: str) -> str:
    if not ids.is_id(owner_id, prefix):
        raise ValueError(f"{owner_id!r} has no account: it must look like {prefix}_01kaj3….")
    return f"{kind}{owner_id}"
