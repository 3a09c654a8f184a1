"""The result of a back-test: folds outcomes, and merges with the result of any other part of the history.

Merging is associative and commutative, and an empty result changes nothing: however the history is cut
into parts, and in whatever order they are done, the result is the same.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from heapq import merge
from typing import Final

from backend.domains.backtesting.distributions import Percentages, change_bin, error_of
from backend.domains.backtesting.movers import Movers
from backend.domains.backtesting.outcomes import BadRowError, Comparison, Outcome, Stored, UnpricedError
from backend.domains.backtesting.tallies import Count, Tallies, Tally, verdict

MOST_MOVERS: Final = 10
MOST_SEGMENTS: Final = 1_000
MOST_REASONS: Final = 20
MOST_BAD_ROWS: Final = 20


@dataclass(slots=True)
class CurrencyMovers:
    """The biggest movers of one currency, both ways."""

    dearer: Movers = field(default_factory=lambda: Movers(MOST_MOVERS))
    cheaper: Movers = field(default_factory=lambda: Movers(MOST_MOVERS))


@dataclass(slots=True)
class Errors:
    """How far prices are from what was paid, where that is known."""

    before: Percentages = field(default_factory=Counter)
    after: Percentages = field(default_factory=Counter)

    def add(self, outcome: Outcome) -> None:
        """Take in an outcome whose record says what was paid."""
        paid = outcome.record.paid
        if paid is not None:
            self.before[error_of(outcome.before.total.minor, paid.minor)] += 1
            self.after[error_of(outcome.after.total.minor, paid.minor)] += 1

    def merge(self, other: "Errors") -> None:
        """Take in what another one has."""
        self.before.update(other.before)
        self.after.update(other.after)


@dataclass(slots=True)
class BadRows:
    """Rows that could not be read: how many, and the first of them in the order of their lines."""

    count: int = 0
    first: tuple[tuple[int, str], ...] = ()

    def add(self, error: BadRowError) -> None:
        """Take one in."""
        self.merge(BadRows(1, ((error.line, error.detail),)))

    def merge(self, other: "BadRows") -> None:
        """Take in what others have."""
        self.count += other.count
        self.first = tuple(merge(self.first, other.first))[:MOST_BAD_ROWS]


@dataclass(slots=True)
class Result:
    """Everything that a report of a back-test shows, in bounded memory."""

    total: Tally = field(default_factory=Tally)
    segments: dict[str, Tallies] = field(default_factory=dict)
    changes: Counter[int] = field(default_factory=Counter)
    movers: dict[str, CurrencyMovers] = field(default_factory=dict)
    errors: Errors = field(default_factory=Errors)
    failures: Tallies = field(default_factory=lambda: Tallies(MOST_REASONS))
    bad_rows: BadRows = field(default_factory=BadRows)

    def add(self, outcome: Outcome) -> None:
        """Take one outcome in."""
        self.total.add(outcome)
        for fact, value in outcome.segments:
            self._segment(fact).of(value).add(outcome)
        self.errors.add(outcome)
        if not (outcome.before.refusals or outcome.after.refusals):
            self._add_change(outcome)

    def add_failure(self, error: UnpricedError) -> None:
        """Take in a quote that could not be priced."""
        self.total.counts[Count.QUOTES] += 1
        self.total.counts[Count.FAILED] += 1
        self.failures.of(error.detail).counts[Count.FAILED] += 1

    def merge(self, other: "Result") -> None:
        """Take in the result of another part of the history."""
        self.total.merge(other.total)
        for fact, tallies in other.segments.items():
            self._segment(fact).merge(tallies)
        self.changes.update(other.changes)
        for currency, movers in other.movers.items():
            own = self.movers.setdefault(currency, CurrencyMovers())
            own.dearer.merge(movers.dearer)
            own.cheaper.merge(movers.cheaper)
        self.errors.merge(other.errors)
        self.failures.merge(other.failures)
        self.bad_rows.merge(other.bad_rows)

    def _segment(self, fact: str) -> Tallies:
        return self.segments.setdefault(fact, Tallies(MOST_SEGMENTS))

    def _add_change(self, outcome: Outcome) -> None:
        before, after = outcome.before.total, outcome.after.total
        self.changes[change_bin(before.minor, after.minor)] += 1
        if verdict(outcome) is Count.SAME:
            return
        movers = self.movers.setdefault(before.currency, CurrencyMovers())
        (movers.dearer if after > before else movers.cheaper).add(outcome)


def fold(comparison: Comparison, stored: Iterable[Stored]) -> Result:
    """The result of some records; what cannot be read or priced is in it too, with its reason."""
    result = Result()
    for one in stored:
        try:
            result.add(comparison.outcome(one.record()))
        except BadRowError as error:
            result.bad_rows.add(error)
        except UnpricedError as error:
            result.add_failure(error)
    return result
