"""An event store in memory."""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime

from backend.infra.events import Event


class FakeEventStore:
    """Implements the event store port; `failures` appends raise OSError before one works."""

    def __init__(self, *, failures: int = 0) -> None:
        self.events: list[Event] = []
        self.failures = failures

    def append(self, events: Sequence[Event]) -> None:
        """Keep the events, or fail as often as told."""
        if self.failures:
            self.failures -= 1
            raise OSError("the store is away")
        self.events.extend(events)

    def find(self, *, name: str | None, user_id: str | None, since: datetime, limit: int) -> list[Event]:
        """The newest events that match, newest first."""
        found = [
            e
            for e in self.events
            if e.at >= since and name in {None, e.name} and user_id in {None, e.user_id}
        ]
        found.reverse()
        found.sort(key=lambda e: e.at, reverse=True)
        return found[:limit]

    def count_by_name(self, *, since: datetime) -> dict[str, int]:
        """How many of each name."""
        return dict(Counter(e.name for e in self.events if e.at >= since))

    def ping(self) -> None:
        """It is always there."""
