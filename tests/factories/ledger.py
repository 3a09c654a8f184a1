"""Accounts, and money that moves between them. Needs an application context."""

from datetime import datetime

import svcs

from backend.domains.ledger import entries
from backend.domains.ledger.accounts import PLATFORM, expert, provider
from backend.domains.ledger.entries import Kind
from backend.domains.ledger.service import Ledger
from backend.kernel import ids
from backend.kernel.money import Money
from tests.conftest import NOW


def a_provider() -> str:
    """The account of a provider that the catalogue does not know."""
    return provider(ids.new_id(ids.PROVIDER))


def an_expert() -> str:
    """The account of an expert who is no user."""
    return expert(ids.new_id(ids.USER))


def post_charge(
    account: str,
    share: int,
    *,
    fee: int = 0,
    key: str | None = None,
    reference: str = "pay_1",
    source: str | None = "ch_1",
    currency: str = "EUR",
    at: datetime = NOW,
) -> bool:
    """Post a charge of which `account` has `share` and the platform `fee`."""
    shares = {account: Money(share, currency), PLATFORM: Money(fee, currency)}
    return svcs.flask.get(Ledger).post(
        key=key or ids.new_id(ids.AUDIT),
        kind=Kind.CHARGE,
        reference=reference,
        postings=entries.charge(amount=Money(share + fee, currency), shares=shares),
        at=at,
        source=source,
    )


def post_transfer(
    account: str, amount: int, *, key: str | None = None, reference: str = "pay_1", at: datetime = NOW
) -> bool:
    """Post the transfer of so many cents to `account`."""
    return svcs.flask.get(Ledger).post(
        key=key or ids.new_id(ids.AUDIT),
        kind=Kind.TRANSFER,
        reference=reference,
        postings=entries.transfer(account=account, amount=Money(amount, "EUR")),
        at=at,
        source="tr_1",
    )
