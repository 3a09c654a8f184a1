"""An event store in memory."""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime, timedelta

from backend.infra.events import Event, Touch


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

    def touches(self, *, user_id: str, names: Sequence[str], since: datetime, limit: int) -> list[Touch]:
        """The newest of these names by a user, newest first."""
        found = self.find(name=None, user_id=user_id, since=since, limit=len(self.events))
        return [Touch(e.name, e.at) for e in found if e.name in names][:limit]

    def people_by_day(
        self, *, product_id: str, names: Sequence[str], now: datetime, days: int
    ) -> dict[int, int]:
        """How many people there were, by how many days ago."""
        day = timedelta(days=1)
        people = {
            ((now - e.at) // day, e.user_id or number)
            for number, e in enumerate(self.events)
            if e.name in names and e.data.get("product_id") == product_id and now - days * day < e.at <= now
        }
        return dict(Counter(ago for ago, _ in people))

    def users(self, *, names: Sequence[str], since: datetime, limit: int) -> list[str]:
        """Those who caused any, by the ends of their ids."""
        found = {e.user_id for e in self.events if e.user_id and e.name in names and e.at >= since}
        return sorted(found, key=lambda user_id: (user_id[-8:], user_id))[:limit]

    def forget(self, *, names: Sequence[str], before: datetime) -> int:
        """Forget them."""
        kept = [e for e in self.events if e.at >= before or e.name not in names]
        forgotten = len(self.events) - len(kept)
        self.events[:] = kept
        return forgotten

    def ping(self) -> None:
        """It is always there."""


class AwayEventStore(FakeEventStore):
    """Answers no question while it is `away`; `asked` says how often it was asked about users and products."""

    def __init__(self) -> None:
        super().__init__()
        self.away = True
        self.asked = {"touches": 0, "people": 0}

    def touches(self, *, user_id: str, names: Sequence[str], since: datetime, limit: int) -> list[Touch]:
        """Fails while it is away."""
        self.asked["touches"] += 1
        if self.away:
            raise OSError("the store is away")
        return super().touches(user_id=user_id, names=names, since=since, limit=limit)

    def people_by_day(
        self, *, product_id: str, names: Sequence[str], now: datetime, days: int
    ) -> dict[int, int]:
        """Counts the question, too."""
        self.asked["people"] += 1
        return super().people_by_day(product_id=product_id, names=names, now=now, days=days)
