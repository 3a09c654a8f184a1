"""The vocabulary: every fact a rule may test, with its type, and every decision that code asks for."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, time
from decimal import Decimal
from difflib import get_close_matches
from typing import Any, Final

from backend.engine.values import ENUM, LIST, ValueType
from backend.kernel.errors import InvalidError
from backend.kernel.money import Money

Facts = Mapping[str, object]
"""Facts by name, in their Python types; an absent name and None both mean that the fact is missing."""

CURRENCY: Final = "currency"
BASE: Final = "base"
RESERVED: Final = frozenset({"all", "any", "always"})


class FactError(InvalidError):
    """A fact that the vocabulary does not know, or a value of another type than it says."""


# How many letters two words share that may be the same one, as in sat and saturday.
_STEM: Final = 3


def suggest(word: str, known: Mapping[str, Any] | tuple[str, ...] | frozenset[str]) -> str:
    """` Did you mean 'x'?` for a near spelling; otherwise what there is, when that is a short list."""
    close = get_close_matches(word, known, n=1, cutoff=0.6)
    close = close or [name for name in known if len(name) >= _STEM and word.startswith(name)]
    if close:
        return f" Did you mean {close[0]!r}?"
    few = sorted(set(known))
    return f" Known: {', '.join(few)}." if 0 < len(few) <= 12 else ""  # noqa: PLR2004


@dataclass(frozen=True, slots=True)
class Fact:
    """One fact: what it is called, its type, its allowed values (enum, and the items of a list).

    A fact with an order may have a `lowest` and a `highest` value; nothing outside is one of this fact.
    """

    name: str
    type: ValueType
    about: str = ""
    unit: str = ""
    values: tuple[str, ...] = ()
    default: object | None = None
    lowest: Any = None
    highest: Any = None

    def parse(self, text: str) -> object:
        """The value that staff wrote; ValueError with a sentence when it is not one of this fact."""
        value = self.parse_bound(text)
        self._require_allowed(value if isinstance(value, tuple) else (value,))
        if not self.reaches(value):
            raise ValueError(f"{text} is not a value of '{self.name}', which is {self.range_in_words}")
        return value

    def parse_bound(self, text: str) -> object:
        """A value to compare with, which may lie outside the fact's own range; ValueError."""
        value: object = self.type.parse(text)
        return value

    def reaches(self, value: Any) -> bool:
        """Whether a value of the type lies between the lowest and the highest one."""
        low, high = self.lowest, self.highest
        return (low is None or low <= value) and (high is None or value <= high)

    @property
    def range_in_words(self) -> str:
        """`from 1 to 12`, `at least 1`, `at most 12`."""
        low, high = (None if end is None else self.type.write(end) for end in (self.lowest, self.highest))
        if low is not None and high is not None:
            return f"from {low} to {high}"
        return f"at least {low}" if low is not None else f"at most {high}"

    def parse_item(self, text: str) -> str:
        """One item of a list fact; ValueError when it is not among the allowed ones."""
        self._require_allowed((text,))
        return text

    def _require_allowed(self, items: tuple[object, ...]) -> None:
        for item in items:
            if self.values and item not in self.values:
                raise ValueError(
                    f"{item!r} is not a value of '{self.name}'.{suggest(str(item), self.values)}"
                )

    def accepts(self, value: object) -> bool:
        """Whether a Python value is one of this fact: exact type, allowed value, unambiguous."""
        if type(value) is not self.type.python:
            return False
        if self.values and self.type is ENUM:
            return value in self.values
        check = _STRICTER.get(self.type.python)
        return (check is None or check(value)) and self.reaches(value)


def _is_list_of_text(value: Any) -> bool:
    return all(type(item) is str for item in value)


def _is_finite(value: Any) -> bool:
    return bool(Decimal.is_finite(value))


def _is_aware(value: Any) -> bool:
    return datetime.utcoffset(value) is not None


def _is_naive(value: Any) -> bool:
    return time.utcoffset(value) is None


# What a type must satisfy beyond its class, so that comparing two values can never raise.
_STRICTER: Final = {tuple: _is_list_of_text, Decimal: _is_finite, datetime: _is_aware, time: _is_naive}


@dataclass(frozen=True, slots=True)
class DecisionSpec:
    """A decision that code asks for, and the names of the effects it understands.

    With a `lowest` or `highest` its rules give percentages alone, within them, and one rule counts.
    """

    name: str
    about: str
    effects: frozenset[str]
    lowest: Decimal | None = None
    highest: Decimal | None = None

    @property
    def is_limited(self) -> bool:
        """Whether its percentages have limits."""
        return self.lowest is not None or self.highest is not None

    def allows(self, amount: object) -> bool:
        """Whether a rule's amount is a percentage within the limits, if there are any."""
        if not self.is_limited:
            return True
        if not isinstance(amount, Decimal):
            return False
        low, high = self.lowest, self.highest
        return (low is None or low <= amount) and (high is None or amount <= high)

    @property
    def limits_in_words(self) -> str:
        """`a percentage of at least 5%, at most 20%`."""
        ends = (("at least", self.lowest), ("at most", self.highest))
        return "a percentage of " + ", ".join(f"{word} {end:f}%" for word, end in ends if end is not None)


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """All facts and decisions, by name."""

    facts: Mapping[str, Fact]
    decisions: Mapping[str, DecisionSpec] = field(default_factory=dict)
    defaults: Mapping[str, object] = field(init=False)

    def __post_init__(self) -> None:
        found = {name: fact.default for name, fact in self.facts.items() if fact.default is not None}
        object.__setattr__(self, "defaults", found)

    def check(self, facts: Facts) -> Facts:
        """The same facts with defaults for missing ones; FactError naming every one that is wrong."""
        self.require(facts)
        return self.complete(facts)

    def checked(self, facts: Facts) -> "CheckedFacts":
        """As `check`, with the mark that it was done."""
        return CheckedFacts(self, self.check(facts))

    def require(self, facts: Facts) -> None:
        """FactError naming every fact that is unknown or of another type."""
        wrong: dict[str, list[str]] = {}
        known = self.facts
        for name, value in facts.items():
            fact = known.get(name)
            if fact is None:
                wrong[name] = [f"'{name}' is not a known fact.{suggest(name, known)}"]
            elif value is not None and not fact.accepts(value):
                wrong[name] = [_wrong_type(fact, value)]
        if wrong:
            raise FactError(" ".join(text for texts in wrong.values() for text in texts), errors=wrong)

    def complete(self, facts: Facts) -> Facts:
        """The same facts with defaults for missing ones."""
        missing = {name: value for name, value in self.defaults.items() if facts.get(name) is None}
        return {**facts, **missing} if missing else facts

    def parse_facts(self, raw: Mapping[str, object]) -> dict[str, object]:
        """Facts from JSON: texts as staff write them, numbers, booleans and lists as JSON has them.

        `{"base": "100.00 EUR", "start_time": "18:00", "party": 2}`; the currency of `base` is that of the
        price unless another is given. FactError names every wrong fact.
        """
        parsed: dict[str, object] = {}
        wrong: dict[str, list[str]] = {}
        for name, value in raw.items():
            fact = self.facts.get(name)
            if fact is None:
                wrong[name] = [f"'{name}' is not a known fact.{suggest(name, self.facts)}"]
                continue
            try:
                parsed[name] = _from_json(fact, value)
            except ValueError as error:
                wrong[name] = [str(error)]
        if wrong:
            raise FactError(" ".join(text for texts in wrong.values() for text in texts), errors=wrong)
        return self.with_currency(parsed)

    def with_currency(self, facts: dict[str, object]) -> dict[str, object]:
        """The same facts, with `currency` that of `base` when only `base` is given."""
        base = facts.get(BASE)
        if isinstance(base, Money) and CURRENCY not in facts and CURRENCY in self.facts:
            return {**facts, CURRENCY: base.currency}
        return facts


@dataclass(frozen=True, slots=True)
class CheckedFacts:
    """Facts that a vocabulary has checked, defaults among them: many decisions on them, one check."""

    vocabulary: Vocabulary
    values: Facts

    def replace(self, **changes: object) -> "CheckedFacts":
        """The same facts but for some, which alone are checked. FactError."""
        if all(self.values.get(name) is value for name, value in changes.items()):
            return self
        self.vocabulary.require(changes)
        return CheckedFacts(self.vocabulary, self.vocabulary.complete({**self.values, **changes}))


def _wrong_type(fact: Fact, value: object) -> str:
    if fact.values and type(value) is fact.type.python:
        return f"{value!r} is not a value of '{fact.name}'.{suggest(str(value), fact.values)}"
    if fact.type.ordered and type(value) is fact.type.python and not fact.reaches(value):
        return f"{value} is not a value of '{fact.name}', which is {fact.range_in_words}."
    return f"'{fact.name}' is of type {fact.type.name} ({fact.type.example}), not {value!r}."


def _from_json(fact: Fact, value: object) -> object | None:
    """One value from its JSON form; ValueError says what is wrong with it."""
    if value is None:
        return None
    if fact.type is LIST and isinstance(value, list | tuple):
        return tuple(fact.parse_item(str(item)) for item in value)
    if isinstance(value, bool):
        return fact.parse("true" if value else "false")
    if isinstance(value, str | int | float):
        return fact.parse(str(value))
    raise ValueError(f"'{fact.name}' is of type {fact.type.name}; write it as {fact.type.example!r}")
