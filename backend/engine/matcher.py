"""The port through which rules are matched against facts.

Two implementations always agree: `matcher_compiled` (Python closures) and `matcher_durable`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from backend.engine.conditions import Condition
from backend.engine.vocabulary import Facts, Vocabulary


@dataclass(frozen=True, slots=True)
class Candidate:
    """What a matcher knows of one rule.

    `applies_to` gives, for each discriminating fact (usually `kind`), the values for which the rule is
    looked at at all: the fact must have one of them *and* the condition must hold. A missing
    discriminator matches no rule that names it.
    """

    condition: Condition
    applies_to: Mapping[str, frozenset[str]] = field(default_factory=dict)


class Matcher(Protocol):
    """Finds the rules that hold; safe to call from several threads."""

    def match(self, facts: Facts) -> tuple[int, ...]:
        """Positions of the candidates that hold for these checked facts, in file order."""
        ...

    def close(self) -> None:
        """Give back what it holds outside Python; `match` must not be called afterwards."""
        ...


class MatcherFactory(Protocol):
    """Builds a matcher for the rules of one decision."""

    def __call__(self, candidates: Sequence[Candidate], *, vocabulary: Vocabulary) -> Matcher:
        """A matcher over `candidates`, whose positions are what `match` answers with."""
        ...
