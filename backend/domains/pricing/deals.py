"""Prices that customers haggled out: what a deal is, and who knows of them."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from backend.domains.pricing.wanted import Item
from backend.kernel.errors import ConflictError, ExpiredError, NotFoundError
from backend.kernel.money import Money


class UnknownDealError(NotFoundError):
    """No such bargain of this user, or one that came to no deal."""


class DealGoneError(ExpiredError):
    """The price was agreed on until an instant that has passed."""


class DealMismatchError(ConflictError):
    """The price was agreed on for another item, quantity or party."""


class DealUsedError(ConflictError):
    """An order has had the price already."""


@dataclass(frozen=True, slots=True)
class Deal:
    """A price that a customer haggled out, for all units or persons of an item, good until `until`.

    `price` is in the item's currency, after markup and before fees and taxes; `label` is what the customer
    reads on its line. Coupons come on top only if it `combines`.
    """

    bargain_id: str
    price: Money
    label: str
    combines: bool
    until: datetime


class Deals(Protocol):
    """The deals that customers have made and not used yet."""

    def deal(
        self,
        *,
        bargain_id: str,
        product_id: str | None,
        slot_id: str | None,
        quantity: int,
        party: int,
        user_id: str | None,
        now: datetime,
    ) -> Deal:
        """The deal of this user over this item.

        UnknownDealError, DealGoneError, DealMismatchError; DealUsedError once an order has it.
        """

    def item(self, *, bargain_id: str, user_id: str | None, now: datetime) -> Item:
        """What the deal is over, with its `bargain_id`. UnknownDealError, DealGoneError, DealUsedError."""

    def claim(self, *, bargain_ids: Collection[str], reference: str, now: datetime) -> None:
        """Use deals for the order `reference`, all or none, in the caller's transaction.

        DealUsedError when another order has one of them, DealGoneError.
        """

    def release(self, *, reference: str, now: datetime) -> None:
        """Let the deals that this order used be used again, while they are good."""
