"""What each business fact does to the accounts. Pure: every builder answers postings that balance.

Amounts are above zero and say how much; the builder knows who is debited and who is credited.
"""

from collections.abc import Mapping
from decimal import Decimal
from enum import StrEnum

from backend.domains.ledger.accounts import BANK, DISPUTED, GATEWAY, GATEWAY_FEES, LOSSES
from backend.domains.ledger.postings import Posting, UnbalancedError
from backend.kernel.money import Money, total

Postings = tuple[Posting, ...]
# What each account gets, or has, of an amount. Below zero where it pays for others (a coupon, say).
Shares = Mapping[str, Money]


class Kind(StrEnum):
    """The business facts that are posted."""

    CHARGE = "charge"
    FEE = "fee"
    TRANSFER = "transfer"
    TRANSFER_REVERSAL = "transfer_reversal"
    REFUND = "refund"
    REFUND_FAILED = "refund_failed"
    DISPUTE_OPENED = "dispute_opened"
    DISPUTE_WON = "dispute_won"
    DISPUTE_LOST = "dispute_lost"
    PAYOUT = "payout"
    PAYOUT_FAILED = "payout_failed"
    WRITE_OFF = "write_off"


def charge(*, amount: Money, shares: Shares) -> Postings:
    """`amount` came from a customer; the accounts in `shares` are credited theirs, together all of it.

    UnbalancedError when the shares are not the amount.
    """
    whole = total(shares.values(), amount.currency)
    if whole != amount:
        raise UnbalancedError(f"The shares of {amount} are {whole} together.")
    credits_ = (Posting(account, -share) for account, share in shares.items())
    return Posting(GATEWAY, _some(amount)), *credits_


def fee(*, amount: Money) -> Postings:
    """The gateway took `amount` for its work; below zero, it gave it back."""
    return Posting(GATEWAY_FEES, amount), Posting(GATEWAY, -amount)


def transfer(*, account: str, amount: Money) -> Postings:
    """`amount` was passed on to a provider or an expert."""
    return Posting(account, _some(amount)), Posting(GATEWAY, -amount)


def transfer_reversal(*, account: str, amount: Money) -> Postings:
    """`amount` of a transfer came back."""
    return Posting(GATEWAY, _some(amount)), Posting(account, -amount)


def refund(*, amount: Money, shares: Shares) -> Postings:
    """`amount` went back to the customer, at the cost of those who have `shares` of it, in proportion.

    `shares` are what each still has of what is given back: of a payment or of some items of it, less what
    earlier refunds took. ValueError for more than they are together. (When a refund fails later, post
    `postings.undone` of its postings.)
    """
    return *_taken(_some(amount), shares), Posting(GATEWAY, -amount)


def dispute_opened(*, amount: Money) -> Postings:
    """A customer's bank took `amount` back, for as long as it takes to see who is right."""
    return Posting(DISPUTED, _some(amount)), Posting(GATEWAY, -amount)


def dispute_won(*, amount: Money) -> Postings:
    """It gave `amount` back again."""
    return Posting(GATEWAY, _some(amount)), Posting(DISPUTED, -amount)


def dispute_lost(*, amount: Money, shares: Shares) -> Postings:
    """The customer keeps `amount`, at the cost of those who have `shares` of it, as with a refund."""
    return *_taken(_some(amount), shares), Posting(DISPUTED, -amount)


def loss_passed_on(*, shares: Shares) -> Postings:
    """What was booked as our loss is borne by those who have `shares` of it."""
    (currency,) = {share.currency for share in shares.values()}
    debits = tuple(Posting(account, share) for account, share in shares.items())
    return *debits, Posting(LOSSES, -total(shares.values(), currency))


def payout(*, amount: Money) -> Postings:
    """`amount` of our balance at the gateway went to our bank; below zero, it came back from there."""
    return Posting(BANK, amount), Posting(GATEWAY, -amount)


def write_off(*, account: str, amount: Money) -> Postings:
    """`amount` that a provider or an expert owes us is given up."""
    return Posting(LOSSES, _some(amount)), Posting(account, -amount)


def portions(*, amount: Money, shares: Shares) -> dict[str, Money]:
    """`amount` over the accounts in proportion to their shares, to the last minor unit.

    Nobody's portion exceeds their share, and portions of all there is are exactly the shares; so refunds
    one after the other, each of what is left, end exactly where one refund of all would. ValueError for
    more than the shares are together.
    """
    whole = total(shares.values(), amount.currency)
    if not Money.zero(amount.currency) < amount <= whole:
        raise ValueError(f"{amount} cannot be taken from shares that are {whole} together.")
    part = Decimal(amount.minor) / Decimal(whole.minor)
    # Who paid for others is given the same part of it back, by those others.
    given = {account: share * part for account, share in shares.items() if share.minor < 0}
    takers = [account for account in shares if account not in given]
    taken = amount - total(given.values(), amount.currency)
    split = taken.split([shares[account].minor for account in takers])
    return dict(zip(takers, split, strict=True)) | given


def transferable(*, share: Money, balance_before: Money) -> tuple[Money, Money]:
    """(transfer, kept): what of `share` is passed on, and what is kept because its owner owes it to us.

    `balance_before` is the account's balance without the credit of `share`, as `Ledger.balance` gives it: a
    debit is what they owe. What is kept needs no entry: it stays on the account, and the debt is less by it.
    """
    kept = min(max(balance_before, Money.zero(share.currency)), share)
    return share - kept, kept


def _taken(amount: Money, shares: Shares) -> Postings:
    """The debits of a refund."""
    return tuple(Posting(account, part) for account, part in portions(amount=amount, shares=shares).items())


def _some(amount: Money) -> Money:
    if amount.minor <= 0:
        raise ValueError(f"An amount that moves is above zero, not {amount}.")
    return amount
