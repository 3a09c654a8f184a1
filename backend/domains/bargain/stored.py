"""A bargain as PostgreSQL keeps it, as a value; each step gives the next version of it."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from backend.domains.bargain.entities import State
from backend.kernel.money import Money
from backend.negotiator.bargaining import Outcome


@dataclass(frozen=True, slots=True)
class StoredOffer:
    """An offer that counted, and its answer: what the customer asked for, what of it counted, our counter."""

    number: int
    asked_minor: int
    offer_minor: int
    outcome: Outcome
    counter_minor: int | None
    message: str
    at: datetime


@dataclass(frozen=True, slots=True)
class StoredSession:
    """All that is needed to go on with a session. Amounts are in minor units of `currency`.

    `counter_minor` is the standing counter-offer and `offer_minor` the customer's last offer. What stands
    before `attempts_used` never changes; `terms`, `demand`, `seed` and `jitter_key` are all that the
    negotiator knows.
    """

    id: str
    user_id: str
    product_id: str
    slot_id: str | None
    thing: str
    quantity: int
    party: int
    name: str
    category: str
    currency: str
    list_minor: int
    floor_minor: int
    strategy: str
    combines_coupons: bool
    words_may_propose: bool
    terms: Mapping[str, Any]
    demand: Mapping[str, Any]
    seed: str
    jitter_key: str
    attempts_allowed: int
    earlier_best_minor: int | None
    started_at: datetime
    expires_at: datetime
    attempts_used: int
    offer_minor: int | None
    counter_minor: int | None
    final_minor: int | None
    state: State
    ended_at: datetime | None
    deal_until: datetime | None
    quote_id: str | None
    quote_token: str | None
    used_by: str | None
    version: int
    offers: tuple[StoredOffer, ...] = ()

    @property
    def list_price(self) -> Money:
        """The price without a bargain."""
        return Money(self.list_minor, self.currency)

    @property
    def counter_price(self) -> Money | None:
        """Our standing counter-offer."""
        return self.money(self.counter_minor)

    @property
    def final_price(self) -> Money | None:
        """What was agreed."""
        return self.money(self.final_minor)

    @property
    def is_through(self) -> bool:
        """Whether all offers are made."""
        return self.attempts_used >= self.attempts_allowed

    def money(self, minor: int | None) -> Money | None:
        """An amount that may not be there."""
        return None if minor is None else Money(minor, self.currency)

    def offered(self, offer: StoredOffer) -> "StoredSession":
        """With one more offer, and its counter-offer if there is one."""
        return replace(
            self,
            offers=(*self.offers, offer),
            attempts_used=offer.number,
            offer_minor=offer.offer_minor,
            counter_minor=self.counter_minor if offer.counter_minor is None else offer.counter_minor,
            version=self.version + 1,
        )

    def agreed(self, price: Money, *, until: datetime, now: datetime) -> "StoredSession":
        """Ended by a deal at `price`, which is good until then."""
        return replace(self.ended(State.ACCEPTED, now=now), final_minor=price.minor, deal_until=until)

    def ended(self, state: State, *, now: datetime) -> "StoredSession":
        """Come to an end. One whose time is over ended at its deadline, whoever noticed when."""
        # The clock of who ends it may be behind that of who began it.
        at = self.expires_at if state is State.EXPIRED else max(now, self.started_at)
        return replace(self, state=state, ended_at=at, version=self.version + 1)

    def quoted(self, *, quote_id: str, token: str) -> "StoredSession":
        """With the quote that the deal became."""
        return replace(self, quote_id=quote_id, quote_token=token)

    def used(self, reference: str | None) -> "StoredSession":
        """With the order that uses the deal; None to give it back."""
        return replace(self, used_by=reference, version=self.version + 1)
