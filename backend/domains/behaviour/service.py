"""Facts for rules, worked out from what customers did."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import Any, Final

from backend.domains.behaviour.conversion import cell_of
from backend.domains.behaviour.demand import demand
from backend.domains.behaviour.learning import ConversionModels
from backend.domains.behaviour.log import BehaviourLog
from backend.domains.behaviour.score import behaviour_score
from backend.domains.behaviour.suggestion import suggested_change
from backend.domains.behaviour.supply import Supplies

_NOTHING: Final[Mapping[str, Any]] = MappingProxyType({})


@dataclass(frozen=True)
class Behaviour:
    """Works out facts about a customer and a product from the behaviour log.

    Two indexed questions to the event store: the newest 300 steps of the customer, and once a minute the
    newest 50,000 events of interest in the product; one or two to PostgreSQL for the model and the stock.
    """

    log: BehaviourLog
    models: ConversionModels
    supplies: Supplies

    def facts(
        self, *, user_id: str, product_id: str, now: datetime, known: Mapping[str, Any] = _NOTHING
    ) -> dict[str, Any]:
        """`behaviour_score`, `conversion_probability`, `demand` and `suggested_change`, as Decimals.

        `known` are the other facts of the case, if there are any: seats and lead time count for the
        suggestion. Without an answer of the event store there are no facts: that is logged, not raised.
        """
        recorded = self.log.of(user_id=user_id, product_id=product_id, now=now)
        if recorded is None:
            return {}
        wanted = demand(recorded.people)
        supply = self.supplies.of(product_id=product_id, known=known, now=now)
        cell = cell_of(recorded.touches, now=now)
        return {
            "behaviour_score": behaviour_score(recorded.touches, now=now),
            "conversion_probability": self.models.newest().percent(cell),
            "demand": wanted,
            "suggested_change": suggested_change(demand=wanted, supply=supply),
        }
