"""Watching a bargain: what a stream of its events sees, outside of any request."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from backend.domains.bargain.entities import SessionView, State
from backend.domains.bargain.live import UNREADABLE, LiveSessions, read_view
from backend.infra.clock import Clock
from backend.web.hub import Subscription
from backend.web.sse import Event, Snapshot

ReadStored = Callable[[str, str, datetime], SessionView]
"""The session of that id and user at an instant, read in an application context of its own."""


@dataclass(frozen=True)
class BargainWatch:
    """Sees sessions by their live copy, and by PostgreSQL only where there is none."""

    live: LiveSessions
    clock: Clock
    read_stored: ReadStored

    def subscribe(self, view: SessionView, *, after: int) -> Subscription:
        """Watch the session of `view`, of which the client has had the events up to the number `after`."""
        session_id, user_id = view.id, view.user_id
        return Subscription(
            key=session_id,
            owner=user_id,
            after=after,
            first=snapshot_of(view),
            look=lambda: self._look(session_id, user_id),
        )

    @staticmethod
    def read(message: Mapping[str, Any]) -> Snapshot | None:
        """What a message on `CHANNEL` tells of a session; None where that cannot be read."""
        try:
            return snapshot_of(read_view(message["copy"]))
        except UNREADABLE:
            return None

    def _look(self, session_id: str, user_id: str) -> Snapshot:
        now = self.clock.now()
        found = self.live.find(session_id)
        return snapshot_of(self.read_stored(session_id, user_id, now) if found is None else found.at(now))


def snapshot_of(view: SessionView) -> Snapshot:
    """What there is to tell of a session; an open one may go on until its deadline."""
    events = tuple(Event(event.number, event.name, event.data) for event in view.events)
    return Snapshot(events, view.expires_at if view.state is State.OPEN else None)
