"""What a shadow has found: sums that several processes add up, of a bounded size. Pure.

A tally is what one process found since it began; it goes to the database as a whole, over its last one.
So storing it twice changes nothing, and what all processes found is the sum of their newest tallies.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple

from backend.domains.pricing.comparison import PriceComparison
from backend.kernel.money import Money

EQUAL: Final = "equal"
DEARER: Final = "dearer"
CHEAPER: Final = "cheaper"
REFUSED: Final = "refused"
"""The draft refuses what is sold today."""
SOLD: Final = "sold"
"""The draft sells what is refused today."""
FAILED: Final = "failed"
"""The draft raised an error, or took too long."""
DROPPED: Final = "dropped"
"""Not compared: there were too many at once."""
RESULTS: Final = (EQUAL, DEARER, CHEAPER, REFUSED, SOLD, FAILED, DROPPED)

MOST_MOVERS: Final = 20
MOST_REASONS: Final = 20
OTHER_REASONS: Final = "other reasons"


class RuleKey(NamedTuple):
    """A rule, or a stage's line without one (`rule` is ""), for prices in one currency."""

    currency: str
    decision: str
    rule: str


@dataclass(frozen=True, slots=True)
class Mover:
    """A quote whose price the draft changes."""

    quote_id: str
    today: Money
    draft: Money

    @property
    def difference(self) -> Money:
        """By how much the draft is dearer."""
        return self.draft - self.today

    @property
    def rank(self) -> tuple[float, str, str, int, int]:
        """Sorts the biggest first: by the change relative to today's price, so that currencies compare."""
        relative = abs(self.difference.minor) / max(abs(self.today.minor), 1)
        return -relative, self.quote_id, self.today.currency, self.today.minor, self.draft.minor


@dataclass
class Tally:
    """Counts by result; sums in minor units by currency and by rule, of quotes that both sides sell."""

    results: Counter[str] = field(default_factory=Counter)
    compared: Counter[str] = field(default_factory=Counter)
    today: Counter[str] = field(default_factory=Counter)
    draft: Counter[str] = field(default_factory=Counter)
    rule_quotes: Counter[RuleKey] = field(default_factory=Counter)
    rule_differences: Counter[RuleKey] = field(default_factory=Counter)
    failures: Counter[str] = field(default_factory=Counter)
    movers: list[Mover] = field(default_factory=list)

    def add(self, compared: PriceComparison, *, quote_id: str | None) -> str:
        """Count one quote (without an id: one that was refused); the result that it is counted under."""
        result = result_of(compared)
        self.results[result] += 1
        if result in {REFUSED, SOLD}:
            self._add_refusals(compared)
        elif not compared.today.refusals:
            self._add_prices(compared)
            if compared.difference and quote_id is not None:
                self._add_movers([Mover(quote_id, compared.today.total, compared.draft.total)])
        return result

    def add_failure(self, reason: str) -> None:
        """Count a quote that the draft could not price."""
        self.results[FAILED] += 1
        known = reason in self.failures or len(self.failures) < MOST_REASONS
        self.failures[reason if known else OTHER_REASONS] += 1

    def add_dropped(self) -> None:
        """Count a quote that was not compared."""
        self.results[DROPPED] += 1

    def add_all(self, other: "Tally") -> None:
        """Add what another process found."""
        self.results.update(other.results)
        self.compared.update(other.compared)
        self.today.update(other.today)
        self.draft.update(other.draft)
        self.rule_quotes.update(other.rule_quotes)
        self.rule_differences.update(other.rule_differences)
        self.failures.update(other.failures)
        self._add_movers(other.movers)

    def copy(self) -> "Tally":
        """The same sums, which later additions leave alone."""
        return sum_of([self])

    def _add_prices(self, compared: PriceComparison) -> None:
        currency = compared.today.total.currency
        self.compared[currency] += 1
        self.today[currency] += compared.today.total.minor
        self.draft[currency] += compared.draft.total.minor
        for line in compared.changed:
            key = RuleKey(currency, line.stage, line.rule.id if line.rule else "")
            self.rule_quotes[key] += 1
            self.rule_differences[key] += line.difference.minor

    def _add_refusals(self, compared: PriceComparison) -> None:
        for refusal in (*compared.refusals_gone, *compared.refusals_new):
            key = RuleKey(compared.today.total.currency, refusal.rule.decision, refusal.rule.id)
            self.rule_quotes[key] += 1
            self.rule_differences[key] += 0

    def _add_movers(self, movers: Iterable[Mover]) -> None:
        self.movers = sorted([*self.movers, *movers], key=lambda mover: mover.rank)[:MOST_MOVERS]


def result_of(compared: PriceComparison) -> str:
    """What a comparison is counted under."""
    refused_today, refused_by_draft = bool(compared.today.refusals), bool(compared.draft.refusals)
    if refused_today != refused_by_draft:
        return SOLD if refused_today else REFUSED
    if refused_today or not compared.difference:
        return EQUAL
    return DEARER if compared.difference.minor > 0 else CHEAPER


def sum_of(tallies: Iterable[Tally]) -> Tally:
    """What several processes found together."""
    whole = Tally()
    for tally in tallies:
        whole.add_all(tally)
    return whole


def tally_document(tally: Tally) -> dict[str, Any]:
    """A tally as JSON."""
    return {
        "results": dict(tally.results),
        "compared": dict(tally.compared),
        "today": dict(tally.today),
        "draft": dict(tally.draft),
        "rules": [
            [*key, quotes, tally.rule_differences[key]] for key, quotes in sorted(tally.rule_quotes.items())
        ],
        "failures": dict(tally.failures),
        "movers": [
            [mover.quote_id, mover.today.currency, mover.today.minor, mover.draft.minor]
            for mover in tally.movers
        ],
    }


def read_tally(document: Mapping[str, Any]) -> Tally:
    """The tally behind a document."""
    rules = [(RuleKey(*row[:3]), row[3], row[4]) for row in document["rules"]]
    return Tally(
        results=Counter(document["results"]),
        compared=Counter(document["compared"]),
        today=Counter(document["today"]),
        draft=Counter(document["draft"]),
        rule_quotes=Counter({key: quotes for key, quotes, _ in rules}),
        rule_differences=Counter({key: difference for key, _, difference in rules}),
        failures=Counter(document["failures"]),
        movers=[
            Mover(quote_id, Money(today, currency), Money(draft, currency))
            for quote_id, currency, today, draft in document["movers"]
        ],
    )
