"""Microseconds for one decision by each matcher, and by zen-engine on the same rules in the same run.

A decision is: check the facts against the vocabulary, find the rules that hold, choose by the hit policy,
without near misses. zen-engine evaluates a compiled decision table that collects. All find the same rules,
or the run stops.
"""

import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from statistics import median
from time import perf_counter
from typing import Final

import zen

from backend.engine.decision_table import DecisionTable
from backend.engine.durable_ruleset import durable_available
from backend.engine.hit_policies import Collect
from backend.engine.matcher import MatcherFactory
from backend.engine.matcher_compiled import compiled
from backend.engine.matcher_durable import durable
from backend.engine.vocabulary import Facts
from bench.engine_rules import VOCABULARY, Row, facts, rows, zen_table

SIZES: Final = (10, 50, 200, 1_000, 5_000)
OTHERS: Final = (0, 1_000, 5_000)
OWN: Final = 50
CASES: Final = 100
ROUNDS: Final = 7
SECONDS_PER_ROUND: Final = 0.1
BATCH: Final = 100
AT: Final = datetime(2026, 12, 7, 9, 0, tzinfo=UTC)

Decide = Callable[[Sequence[Facts]], list[list[int]]]
"""Decides each case and gives the numbers of the rules that fired."""


@dataclass(frozen=True)
class Timing:
    """Microseconds per decision over the rounds."""

    median: float
    lowest: float
    highest: float

    def __str__(self) -> str:
        return f"{self.median:9,.1f} ({self.lowest:,.1f} to {self.highest:,.1f})"


def main() -> int:
    """Print the two tables."""
    print(
        f"engine: µs per decision, median of {ROUNDS} rounds (lowest to highest), {CASES} different cases\n"
    )
    print("  rules of the same kind")
    for size in SIZES:
        _line(f"{size:,} rules", rows(size))
    print(f"\n  {OWN} rules of the kind among rules of another kind")
    for others in OTHERS:
        _line(f"{OWN} + {others:,} others", [*rows(OWN), *rows(others, kind="stay", seed=2)])
    return 0


def _line(label: str, table: Sequence[Row]) -> None:
    timings = compare(_engines(table), [facts(seed) for seed in range(CASES)])
    print(f"  {label:18}" + "  ".join(f"{name} {timing!s:30}" for name, timing in timings.items()))


def compare(engines: dict[str, Decide], cases: Sequence[Facts]) -> dict[str, Timing]:
    """The timing of each engine; the rounds of all take turns. ValueError where two disagree."""
    answers = {name: decide(cases) for name, decide in engines.items()}
    for name, answer in answers.items():
        if answer != answers["compiled"]:
            raise ValueError(f"{name} and compiled do not find the same rules")
    samples: dict[str, list[float]] = {name: [] for name in engines}
    for _ in range(ROUNDS):
        for name, decide in engines.items():
            samples[name].append(_microseconds(decide, cases))
    return {name: Timing(median(each), min(each), max(each)) for name, each in samples.items()}


def _microseconds(decide: Decide, cases: Sequence[Facts]) -> float:
    started, decided = perf_counter(), 0
    while perf_counter() - started < SECONDS_PER_ROUND:
        decide(cases)
        decided += len(cases)
    return (perf_counter() - started) / decided * 1e6


def _engines(table: Sequence[Row]) -> dict[str, Decide]:
    ours = {"compiled": _ours(table, compiled)}
    if durable_available():
        ours["durable"] = _ours(table, durable)
    return {**ours, "zen-engine": _zen(table), f"zen-engine by {BATCH}": _zen_batch(table)}


def _ours(table: Sequence[Row], matcher: MatcherFactory) -> Decide:
    rules = [row.rule(number) for number, row in enumerate(table)]
    decisions = DecisionTable.of(
        name="bench", hit_policy=Collect(), rules=rules, vocabulary=VOCABULARY, matcher=matcher
    )

    def decide(cases: Sequence[Facts]) -> list[list[int]]:
        return [
            [
                fired.line - 1
                for fired in decisions.decide(VOCABULARY.check(case), at=AT, explain=False, version="").fired
            ]
            for case in cases
        ]

    return decide


def _zen(table: Sequence[Row]) -> Decide:
    decision = zen.ZenEngine().create_decision(zen.ZenDecisionContent(zen_table(table)))

    def decide(cases: Sequence[Facts]) -> list[list[int]]:
        return [_numbers(decision.evaluate(case)["result"]) for case in cases]

    return decide


def _zen_batch(table: Sequence[Row]) -> Decide:
    content = zen.ZenDecisionContent(zen_table(table))
    engine = zen.ZenEngine({"loader": lambda _: content})

    def decide(cases: Sequence[Facts]) -> list[list[int]]:
        results = engine.evaluate_batch([{"key": "bench", "context": case} for case in cases])
        return [_numbers(result["data"]["result"]) for result in results]

    return decide


def _numbers(result: list[dict[str, int]] | None) -> list[int]:
    return [found["rule"] for found in result or []]


if __name__ == "__main__":
    sys.exit(main())
