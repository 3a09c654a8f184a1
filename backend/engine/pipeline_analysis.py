"""Analysis of a whole price across files: cuts at the floor, negative prices, rules for what is refused.

It imports z3, which is large; only the process that tries a rulebook does so.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import z3

from backend.engine import pipeline_words as words
from backend.engine.boxes import TooComplexError
from backend.engine.findings import Finding, Severity
from backend.engine.nodes import Place
from backend.engine.pipeline_model import Firing, Pipeline, PriceModel, price_model
from backend.engine.pipeline_search import STEPS, Found, Reprice, Search, UndecidedError
from backend.engine.premises import Intended
from backend.engine.rulebook import VOCABULARY_FILE, Rulebook
from backend.engine.rules import Rule
from backend.engine.vocabulary import Vocabulary

CUT = "the floor has to raise a price"
NEGATIVE = "a price falls below nothing"
REFUSED = "rules price only what is not sold"


def analyse_price(
    rulebook: Rulebook, pipeline: Pipeline, *, reprice: Reprice, on: date, steps: int = STEPS
) -> tuple[Finding, ...]:
    """What is wrong with the price as a whole from the day `on`, in the order of the files.

    Every case told is one that `reprice` has shown; what takes more than `steps` is told as undecided.
    """
    if not _is_whole(rulebook, pipeline):
        return ()
    try:
        model = price_model(rulebook, pipeline, on=on)
    except TooComplexError:
        return (_undecided(rulebook, pipeline, CUT),)
    analysis = _PriceAnalysis(rulebook, pipeline, model, Search(model, reprice, steps))
    return tuple(sorted(analysis.findings(), key=lambda finding: finding.place))


def _is_whole(rulebook: Rulebook, pipeline: Pipeline) -> bool:
    """Whether the rulebook is one of prices, and has a rule that changes one."""
    names = (*pipeline.stages, pipeline.floor, *pipeline.permissions)
    known = all(name in rulebook.decisions for name in names)
    return known and any(rulebook.decisions[name].rules for name in pipeline.stages)


@dataclass(frozen=True, slots=True)
class _PriceAnalysis:
    rulebook: Rulebook
    pipeline: Pipeline
    model: PriceModel
    search: Search

    def findings(self) -> Iterator[Finding]:
        for question, answers in (
            (NEGATIVE, self._negative),
            (CUT, self._cuts),
            (REFUSED, self._refused),
        ):
            try:
                yield from answers()
            except UndecidedError:
                yield _undecided(self.rulebook, self.pipeline, question)

    def _negative(self) -> Iterator[Finding]:
        for found in self.search.find(self.model.is_negative, happens=lambda priced: priced.is_negative):
            yield self._shown(found, "negative", words.negative(found))
        yield from self._doubts(NEGATIVE)

    def _cuts(self) -> Iterator[Finding]:
        floor = self.rulebook.decisions[self.pipeline.floor]
        if floor.premises.cost_at_most is None:
            if floor.rules:
                yield Finding(_place(floor.rules[0]), Severity.NOTE, "unstated", floor.name, words.unstated())
            return
        marks = [(mark, self._all_of(mark)) for mark in floor.premises.intended]
        wanted = z3.Or([together for _, together in marks])
        what = z3.And(self.model.is_cut, z3.Not(wanted))
        for found in self.search.find(what, happens=lambda priced: priced.is_cut):
            rule = next((rule for rule in floor.rules if rule.id == found.priced.floor_rule), None)
            yield self._shown(found, "cut", words.cut(found, rule))
        yield from self._doubts(CUT)
        yield from self._stale(marks)

    def _stale(self, marks: Sequence[tuple[Intended, z3.BoolRef]]) -> Iterator[Finding]:
        for mark, together in marks:
            if self.search.is_possible(self.model.is_cut, together) is None:
                name = self.pipeline.floor
                yield Finding(mark.place, Severity.WARNING, "stale", name, words.stale(mark), mark.rules)

    def _all_of(self, mark: Intended) -> z3.BoolRef:
        """When all rules of a mark fire; never when one of them is not known."""
        fires = [
            z3.Or([one.fires for one in self.model.pricing if one.rule.id == name]) for name in mark.rules
        ]
        return z3.And(fires) if fires else z3.BoolVal(val=False)

    def _refused(self) -> Iterator[Finding]:
        """Rules that hold in some case, and in none that is sold."""
        if not self.model.refusing:
            return
        left = list(self.model.pricing)
        sold = z3.Not(self.model.is_refused)
        while left:
            model = self.search.is_possible(sold, z3.Or([one.fires for one in left]))
            if model is None:
                break
            priced = {id(one) for one in self.search.fired(model, left)}
            left = [one for one in left if id(one) not in priced]
        for one in left:
            refusing = self._refusing(one)
            if refusing:
                message = words.refused(one.rule, refusing)
                ids = (one.rule.id, *(rule.id for rule in refusing))
                yield Finding(_place(one.rule), Severity.WARNING, "refused", one.decision, message, ids)

    def _refusing(self, one: Firing) -> list[Rule]:
        """The rules that between them refuse whatever a rule prices; none when it never fires at all."""
        needed: list[Firing] = []
        while True:
            model = self.search.is_possible(one.fires, *(z3.Not(other.fires) for other in needed))
            if model is None:
                return [other.rule for other in needed]
            needed.append(self.search.fired(model, self.model.refusing)[0])

    def _doubts(self, question: str) -> Iterator[Finding]:
        """Told when a case was found on paper that no real price showed."""
        if self.search.doubtful:
            self.search.doubtful = 0
            yield _undecided(self.rulebook, self.pipeline, question)

    def _shown(self, found: Found, kind: str, message: str) -> Finding:
        vocabulary = self.rulebook.vocabulary
        floor = self.rulebook.decisions[self.pipeline.floor]
        by_rule = {id(one.rule): one.decision for one in self.model.pricing}
        first = found.rules[0] if found.rules else None
        at = _place(first) if first else floor.premises.place
        return Finding(
            place=at or _place(floor.rules[0]),
            severity=Severity.ERROR,
            kind=kind,
            decision=by_rule[id(first)] if first else floor.name,
            message=message,
            rules=tuple(rule.id for rule in found.rules),
            case=_as_json(vocabulary, found.facts),
            day=found.day,
        )


def _undecided(rulebook: Rulebook, pipeline: Pipeline, question: str) -> Finding:
    floor = rulebook.decisions[pipeline.floor]
    rules = [rule for name in (floor.name, *pipeline.stages) for rule in rulebook.decisions[name].rules]
    at = floor.premises.place or (_place(rules[0]) if rules else Place(VOCABULARY_FILE, 1, 1))
    return Finding(at, Severity.WARNING, "undecided", floor.name, words.undecided(question))


def _as_json(vocabulary: Vocabulary, facts: Mapping[str, object]) -> dict[str, object]:
    """The case as `flask rules try` reads it."""
    return {name: _value(vocabulary, name, value) for name, value in facts.items()}


def _value(vocabulary: Vocabulary, name: str, value: object) -> object:
    if value is None or isinstance(value, int):
        return value
    if isinstance(value, tuple):
        return list(value)
    return vocabulary.facts[name].type.write(value)


def _place(rule: Rule) -> Place:
    return Place(rule.file, rule.place.line, rule.place.column)
