"""The durable matcher watched by the compiled one: on a sample, both answer and must agree."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from random import random
from typing import Final

from backend.engine.durable_ruleset import unavailable_reason
from backend.engine.matcher import Candidate, Matcher, MatcherFactory
from backend.engine.matcher_compiled import compiled
from backend.engine.matcher_durable import durable
from backend.engine.vocabulary import Facts, Vocabulary

DURABLE: Final = "durable"
COMPILED: Final = "compiled"


@dataclass(frozen=True, slots=True)
class Disagreement:
    """Facts for which the durable matcher failed or found other rules than the compiled one, by position.

    `durable` is None when it failed, and `error` says how.
    """

    facts: Facts
    compiled: tuple[int, ...]
    durable: tuple[int, ...] | None
    error: str = ""


Report = Callable[[Disagreement], None]
"""Told of every disagreement, in the thread that met it; logs and counts it. Must not raise."""


@dataclass(frozen=True, slots=True)
class CheckedMatcher:
    """Answers as `main` does; in doubt, and where the two differ, as `reference` does."""

    main: Matcher
    reference: Matcher
    report: Report
    sample: float
    chance: Callable[[], float] = random

    def match(self, facts: Facts) -> tuple[int, ...]:
        try:
            found = self.main.match(facts)
        except Exception as error:  # noqa: BLE001 - whatever befalls it, the reference answers
            expected = self.reference.match(facts)
            self.report(Disagreement(facts, expected, None, str(error)))
            return expected
        if self.chance() >= self.sample:
            return found
        expected = self.reference.match(facts)
        if expected != found:
            self.report(Disagreement(facts, expected, found))
        return expected

    def close(self) -> None:
        """Close both."""
        self.main.close()
        self.reference.close()


def checked(*, sample: float, report: Report) -> MatcherFactory:
    """A factory of durable matchers that are compared on a `sample` (0 never, 1 always) of the answers."""

    def build(candidates: Sequence[Candidate], *, vocabulary: Vocabulary) -> CheckedMatcher:
        return CheckedMatcher(
            durable(candidates, vocabulary=vocabulary),
            compiled(candidates, vocabulary=vocabulary),
            report,
            sample,
        )

    return build


@dataclass(frozen=True, slots=True)
class MatcherChoice:
    """The matcher to serve with; `notice` says why, when it is not the one that was asked for."""

    name: str
    factory: MatcherFactory
    notice: str = ""


def choose_matcher(
    wanted: str,
    *,
    sample: float,
    report: Report,
    unavailable: Callable[[], str | None] = unavailable_reason,
) -> MatcherChoice:
    """The matcher that `wanted` (`durable` or `compiled`) names, as far as this machine has it."""
    if wanted == COMPILED:
        return MatcherChoice(COMPILED, compiled)
    reason = unavailable()
    if reason is not None:
        return MatcherChoice(COMPILED, compiled, f"rules are matched by the compiled matcher: {reason}")
    return MatcherChoice(DURABLE, checked(sample=sample, report=report))
