"""Payments as values: what somebody owes, and for what."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Protocol

from backend.domains.payments.states import PartState
from backend.kernel.money import Money, total


@dataclass(frozen=True, slots=True)
class Claim:
    """What is owed for one thing of a subject, and who gets what of it.

    `part` is the id of a booking, or `line:N` of an order; `shares` the accounts of the ledger, which sum
    exactly to the whole; with `asks` it is taken only once a provider has said yes. `later` is what of
    each share is due on which day; the rest is due now.
    """

    part: str
    name: str
    shares: Mapping[str, Money]
    asks: bool = False
    later: Mapping[date, Mapping[str, Money]] | None = None


@dataclass(frozen=True, slots=True)
class Bill:
    """All that a subject owes together, to be paid by `pay_by`; providers may answer until `answer_by`."""

    subject: str
    user_id: str
    currency: str
    description: str
    claims: Sequence[Claim]
    pay_by: datetime
    answer_by: datetime | None = None


@dataclass(frozen=True, slots=True)
class PaymentView:
    """A payment as others see it."""

    id: str
    subject: str
    user_id: str
    purpose: str
    state: str
    amount: Money
    paid: Money
    refunded: Money
    pay_by: datetime | None
    answer_by: datetime | None
    due_on: date | None
    decline: Mapping[str, Any] | None


@dataclass(frozen=True, slots=True)
class PartView:
    """A part of a payment as others see it; `asks` when a provider was asked for it."""

    part: str
    name: str
    state: str
    asks: bool
    amount: Money
    refunded: Money

    @property
    def is_dropped(self) -> bool:
        """Whether it is not paid for."""
        return self.state == PartState.DROPPED


class Payable(Protocol):
    """What is paid for: orders, or bookings by themselves. Called within the transaction of a change.

    The locks of the product are taken in this order: order, waitlists, bookings, payment, stock, coupons,
    accounts of the ledger.
    """

    def lock(self, *, subject: str) -> None:
        """Lock the subject and its bookings."""
        ...

    def accept(
        self,
        *,
        subject: str,
        paid: Mapping[str, Money],
        asked: Collection[str],
        is_taken: bool,
        now: datetime,
    ) -> Collection[str]:
        """The money of these parts is sure (`is_taken`: ours). The parts that cannot be had any more.

        Those `asked` wait for their provider's answer.
        """
        ...

    def taken(self, *, subject: str, now: datetime) -> None:
        """All providers have answered, and what was agreed to is paid."""
        ...

    def add(self, *, subject: str, paid: Mapping[str, Money], now: datetime) -> None:
        """A balance was paid."""
        ...

    def release(self, *, subject: str, reason: str, now: datetime) -> None:
        """It will not be paid: everything that was kept for it is given back."""
        ...

    def unpaid(self, *, subject: str, parts: Collection[str], now: datetime) -> None:
        """The balance of these parts could not be had: they are cancelled as the rules say."""
        ...


def sum_of(shares: Mapping[str, Money], currency: str) -> Money:
    """What shares come to."""
    return total(shares.values(), currency)
