"""The quotes whose price moves most, a bounded number of them."""

from bisect import insort
from dataclasses import dataclass, field
from datetime import datetime

from backend.domains.backtesting.outcomes import Outcome, RuleChange
from backend.kernel.money import Money


@dataclass(frozen=True, slots=True)
class Mover:
    """A quote, its two prices and the rules that make the difference."""

    id: str
    at: datetime
    before: Money
    after: Money
    rules: tuple[RuleChange, ...]

    @property
    def rank(self) -> tuple[int, str]:
        """Sorts those that move most first; ids decide between equals."""
        return -abs(self.after.minor - self.before.minor), self.id


@dataclass(slots=True)
class Movers:
    """The `most` quotes that move most, in order."""

    most: int
    found: list[Mover] = field(default_factory=list)

    def add(self, outcome: Outcome) -> None:
        """Keep the quote if it is among the first; both prices are of one currency."""
        before, after, id_ = outcome.before.total, outcome.after.total, outcome.record.id
        if self._is_full and (-abs(after.minor - before.minor), id_) >= self.found[-1].rank:
            return
        self._keep(Mover(id_, outcome.record.at, before, after, outcome.rule_changes()))

    def merge(self, other: "Movers") -> None:
        """Take in what others have."""
        for mover in other.found:
            self._keep(mover)

    @property
    def _is_full(self) -> bool:
        return len(self.found) >= self.most

    def _keep(self, mover: Mover) -> None:
        insort(self.found, mover, key=lambda one: one.rank)
        del self.found[self.most :]
