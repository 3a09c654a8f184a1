"""The same realistic rules in both languages: ours, and a decision table of zen-engine."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from random import Random
from typing import Any, Final

from backend.engine.conditions import AllOf, FactTest
from backend.engine.effects import Surcharge
from backend.engine.nodes import Scalar
from backend.engine.rules import Rule
from backend.engine.unary_tests import Compare, Equals, Interval, Not, OneOf, UnaryTest
from backend.engine.values import BOOLEAN, ENUM, INTEGER, ValueType
from backend.engine.vocabulary import Fact, Facts, Vocabulary

WEEKDAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
TIERS: Final = ("none", "silver", "gold", "platinum")
FACTS: Final = ("weekday", "minute", "experience", "party", "tier", "member")
_TYPES: Final[dict[str, ValueType]] = {"kind": ENUM, "weekday": ENUM, "tier": ENUM, "member": BOOLEAN}
VOCABULARY: Final = Vocabulary(
    {name: Fact(name, _TYPES.get(name, INTEGER)) for name in ("kind", "other", *FACTS)}
)


@dataclass(frozen=True)
class Cell:
    """One test in both languages."""

    test: UnaryTest
    zen: str


@dataclass(frozen=True)
class Row:
    """One rule: its kind, and a cell for each fact that it tests."""

    kind: str
    cells: dict[str, Cell]

    def rule(self, number: int) -> Rule:
        """The rule as a file would give it."""
        condition = AllOf(tuple(FactTest(fact, cell.test) for fact, cell in self.cells.items()))
        applies_to = {"kind": frozenset({self.kind})}
        effect = Surcharge.parse("5%", {})
        return Rule(
            f"rule-{number}", "bench.yaml", Scalar("", number + 1, 1), "", condition, effect, applies_to
        )


def rows(count: int, *, kind: str = "slot", seed: int = 1) -> list[Row]:
    """`count` rules of one kind, each of which tests three of the six facts."""
    random = Random(seed)
    return [Row(kind, {fact: _cell(random, fact) for fact in random.sample(FACTS, 3)}) for _ in range(count)]


def facts(seed: int, *, kind: str = "slot") -> Facts:
    """One case that knows every fact."""
    random = Random(seed)
    return {
        "kind": kind,
        "weekday": random.choice(WEEKDAYS),
        "minute": random.randrange(480, 1320, 15),
        "experience": random.randrange(30),
        "party": random.randint(1, 12),
        "tier": random.choice(TIERS),
        "member": random.random() < 0.5,
    }


def zen_table(table: Sequence[Row]) -> str:
    """The rows as a decision graph of zen-engine: input, one table that collects, output."""
    columns = ("kind", *FACTS)
    content = {
        "hitPolicy": "collect",
        "inputs": [{"id": name, "name": name, "field": name} for name in columns],
        "outputs": [{"id": "rule", "name": "rule", "field": "rule"}],
        "rules": [_zen_row(number, row) for number, row in enumerate(table)],
    }
    place = {"x": 0, "y": 0}
    nodes = [
        {"id": "in", "name": "in", "type": "inputNode", "position": place},
        {"id": "rules", "name": "rules", "type": "decisionTableNode", "position": place, "content": content},
        {"id": "out", "name": "out", "type": "outputNode", "position": place},
    ]
    edges = [
        {"id": "1", "sourceId": "in", "targetId": "rules", "type": "edge"},
        {"id": "2", "sourceId": "rules", "targetId": "out", "type": "edge"},
    ]
    return json.dumps({"nodes": nodes, "edges": edges})


def _zen_row(number: int, row: Row) -> dict[str, Any]:
    cells = {fact: row.cells[fact].zen if fact in row.cells else "" for fact in FACTS}
    return {"_id": str(number), "kind": f"'{row.kind}'", **cells, "rule": str(number)}


def _cell(random: Random, fact: str) -> Cell:
    low = random.randrange(480, 1200, 30)
    years = random.randint(1, 25)
    some = sorted(random.sample(WEEKDAYS, random.randint(1, 5)), key=WEEKDAYS.index)
    tier = random.choice(TIERS)
    party = random.randint(1, 8)
    return {
        "weekday": Cell(OneOf(tuple(some)), ",".join(f"'{day}'" for day in some)),
        "minute": Cell(Interval(low, low + 120), f"[{low}..{low + 120})"),
        "experience": Cell(Compare(">=", years), f">= {years}"),
        "party": Cell(Interval(party, party + 4, includes_high=True), f"[{party}..{party + 4}]"),
        "tier": Cell(Not(Equals(tier)), f"$ != '{tier}'"),
        "member": Cell(Equals(value=low % 60 == 0), "true" if low % 60 == 0 else "false"),
    }[fact]
