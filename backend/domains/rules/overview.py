"""What the rulebook that is served says of itself."""

from collections.abc import Sequence
from dataclasses import dataclass

from backend.domains.rules.service import RulesService
from backend.engine.decision_table import DecisionTable


@dataclass(frozen=True, slots=True)
class DecisionOverview:
    """One decision: who owns it, how it decides, how many rules and scenarios it has, and where they are."""

    name: str
    about: str
    owner: str
    hit_policy: str
    rules: int
    scenarios: int
    files: Sequence[str]


@dataclass(frozen=True, slots=True)
class Overview:
    """The rulebook that a process serves; `problems` says why a newer one is not served."""

    version: str
    files: Sequence[str]
    decisions: Sequence[DecisionOverview]
    problems: Sequence[str]


def overview(rules: RulesService) -> Overview:
    """Of what is served now."""
    book = rules.rulebook()
    decisions = [_decision(table) for table in book.decisions.values()]
    return Overview(book.version, sorted(book.sources), decisions, rules.problems())


def _decision(table: DecisionTable) -> DecisionOverview:
    return DecisionOverview(
        name=table.name,
        about=table.about,
        owner=table.owner,
        hit_policy=table.hit_policy.name,
        rules=len(table.rules),
        scenarios=len(table.scenarios),
        files=sorted({rule.file for rule in table.rules}),
    )
