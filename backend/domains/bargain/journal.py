"""What is written of each step of a bargain: session, behaviour log, counters of operations, live copy."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from backend.domains.bargain.entities import SessionView
from backend.domains.bargain.live import LiveSessions
from backend.domains.bargain.records import view_of
from backend.domains.bargain.store import BargainStore
from backend.domains.bargain.stored import StoredOffer, StoredSession
from backend.domains.pricing.records import money_document
from backend.infra import metrics
from backend.infra.after_commit import after_commit
from backend.infra.event_buffer import Events
from backend.infra.postgres import DbSession
from backend.kernel.money import Money

STARTED: Final = "started"
OFFERED: Final = "offered"
COUNTERED: Final = "countered"


@dataclass(frozen=True)
class BargainJournal:
    """Writes what happened, in the transaction in which it did; `publish` comes last."""

    session: DbSession
    store: BargainStore
    events: Events
    live: LiveSessions

    def started(self, stored: StoredSession, *, now: datetime) -> SessionView:
        """A session was opened."""
        self._tell(STARTED, stored)
        return self.publish(stored, now=now)

    def offered(self, stored: StoredSession, offer: StoredOffer) -> None:
        """An offer was made, and perhaps a counter-offer."""
        self.store.save(stored, offer=offer)
        said = {"offer": _money(offer.offer_minor, stored), "attempt": offer.number}
        self._tell(OFFERED, stored, **said)
        if offer.counter_minor is not None:
            self._tell(COUNTERED, stored, **said, counter=_money(offer.counter_minor, stored))

    def ended(self, stored: StoredSession) -> None:
        """A session came to its end."""
        self.store.save(stored)
        final = {} if stored.final_minor is None else {"final": _money(stored.final_minor, stored)}
        self._tell(stored.state.value, stored, **final)
        after_commit(self.session, lambda: metrics.bargain_ended(stored.strategy, stored.state.value))

    def publish(self, stored: StoredSession, *, now: datetime) -> SessionView:
        """The session as it was saved, which polls and streams read once it is committed."""
        view = view_of(stored)
        self.live.begin_change(stored.id, stored.version)
        after_commit(self.session, lambda: self.live.keep_changed(view, now=now))
        return view

    def _tell(self, what: str, stored: StoredSession, **more: Any) -> None:
        data = {
            "session_id": stored.id,
            "product_id": stored.product_id,
            "slot_id": stored.slot_id,
            "category": stored.category,
            "strategy": stored.strategy,
            "list": _money(stored.list_minor, stored),
            **more,
        }
        self.events.record(name=f"bargain.{what}", user_id=stored.user_id, data=data)


def _money(minor: int, stored: StoredSession) -> dict[str, Any]:
    return money_document(Money(minor, stored.currency))
