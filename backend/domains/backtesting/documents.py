"""The result of a back-test as a JSON document: what the API answers, and what every report is made from.

Its shape stands in docs/backtest.md.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

from backend.domains.backtesting.distributions import BINS, Percentages, bin_words, median_of
from backend.domains.backtesting.movers import Mover, Movers
from backend.domains.backtesting.outcomes import UNKNOWN, RuleChange
from backend.domains.backtesting.result import Result
from backend.domains.backtesting.tallies import Count, Sum, Tallies, Tally
from backend.domains.pricing.records import money_document
from backend.kernel.money import Money, round_minor

SHOWN_SEGMENTS: Final = 30
REST: Final = "(other)"

_PAIRS: Final = (
    ("quoted", Sum.QUOTED_BEFORE, Sum.QUOTED_AFTER),
    ("booked", Sum.BOOKED_BEFORE, Sum.BOOKED_AFTER),
    ("margin", Sum.MARGIN_BEFORE, Sum.MARGIN_AFTER),
)


@dataclass(frozen=True, slots=True)
class Heading:
    """What was compared: the two rulebooks by name and version, and which quotes or rows."""

    before: str
    before_version: str
    after: str
    after_version: str
    history: str


def result_document(result: Result, heading: Heading) -> dict[str, Any]:
    """The whole result, JSON-able; money as `{"amount": …, "currency": …}`."""
    return {
        "before": {"name": heading.before, "version": heading.before_version},
        "after": {"name": heading.after, "version": heading.after_version},
        "history": heading.history,
        **tally_document(result.total),
        "changes": [
            {"bin": number, "label": bin_words(number), "quotes": result.changes[number]} for number in BINS
        ],
        "movers": [
            {
                "currency": currency,
                "dearer": _movers(movers.dearer),
                "cheaper": _movers(movers.cheaper),
            }
            for currency, movers in sorted(result.movers.items())
        ],
        "segments": [
            {"fact": fact, "values": _segment(tallies)}
            for fact, tallies in result.segments.items()
            if list(tallies.named) != [UNKNOWN]
        ],
        "failures": [
            {"reason": reason, "quotes": tally.counts[Count.FAILED]}
            for reason, tally in [*sorted(result.failures.named.items()), (REST, result.failures.rest)]
            if tally.counts[Count.FAILED]
        ],
        "skipped_rows": result.bad_rows.count,
        "accuracy": _accuracy(result),
    }


def tally_document(tally: Tally) -> dict[str, Any]:
    """Counts, shares in percent, and sums by currency."""
    counts = tally.counts
    changed = sum(counts[one] for one in (Count.DEARER, Count.CHEAPER, Count.NEWLY_REFUSED, Count.NEWLY_SOLD))
    return {
        "counts": {"changed": changed, **{one.value: counts[one] for one in Count}},
        "accepted_percent": {
            "before": share(counts[Count.ACCEPTED], counts[Count.QUOTES]),
            "after": share(
                counts[Count.ACCEPTED] - counts[Count.ACCEPTED_REFUSED_AFTER], counts[Count.QUOTES]
            ),
        },
        "currencies": [
            {
                "currency": currency,
                **{name: _pair(sums[before], sums[after], currency) for name, before, after in _PAIRS},
            }
            for currency, sums in sorted(tally.sums.items())
        ],
    }


def share(part: int, whole: int) -> str | None:
    """`part` of `whole` in percent with one decimal, such as `12.5`; None of nothing."""
    if whole == 0:
        return None
    return str(Decimal(round_minor(Decimal(part * 1000) / whole)) / 10)


def _pair(before: int, after: int, currency: str) -> dict[str, Any]:
    return {
        "before": money_document(Money(before, currency)),
        "after": money_document(Money(after, currency)),
        "change_percent": share(after - before, abs(before)),
    }


def _segment(tallies: Tallies) -> list[dict[str, Any]]:
    """The segments with most quotes by name, all others together."""
    by_size = sorted(tallies.named.items(), key=lambda item: (-item[1].counts[Count.QUOTES], item[0]))
    rest = Tally()
    rest.merge(tallies.rest)
    for _, tally in by_size[SHOWN_SEGMENTS:]:
        rest.merge(tally)
    named = sorted(by_size[:SHOWN_SEGMENTS], key=lambda item: _natural(item[0]))
    if rest.counts[Count.QUOTES]:
        named.append((REST, rest))
    return [{"value": value, **tally_document(tally)} for value, tally in named]


def _natural(value: str) -> tuple[int, str]:
    """Sorts 2 before 10, and numbers before words."""
    return (int(value), "") if value.isdecimal() else (1 << 62, value)


def _movers(movers: Movers) -> list[dict[str, Any]]:
    return [_mover(mover) for mover in movers.found]


def _mover(mover: Mover) -> dict[str, Any]:
    return {
        "id": mover.id,
        "at": mover.at.isoformat().replace("+00:00", "Z"),
        **_pair(mover.before.minor, mover.after.minor, mover.before.currency),
        "rules": [_rule(change) for change in mover.rules],
    }


def _rule(change: RuleChange) -> dict[str, Any]:
    return {
        "rule": change.rule,
        "before": None if change.before is None else money_document(change.before),
        "after": None if change.after is None else money_document(change.after),
    }


def _accuracy(result: Result) -> dict[str, Any] | None:
    """How near each side is to what was really paid; None when no row says what that was."""
    known = sum(result.errors.before.values())
    if not known:
        return None
    return {
        "quotes": known,
        "before": _side(result.errors.before, result.total, Sum.ASKED_BEFORE),
        "after": _side(result.errors.after, result.total, Sum.ASKED_AFTER),
    }


def _side(errors: Percentages, total: Tally, asked: Sum) -> Mapping[str, Any]:
    median = median_of(errors)
    return {
        "median_error_percent": None if median is None else str(Decimal(median) / 100),
        "bias_percent": {
            currency: share(sums[asked] - sums[Sum.PAID], sums[Sum.PAID])
            for currency, sums in sorted(total.sums.items())
            if sums[Sum.PAID]
        },
    }
