"""What analysing one decision takes at 10 to 500 rules: overlaps, rules that never fire, gaps, twins.

Fails when 500 rules take more than ten seconds.
"""

import time
from dataclasses import replace
from datetime import date
from itertools import product
from typing import Final

from backend.engine.analysis import analyse
from backend.engine.decision_table import DecisionTable
from backend.engine.findings import Finding
from backend.engine.hit_policies import HIT_POLICIES
from backend.engine.matcher_compiled import compiled
from backend.engine.nodes import Place
from backend.engine.rulebook import Rulebook
from backend.engine.rules import Rule
from backend.engine.unary_tests import Compare, Equals, Interval
from backend.engine.vocabulary import Vocabulary
from bench import engine_rules
from bench.engine_rules import TIERS, WEEKDAYS, Cell, Row, rows

COUNTS: Final = (10, 50, 200, 500)
POLICIES: Final = ("unique", "first", "collect")
TODAY: Final = date(2026, 6, 1)
AIM_SECONDS: Final = 10.0
_VALUES: Final = {"kind": ("slot", "other"), "weekday": WEEKDAYS, "tier": TIERS}
VOCABULARY: Final = Vocabulary(
    {
        name: replace(fact, values=_VALUES.get(name, ()))
        for name, fact in engine_rules.VOCABULARY.facts.items()
    }
)


def random_rules(count: int) -> list[Rule]:
    """Rules of three random tests each, which overlap at random."""
    return [row.rule(number) for number, row in enumerate(rows(count))]


def grid_rules(count: int) -> list[Rule]:
    """Rules that share out every weekday, tier and stretch of minutes: no overlap, no shadow, no gap."""
    stretches = max(2, round(count / len(WEEKDAYS) / len(TIERS)))
    cells = product(WEEKDAYS, TIERS, range(stretches))
    return [
        Row(
            "slot",
            {
                "weekday": Cell(Equals(day), ""),
                "tier": Cell(Equals(tier), ""),
                "minute": _part(part, stretches),
            },
        ).rule(number)
        for number, (day, tier, part) in enumerate(cells)
    ]


def _part(part: int, parts: int) -> Cell:
    """One of `parts` stretches of minutes, of which the first and the last are open."""
    if part == 0:
        return Cell(Compare("<", 10), "")
    if part == parts - 1:
        return Cell(Compare(">=", part * 10), "")
    return Cell(Interval(part * 10, (part + 1) * 10), "")


SHAPES: Final = {"random": random_rules, "grid": grid_rules}


def rulebook(rules: list[Rule], policy: str) -> Rulebook:
    """A rulebook of one decision, which says that it decides every case."""
    table = DecisionTable.of(
        name="bench",
        hit_policy=HIT_POLICIES[policy],
        rules=rules,
        complete_at=Place("bench.yaml", 1, 1),
        vocabulary=VOCABULARY,
        matcher=compiled,
    )
    return Rulebook("sha256:bench", {}, VOCABULARY, {"bench": table})


def kinds(findings: tuple[Finding, ...]) -> str:
    """How many findings there are of each kind."""
    names = sorted({finding.kind for finding in findings})
    return ", ".join(f"{sum(finding.kind == name for finding in findings)} {name}" for name in names)


def main() -> None:
    slowest = 0.0
    for (shape, make), policy, count in product(SHAPES.items(), POLICIES, COUNTS):
        rules = make(count)
        book = rulebook(rules, policy)
        start = time.perf_counter()
        findings = analyse(book, on=TODAY)
        taken = time.perf_counter() - start
        slowest = max(slowest, taken)
        print(f"{shape:<7} {policy:<8} {len(rules):>4} rules {taken:7.3f} s   {kinds(findings)}")
    if slowest > AIM_SECONDS:
        raise SystemExit(f"slower than the aim of {AIM_SECONDS:.0f} s")


if __name__ == "__main__":
    main()
