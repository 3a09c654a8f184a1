"""Asking the behaviour log so that nobody waits for long."""

import threading
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

import structlog

from backend.domains.behaviour.conversion import MEMORY
from backend.domains.behaviour.demand import DAYS
from backend.domains.behaviour.steps import INTEREST, NAMES
from backend.infra.events import EventStore, Touch

log = structlog.get_logger(__name__)

MOST_TOUCHES: Final = 300
# What is counted of a product is good for so long: of one that everybody looks at it takes long.
REMEMBERED_FOR: Final = timedelta(minutes=1)
MOST_REMEMBERED: Final = 1_000
# After a failure the log is left alone for so long, lest everybody waits for it.
PAUSE: Final = timedelta(seconds=5)


@dataclass(frozen=True, slots=True)
class Recorded:
    """The newest steps of a customer, and how many people were interested in a product, by days ago."""

    touches: list[Touch]
    people: Mapping[int, int]


class BehaviourLog:
    """The event store, of which a process has one: it remembers counts, and that the store is away."""

    def __init__(self, store: EventStore) -> None:
        self._store = store
        self._counted: OrderedDict[str, tuple[datetime, Mapping[int, int]]] = OrderedDict()
        self._failed_at: datetime | None = None
        self._changing = threading.Lock()

    def of(self, *, user_id: str, product_id: str, now: datetime) -> Recorded | None:
        """What it says of a customer and a product; None when it does not answer, which is logged."""
        if self._is_away(now):
            return None
        try:
            touches = self._store.touches(
                user_id=user_id, names=NAMES, since=now - MEMORY, limit=MOST_TOUCHES
            )
            return Recorded(touches, self._people(product_id, now))
        except Exception as error:  # noqa: BLE001 (whatever the store's library raises)
            with self._changing:
                self._failed_at = now
            log.warning("behaviour_unknown", error=str(error))
            return None

    def _is_away(self, now: datetime) -> bool:
        with self._changing:
            return self._failed_at is not None and abs(now - self._failed_at) < PAUSE

    def _people(self, product_id: str, now: datetime) -> Mapping[int, int]:
        with self._changing:
            at, people = self._counted.get(product_id, (None, {}))
        if at is not None and abs(now - at) < REMEMBERED_FOR:
            return people
        people = self._store.people_by_day(product_id=product_id, names=INTEREST, now=now, days=DAYS)
        with self._changing:
            self._counted[product_id] = (now, people)
            self._counted.move_to_end(product_id)
            if len(self._counted) > MOST_REMEMBERED:
                self._counted.popitem(last=False)
        return people
