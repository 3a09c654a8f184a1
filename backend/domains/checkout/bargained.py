"""What in a cart was bargained for, and whether its price still counts."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from backend.domains.checkout.contents import CartItem
from backend.domains.checkout.lookup import FoundItem
from backend.domains.pricing.deals import (
    Deal,
    DealGoneError,
    DealMismatchError,
    Deals,
    DealUsedError,
    UnknownDealError,
)

GONE: Final = "The price that you bargained for has run out; this is its usual price."
USED: Final = "An order has had the price that you bargained for; this is its usual price."
NOT_THIS: Final = "The price that was bargained for is not for this; this is its usual price."


@dataclass(frozen=True)
class CartDeals:
    """Looks up the deals behind items."""

    deals: Deals

    def honoured(
        self, found: Sequence[FoundItem], *, user_id: str | None, now: datetime
    ) -> tuple[list[FoundItem], dict[str, Deal]]:
        """The items, those whose deal no longer counts at their usual price; and the deals that count, by
        their bargains.
        """
        items: list[FoundItem] = []
        deals: dict[str, Deal] = {}
        for one in found:
            deal = self._deal(one, user_id, now)
            if isinstance(deal, str):
                items.append(replace(one, item=one.item.at_usual_price(deal)))
                continue
            if deal is not None:
                deals[deal.bargain_id] = deal
            items.append(one)
        return items, deals

    def _deal(self, found: FoundItem, user_id: str | None, now: datetime) -> Deal | str | None:
        """The deal of an item, or why there is none any more; None for an item that had none."""
        item = found.item
        if item.bargain_id is None:
            return None
        try:
            deal = self.deals.deal(
                bargain_id=item.bargain_id,
                product_id=item.product_id,
                slot_id=item.slot_id,
                quantity=item.quantity,
                party=item.party,
                user_id=user_id,
                now=now,
            )
        except DealGoneError:
            return GONE
        except DealUsedError:
            return USED
        except (UnknownDealError, DealMismatchError):
            return NOT_THIS
        is_sold_so = found.product is None or found.product.price.currency == deal.price.currency
        return deal if is_sold_so else NOT_THIS


def lapsed(before: Sequence[CartItem], after: Sequence[CartItem]) -> dict[str, str]:
    """The bargains of items that have none any more, each with the notice why."""
    return {
        was.bargain_id: now.notice or NOT_THIS
        for was, now in zip(before, after, strict=True)
        if was.bargain_id is not None and now.bargain_id is None
    }
