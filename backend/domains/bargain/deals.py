"""The prices that bargains came to, as the pricing function and the checkout ask for them."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from backend.domains.bargain.journal import BargainJournal
from backend.domains.bargain.records import item_of
from backend.domains.bargain.store import BargainStore
from backend.domains.bargain.stored import StoredSession
from backend.domains.pricing.deals import (
    Deal,
    DealGoneError,
    DealMismatchError,
    Deals,
    DealUsedError,
    UnknownDealError,
)
from backend.domains.pricing.wanted import Item

LABEL: Final = "Agreed in a bargain."


@dataclass(frozen=True)
class AgreedPrices(Deals):
    """Deals of sessions that were accepted; an order uses each of them once."""

    store: BargainStore
    journal: BargainJournal

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
        """The deal of this user over this item."""
        found = self._good(bargain_id, user_id, now)
        thing, number = slot_id or product_id, party if slot_id else quantity
        agreed = found.party if found.slot_id else found.quantity
        if thing != found.thing or number != agreed:
            raise DealMismatchError(
                f"The bargain {bargain_id} was over {agreed} of {found.thing}, not {number} of {thing}.",
                extra={
                    "bargain_id": found.id,
                    "product_id": found.product_id,
                    "slot_id": found.slot_id,
                    "number": agreed,
                },
            )
        return _deal(found)

    def item(self, *, bargain_id: str, user_id: str | None, now: datetime) -> Item:
        """What the deal is over."""
        return item_of(self._good(bargain_id, user_id, now))

    def claim(self, *, bargain_ids: Collection[str], reference: str, now: datetime) -> None:
        """Use deals for an order, all or none."""
        found = self.store.lock_all(bargain_ids)
        for bargain_id in bargain_ids:
            deal = found.get(bargain_id)
            if deal is not None and deal.used_by == reference:
                continue
            self._set_used(_require_good(deal, bargain_id, now), reference, now)

    def release(self, *, reference: str, now: datetime) -> None:
        """Let the deals that this order used be used again, while they are good."""
        for stored in self.store.lock_used_by(reference):
            self._set_used(stored, None, now)

    def _set_used(self, stored: StoredSession, reference: str | None, now: datetime) -> None:
        used = stored.used(reference)
        self.store.save(used)
        self.journal.publish(used, now=now)

    def _good(self, bargain_id: str, user_id: str | None, now: datetime) -> StoredSession:
        found = self.store.find(bargain_id)
        if found is not None and found.user_id != user_id:
            found = None
        return _require_good(found, bargain_id, now)


def _require_good(found: StoredSession | None, bargain_id: str, now: datetime) -> StoredSession:
    which = {"bargain_id": bargain_id}
    if found is None or found.deal_until is None:
        raise UnknownDealError(
            f"There is no bargain {bargain_id} of yours that came to a price.", extra=which
        )
    if found.used_by is not None:
        raise DealUsedError(f"The price of {found.name} that you agreed on is in an order.", extra=which)
    if found.deal_until <= now:
        raise DealGoneError(
            f"The price of {found.name} that you agreed on was good for a while that is over; bargain again.",
            extra=which,
        )
    return found


def _deal(found: StoredSession) -> Deal:
    assert found.final_price is not None  # noqa: S101 (beside `deal_until`, which the database keeps)
    assert found.deal_until is not None  # noqa: S101 (asked for before)
    return Deal(found.id, found.final_price, LABEL, found.combines_coupons, found.deal_until)
