"""Rules and the decision tables that they make up."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from backend.engine.conditions import Condition, facts_tested
from backend.engine.effects import Effect
from backend.engine.matcher import Candidate
from backend.engine.nodes import Node


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule. Its effective dates [effective_from, effective_until) are local days; None is open."""

    id: str
    file: str
    place: Node
    about: str
    condition: Condition
    effect: Effect
    applies_to: Mapping[str, frozenset[str]]
    effective_from: date | None = None
    effective_until: date | None = None
    priority: int | None = None

    @property
    def line(self) -> int:
        """The line of its file where it begins."""
        return self.place.line

    @property
    def is_dated(self) -> bool:
        """Whether it has effective dates."""
        return self.effective_from is not None or self.effective_until is not None

    def is_effective(self, day: date) -> bool:
        """Whether `day` lies in its effective dates."""
        if self.effective_from is not None and day < self.effective_from:
            return False
        return self.effective_until is None or day < self.effective_until

    @property
    def candidate(self) -> Candidate:
        """What a matcher needs to know of it."""
        return Candidate(self.condition, self.applies_to)

    @property
    def facts(self) -> frozenset[str]:
        """The facts on which it depends."""
        return facts_tested(self.condition) | frozenset(self.applies_to)
