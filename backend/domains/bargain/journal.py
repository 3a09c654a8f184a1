"""What is noted of a bargain: the behaviour log, the counters of operations, the live copy."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from backend.domains.bargain.entities import SessionView, State
from backend.domains.bargain.live import LiveSessions
from backend.domains.bargain.models import BargainOffer, BargainSession
from backend.domains.bargain.records import view_of
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
    """Notes what happened, in the transaction in which it did."""

    session: DbSession
    events: Events
    live: LiveSessions

    def started(self, row: BargainSession, *, now: datetime) -> SessionView:
        """A session was opened."""
        self._tell(STARTED, row)
        return self.publish(row, [], now=now)

    def offered(self, row: BargainSession, offer: BargainOffer) -> None:
        """An offer was made, and perhaps a counter-offer."""
        said = {"offer": _money(offer.offer_minor, row), "attempt": offer.number}
        self._tell(OFFERED, row, **said)
        if offer.counter_minor is not None:
            self._tell(COUNTERED, row, **said, counter=_money(offer.counter_minor, row))

    def end(self, row: BargainSession, state: State, *, now: datetime) -> None:
        """End a session. One whose time is over ended at its deadline, whoever noticed when."""
        row.state, row.version = state.value, row.version + 1
        # The clock of who ends it may be behind that of who began it.
        row.ended_at = row.expires_at if state is State.EXPIRED else max(now, row.started_at)
        final = {} if row.final_minor is None else {"final": _money(row.final_minor, row)}
        self._tell(state.value, row, **final)
        strategy = row.strategy
        after_commit(self.session, lambda: metrics.bargain_ended(strategy, state.value))

    def publish(self, row: BargainSession, offers: Sequence[BargainOffer], *, now: datetime) -> SessionView:
        """The session as it is now, which polls and streams read once it is committed."""
        self.session.flush()
        view = view_of(row, offers)
        self.live.begin_change(row.id, row.version)
        after_commit(self.session, lambda: self.live.keep_changed(view, now=now))
        return view

    def _tell(self, what: str, row: BargainSession, **more: Any) -> None:
        data = {
            "session_id": row.id,
            "product_id": row.product_id,
            "slot_id": row.slot_id,
            "category": row.category,
            "strategy": row.strategy,
            "list": _money(row.list_minor, row),
            **more,
        }
        self.events.record(name=f"bargain.{what}", user_id=row.user_id, data=data)


def _money(minor: int, row: BargainSession) -> dict[str, Any]:
    return money_document(Money(minor, row.currency))
