"""Facts for rules, worked out from what customers did."""

import threading
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Any, Final

import structlog

from backend.domains.behaviour.conversion import MEMORY, cell_of
from backend.domains.behaviour.demand import DAYS, demand
from backend.domains.behaviour.learning import ConversionModels
from backend.domains.behaviour.score import behaviour_score
from backend.domains.behaviour.steps import INTEREST, NAMES
from backend.domains.behaviour.suggestion import suggested_change
from backend.domains.behaviour.supply import Supplies
from backend.infra.events import EventStore, Touch

log = structlog.get_logger(__name__)

MOST_TOUCHES: Final = 300
PAUSE: Final = timedelta(seconds=5)
_NOTHING: Final[Mapping[str, Any]] = MappingProxyType({})


class StoreAbsence:
    """Remembers that the event store did not answer, so that not everybody waits for it: one a process."""

    def __init__(self) -> None:
        self._until: datetime | None = None
        self._changing = threading.Lock()

    def lasts(self, now: datetime) -> bool:
        """Whether it failed in the last five seconds."""
        with self._changing:
            return self._until is not None and self._until - PAUSE <= now < self._until

    def begin(self, now: datetime) -> None:
        """It failed at `now`."""
        with self._changing:
            self._until = now + PAUSE


@dataclass(frozen=True)
class Behaviour:
    """Works out facts about a customer and a product from the behaviour log.

    Two indexed questions to the event store, of the newest 300 steps of the customer and of the newest
    20,000 events of interest in the product; one or two to PostgreSQL for the model and the stock.
    """

    store: EventStore
    models: ConversionModels
    supplies: Supplies
    absence: StoreAbsence

    def facts(
        self, *, user_id: str, product_id: str, now: datetime, known: Mapping[str, Any] = _NOTHING
    ) -> dict[str, Any]:
        """`behaviour_score`, `conversion_probability`, `demand` and `suggested_change`, as Decimals.

        `known` are the other facts of the case, if there are any: seats and lead time count for the
        suggestion. Without an answer of the event store there are no facts: that is logged, not raised.
        """
        asked = self._asked(user_id, product_id, now)
        if asked is None:
            return {}
        touches, people = asked
        wanted = demand(people)
        supply = self.supplies.of(product_id=product_id, known=known, now=now)
        return {
            "behaviour_score": behaviour_score(touches, now=now),
            "conversion_probability": self.models.newest().percent(cell_of(touches, now=now)),
            "demand": wanted,
            "suggested_change": suggested_change(demand=wanted, supply=supply),
        }

    def _asked(
        self, user_id: str, product_id: str, now: datetime
    ) -> tuple[list[Touch], Mapping[int, int]] | None:
        if self.absence.lasts(now):
            return None
        try:
            touches = self.store.touches(user_id=user_id, names=NAMES, since=now - MEMORY, limit=MOST_TOUCHES)
            people = self.store.people_by_day(product_id=product_id, names=INTEREST, now=now, days=DAYS)
        except Exception as error:  # noqa: BLE001 (whatever the store's library raises)
            self.absence.begin(now)
            log.warning("behaviour_unknown", error=str(error))
            return None
        return touches, people
