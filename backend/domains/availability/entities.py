"""Slots and holds as the rest of the product sees them."""

from dataclasses import dataclass
from datetime import datetime

from backend.domains.catalog.entities import Provider, SlotProduct


@dataclass(frozen=True, slots=True)
class Slot:
    """A bookable period [starts_at, ends_at) of a provider, in UTC.

    `seats_total` is how many people it takes; `seats_left` is 0 when it is full or its time is taken.
    """

    id: str
    product: SlotProduct
    provider: Provider
    starts_at: datetime
    ends_at: datetime
    seats_total: int
    seats_left: int

    @property
    def timezone(self) -> str:
        """The zone in which the provider lives and the slot is shown."""
        return self.provider.timezone


@dataclass(frozen=True, slots=True)
class Hold:
    """A slot kept for a user until `expires_at`."""

    id: str
    slot_id: str
    user_id: str
    seats: int
    expires_at: datetime
