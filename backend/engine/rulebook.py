"""The rulebook: all rule files together, read, checked, compiled, and ready to decide."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from backend.engine.decision import Decision
from backend.engine.decision_reader import Block, check_together, read_blocks, read_scenarios
from backend.engine.decision_table import DecisionTable
from backend.engine.hit_policies import Collect
from backend.engine.matcher import MatcherFactory
from backend.engine.matcher_compiled import compiled
from backend.engine.nodes import Documents, content
from backend.engine.premises import NOTHING_ASSUMED
from backend.engine.problems import Problem, Report, RulebookError, clipped
from backend.engine.scenarios import Scenario
from backend.engine.table_reader import Tables
from backend.engine.vocabulary import CheckedFacts, DecisionSpec, Facts, Vocabulary, suggest
from backend.engine.vocabulary_reader import read_vocabulary
from backend.kernel.errors import ClimbUpError, NotFoundError
from backend.kernel.money import CurrencyError

VOCABULARY_FILE: Final = "rules/vocabulary.yaml"


class UnknownDecisionError(NotFoundError):
    """A decision that the vocabulary does not name."""


@dataclass(frozen=True, slots=True)
class Rulebook:
    """All decisions of one set of files; frozen, and safe to use from several threads.

    `version` is `sha256:…` of what the files say, whatever their layout and comments.
    `sources` are the texts of the files by name, from which the same rulebook can be read again.
    """

    version: str
    sources: Mapping[str, str]
    vocabulary: Vocabulary
    decisions: Mapping[str, DecisionTable]

    @classmethod
    def read(
        cls,
        files: Documents,
        *,
        tables: Mapping[str, str] | None = None,
        is_whole: bool = True,
        matcher: MatcherFactory = compiled,
    ) -> "Rulebook":
        """Read, check and compile the files and run their scenarios.

        `tables` are the texts of the decision tables by name, such as `rules/tables/peak.csv`. Unless
        `is_whole`, files are missing that could not be read, and a table may belong to one of them.
        Raises RulebookError with every problem of every file.
        """
        reports = {name: Report(name) for name in sorted(files)}
        if VOCABULARY_FILE not in files:
            raise RulebookError([Problem(VOCABULARY_FILE, 1, 1, "this file is missing: it names the facts")])
        vocabulary = read_vocabulary(files[VOCABULARY_FILE].root, report=reports[VOCABULARY_FILE])
        read = Tables(tables or {})
        by_decision = _read_decisions(files, reports, vocabulary, read)
        scenarios = {
            name: read_scenarios(blocks, vocabulary=vocabulary) for name, blocks in by_decision.items()
        }
        found = (*reports.values(), *read.reports.values())
        problems = [problem for report in found for problem in report.found]
        problems += read.unused() if is_whole else []
        if problems:
            raise RulebookError(problems)
        decisions = {
            name: _table(spec, by_decision.get(name, []), scenarios.get(name, []), vocabulary, matcher)
            for name, spec in vocabulary.decisions.items()
        }
        sources = {name: file.text for name, file in files.items()} | dict(read.texts)
        book = cls(_version(files, read), sources, vocabulary, decisions)
        problems = book.failed_scenarios()
        if problems:
            book.close()
            raise RulebookError(problems)
        return book

    def decide(self, decision: str, facts: Facts, *, at: datetime) -> Decision:
        """The decision on `facts` at the instant `at` (aware), with the rules that nearly fired.

        Raises FactError for unknown or wrongly typed facts, SeveralRulesError where a `unique` decision
        has two rules that hold, UnknownDecisionError for a name that the vocabulary lacks.
        """
        table = self._table(decision)
        return table.decide(self.vocabulary.check(facts), at=at, explain=True, version=self.version)

    def decide_many(
        self, decision: str, many: Sequence[Facts | CheckedFacts], *, at: datetime, explain: bool = False
    ) -> list[Decision]:
        """`decide` for each of `many`, in order; equal cases are decided once.

        Cases are equal when the facts that this decision tests are. Near misses only with `explain`.
        Facts that this rulebook's vocabulary has checked (`Vocabulary.checked`) are not checked again.
        """
        table = self._table(decision)
        decided: dict[tuple[object, ...], Decision] = {}
        answers: list[Decision] = []
        for facts in many:
            checked = self._checked(facts)
            key = tuple([checked.get(name) for name in table.facts])
            answer = decided.get(key)
            if answer is None:
                answer = table.decide(checked, at=at, explain=explain, version=self.version)
                decided[key] = answer
            answers.append(answer)
        return answers

    def failed_scenarios(self) -> list[Problem]:
        """A problem for each scenario that does not come out as expected."""
        problems: list[Problem] = []
        for table in self.decisions.values():
            for scenario in table.scenarios:
                try:
                    failure = scenario.failure(self.decide(table.name, scenario.given, at=scenario.at))
                except (ClimbUpError, CurrencyError) as error:
                    failure = f"scenario '{scenario.name}': {error}"
                if failure:
                    place = scenario.expected_at
                    problems.append(Problem(scenario.file, place.line, place.column, clipped(failure)))
        return problems

    def close(self) -> None:
        """Give back what the matchers hold outside Python; the rulebook must not be used afterwards."""
        for table in self.decisions.values():
            table.matcher.close()

    def _checked(self, facts: Facts | CheckedFacts) -> Facts:
        if not isinstance(facts, CheckedFacts):
            return self.vocabulary.check(facts)
        if facts.vocabulary is not self.vocabulary:
            return self.vocabulary.check(facts.values)
        return facts.values

    def _table(self, decision: str) -> DecisionTable:
        table = self.decisions.get(decision)
        if table is None:
            raise UnknownDecisionError(
                f"'{decision}' is not a decision of the vocabulary.{suggest(decision, self.decisions)}"
            )
        return table


def _read_decisions(
    files: Documents, reports: Mapping[str, Report], vocabulary: Vocabulary, tables: Tables
) -> dict[str, list[Block]]:
    """The blocks of every decision, in the order of the files' names."""
    by_decision: dict[str, list[Block]] = {}
    for name, report in reports.items():
        if name != VOCABULARY_FILE:
            root = files[name].root
            for block in read_blocks(root, vocabulary=vocabulary, report=report, tables=tables):
                by_decision.setdefault(block.spec.name, []).append(block)
    for blocks in by_decision.values():
        check_together(blocks)
    return by_decision


def _table(
    spec: DecisionSpec,
    blocks: Sequence[Block],
    scenarios: Sequence[Scenario],
    vocabulary: Vocabulary,
    matcher: MatcherFactory,
) -> DecisionTable:
    """The table of a decision; without any rules when no file has some."""
    return DecisionTable.of(
        name=spec.name,
        owner=blocks[0].owner if blocks else "",
        about=blocks[0].about if blocks else spec.about,
        hit_policy=blocks[0].hit_policy if blocks else Collect(),
        rules=[rule for block in blocks for rule in block.rules],
        scenarios=scenarios,
        complete_at=next((block.complete_at for block in blocks if block.complete_at), None),
        premises=next((block.premises for block in blocks if block.premises.place), NOTHING_ASSUMED),
        vocabulary=vocabulary,
        matcher=matcher,
    )


def _version(files: Documents, tables: Tables) -> str:
    roots = {name: file.root for name, file in files.items()} | tables.contents
    said = {name: content(root) for name, root in roots.items()}
    canonical = json.dumps(said, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return f"sha256:{hashlib.sha256(canonical.encode()).hexdigest()}"
