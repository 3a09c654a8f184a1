"""Which providers a listing of slots looks at."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

from backend.domains.catalog.service import CatalogService
from backend.domains.pricing.listing import PricedSlot, SlotListing

MOST_PROVIDERS: Final = 50


@dataclass(frozen=True)
class BookableSlots:
    """Lists what can be booked with one provider, or with those of a category."""

    catalog: CatalogService
    listing: SlotListing

    def list(
        self,
        *,
        provider: str | None,
        category: str | None,
        first: date,
        last: date,
        party: int,
        currency: str | None,
        user_id: str | None,
        now: datetime,
    ) -> Sequence[PricedSlot]:
        """Slots by start, of `provider` or else of the first 50 active providers (of `category`).

        Dates are half open and local to each provider. NotFoundError for an unknown provider.
        """
        return self.listing.list(
            provider_ids=self._provider_ids(provider, category),
            first=first,
            last=last,
            party=party,
            currency=currency,
            user_id=user_id,
            now=now,
        )

    def _provider_ids(self, provider: str | None, category: str | None) -> Sequence[str]:
        if provider is not None:
            return [self.catalog.provider(provider_id=provider).id]
        found = self.catalog.list_providers(category=category, limit=MOST_PROVIDERS, after=None)
        return [one.id for one in found]
