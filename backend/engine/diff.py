"""What is different between two rulebooks, in the words of those who write them."""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any, Final

from backend.engine.decision_table import DecisionTable
from backend.engine.diff_words import (
    SAME,
    asked,
    condition_changes,
    effect_changes,
    effect_text,
    listed,
    text_change,
)
from backend.engine.nodes import where
from backend.engine.rulebook import Rulebook
from backend.engine.rules import Rule
from backend.engine.scenarios import Scenario
from backend.engine.vocabulary import Fact

ADDED: Final = "added"
REMOVED: Final = "removed"
CHANGED: Final = "changed"


@dataclass(frozen=True, slots=True)
class Change:
    """One thing that is different: a rule, or (with `rule` empty) its decision or the vocabulary.

    `kind` is added, removed or changed; `what` says it in short phrases; the place is that of the newer
    rulebook, or of the older one for what was removed.
    """

    decision: str
    rule: str
    kind: str
    what: tuple[str, ...]
    file: str = ""
    line: int = 0

    def __str__(self) -> str:
        name = f"{self.decision} / {self.rule}" if self.rule else self.decision
        place = f"  ({where(self.file, self.line)})" if self.file else ""
        verb = f"rule {self.kind}: " if self.rule and self.kind != CHANGED else ""
        return f"{name}: {verb}{'; '.join(self.what)}{place}"


@dataclass(frozen=True, slots=True)
class RulebookDiff:
    """The changes that lead from one version to another; none when they say the same."""

    before: str
    after: str
    changes: tuple[Change, ...]

    @property
    def summary(self) -> str:
        """How many rules were added, removed and changed, in a phrase."""
        kinds = Counter(change.kind for change in self.changes if change.rule)
        counted = [f"{kinds[kind]} {kind}" for kind in (ADDED, REMOVED, CHANGED) if kinds[kind]]
        others = sum(not change.rule for change in self.changes)
        parts = [f"rules: {', '.join(counted)}"] if counted else []
        return "; ".join([*parts, *([f"other changes: {others}"] if others else [])]) or SAME

    def __str__(self) -> str:
        return "\n".join([*map(str, self.changes), self.summary])


def compare(before: Rulebook, after: Rulebook) -> RulebookDiff:
    """Everything that staff changed from `before` to `after`; layout and comments are no change."""
    names = list(dict.fromkeys([*before.decisions, *after.decisions]))
    found = chain(
        _vocabulary_changes(before, after),
        *(_decision_changes(before.decisions.get(name), after.decisions.get(name)) for name in names),
    )
    return RulebookDiff(before.version, after.version, tuple(found))


def _decision_changes(old: DecisionTable | None, new: DecisionTable | None) -> Iterator[Change]:
    if old is None or new is None:
        yield from _whole_decision(old, new)
        return
    about = _table_changes(old, new)
    if about:
        yield Change(new.name, "", CHANGED, tuple(about))
    earlier = {rule.id: rule for rule in old.rules}
    later = {rule.id: rule for rule in new.rules}
    yield from (_one_sided(new.name, rule, ADDED) for rule in new.rules if rule.id not in earlier)
    yield from (_one_sided(new.name, rule, REMOVED) for rule in old.rules if rule.id not in later)
    for rule in new.rules:
        what = _rule_changes(earlier[rule.id], rule) if rule.id in earlier else []
        if what:
            yield Change(new.name, rule.id, CHANGED, tuple(what), rule.file, rule.line)


def _whole_decision(old: DecisionTable | None, new: DecisionTable | None) -> Iterator[Change]:
    table, kind = (new, ADDED) if new is not None else (old, REMOVED)
    if table is not None:
        yield Change(table.name, "", kind, (f"decision {kind}",))
        yield from (_one_sided(table.name, rule, kind) for rule in table.rules)


def _one_sided(decision: str, rule: Rule, kind: str) -> Change:
    when = listed(asked(rule)) or "always"
    what = (f"{effect_text(rule.effect)}", f"when {when}", *_dates(rule))
    return Change(decision, rule.id, kind, what, rule.file, rule.line)


def _dates(rule: Rule) -> Iterator[str]:
    if rule.effective_from is not None:
        yield f"from {rule.effective_from}"
    if rule.effective_until is not None:
        yield f"until {rule.effective_until}"


def _applies(rule: Rule) -> str:
    said = (f"{name} {', '.join(sorted(values))}" for name, values in sorted(rule.applies_to.items()))
    return "; ".join(said)


_RULE_PARTS: Final[tuple[tuple[str, Callable[[Rule], Any]], ...]] = (
    ("from", lambda rule: rule.effective_from),
    ("until", lambda rule: rule.effective_until),
    ("priority", lambda rule: rule.priority),
    ("about", lambda rule: rule.about),
    ("applies to", _applies),
    ("file", lambda rule: rule.file),
)


def _rule_changes(old: Rule, new: Rule) -> list[str]:
    parts = (text_change(name, read(old), read(new)) for name, read in _RULE_PARTS)
    return [*effect_changes(old.effect, new.effect), *condition_changes(old, new), *chain(*parts)]


_TABLE_PARTS: Final[tuple[tuple[str, Callable[[DecisionTable], Any]], ...]] = (
    ("hit policy", lambda table: table.hit_policy.name),
    ("owner", lambda table: table.owner),
    ("about", lambda table: table.about),
)


def _table_changes(old: DecisionTable, new: DecisionTable) -> list[str]:
    parts = (text_change(name, read(old), read(new)) for name, read in _TABLE_PARTS)
    return [*chain(*parts), *_order_change(old, new), *_scenario_changes(old.scenarios, new.scenarios)]


def _order_change(old: DecisionTable, new: DecisionTable) -> Iterator[str]:
    """Rules apply in the order of the file, so another order may be another price."""
    earlier, later = [rule.id for rule in old.rules], [rule.id for rule in new.rules]
    kept_before = [name for name in earlier if name in set(later)]
    kept_after = [name for name in later if name in set(earlier)]
    if kept_before != kept_after:
        yield f"order of the rules {', '.join(kept_before)} → {', '.join(kept_after)}"


def _scenario_changes(old: Sequence[Scenario], new: Sequence[Scenario]) -> Iterator[str]:
    earlier = {one.name: _expectation(one) for one in old}
    later = {one.name: _expectation(one) for one in new}
    counts = {
        ADDED: len(later.keys() - earlier.keys()),
        REMOVED: len(earlier.keys() - later.keys()),
        CHANGED: sum(earlier[name] != later[name] for name in earlier.keys() & later.keys()),
    }
    said = [f"{count} {kind}" for kind, count in counts.items() if count]
    if said:
        yield f"scenarios: {', '.join(said)}"


def _expectation(one: Scenario) -> tuple[Any, ...]:
    return dict(one.given), one.at, one.fired, one.nearly, one.price


def _vocabulary_changes(before: Rulebook, after: Rulebook) -> Iterator[Change]:
    earlier, later = before.vocabulary.facts, after.vocabulary.facts
    what = [
        *(f"fact '{name}' added" for name in later if name not in earlier),
        *(f"fact '{name}' removed" for name in earlier if name not in later),
        *chain(*(_fact_changes(earlier[name], later[name]) for name in later if name in earlier)),
    ]
    if what:
        yield Change("vocabulary", "", CHANGED, tuple(what))


_FACT_PARTS: Final[tuple[tuple[str, Callable[[Fact], Any]], ...]] = (
    ("type", lambda fact: fact.type.name),
    ("unit", lambda fact: fact.unit),
    ("values", lambda fact: ", ".join(fact.values)),
    ("default", lambda fact: None if fact.default is None else fact.type.write(fact.default)),
    ("about", lambda fact: fact.about),
)


def _fact_changes(old: Fact, new: Fact) -> Iterator[str]:
    for name, read in _FACT_PARTS:
        yield from text_change(f"fact '{new.name}': {name}", read(old), read(new))
