"""Deals that a test says were made, as the bargain would know them."""

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

import svcs
from flask import Flask

from backend.domains.pricing.deals import (
    Deal,
    DealGoneError,
    DealMismatchError,
    Deals,
    DealUsedError,
    UnknownDealError,
)
from backend.domains.pricing.wanted import Item
from backend.kernel import ids
from backend.kernel.money import Money


@dataclass(frozen=True)
class Made:
    """A deal, of whom and over what."""

    deal: Deal
    user_id: str
    item: Item


@dataclass
class FakeDeals(Deals):
    """Keeps deals in memory. What is used stays used when a transaction is rolled back."""

    made: dict[str, Made] = field(default_factory=dict)
    used: dict[str, str] = field(default_factory=dict)

    def agree(self, *, user_id: str, item: Item, price: Money, now: datetime, combines: bool = False) -> str:
        """The id of a bargain of this user that came to `price`, good for half an hour."""
        bargain_id = ids.new_id(ids.BARGAIN)
        deal = Deal(bargain_id, price, "Agreed in a bargain.", combines, now + timedelta(minutes=30))
        self.made[bargain_id] = Made(deal, user_id, replace(item, bargain_id=bargain_id))
        return bargain_id

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
        """As the bargain would."""
        found = self._good(bargain_id, user_id, now)
        if found.item != Item(product_id, slot_id, quantity, party, bargain_id):
            raise DealMismatchError("The price was agreed on for something else.")
        return found.deal

    def item(self, *, bargain_id: str, user_id: str | None, now: datetime) -> Item:
        """As the bargain would."""
        return self._good(bargain_id, user_id, now).item

    def claim(self, *, bargain_ids: Collection[str], reference: str, now: datetime) -> None:
        """As the bargain would."""
        for bargain_id in bargain_ids:
            self._good(bargain_id, self.made[bargain_id].user_id, now)
        self.used |= dict.fromkeys(bargain_ids, reference)

    def release(self, *, reference: str, now: datetime) -> None:
        """As the bargain would."""
        del now
        self.used = {bargain_id: user for bargain_id, user in self.used.items() if user != reference}

    def _good(self, bargain_id: str, user_id: str | None, now: datetime) -> Made:
        found = self.made.get(bargain_id)
        if found is None or found.user_id != user_id:
            raise UnknownDealError("There is no such bargain of yours.")
        if bargain_id in self.used:
            raise DealUsedError("An order has this price already.")
        if found.deal.until <= now:
            raise DealGoneError("The price was agreed on until an instant that has passed.")
        return found


@contextmanager
def dealing(app: Flask) -> Iterator[FakeDeals]:
    """An application that knows the deals of a test, as long as the test lasts."""
    registry = svcs.flask.get_registry(app)
    usual = next(one for one in registry if one.svc_type is Deals)
    fake = FakeDeals()
    svcs.flask.register_value(app, Deals, fake)
    try:
        yield fake
    finally:
        registry.register_factory(Deals, usual.factory)
