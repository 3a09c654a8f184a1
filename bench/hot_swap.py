"""Swaps the rules under four threads that never stop deciding.

Each new matcher answers differently from the one before, so that an answer by the wrong rules, or by rules
that were given back too early, is a wrong answer. Prints how many there were, and the memory before and
after. Exits with 1 on a wrong answer or when memory grows.
"""

import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from resource import RUSAGE_SELF, getrusage
from time import perf_counter
from typing import Final

from backend.engine.conditions import AllOf, FactTest
from backend.engine.durable_ruleset import unavailable_reason
from backend.engine.matcher import Candidate, Matcher, MatcherFactory
from backend.engine.matcher_durable import durable
from backend.engine.unary_tests import Compare, Equals
from bench.cases import VOCABULARY

SWAPS: Final = 400
THREADS: Final = 4
RULES: Final = 130
WARM_UP: Final = 50
ALLOWED_GROWTH_MB: Final = 10


@dataclass(frozen=True)
class Release:
    """Rules of which exactly one fires for a party, and which one depends on the release."""

    number: int
    matcher: Matcher

    @classmethod
    def build(cls, number: int, factory: MatcherFactory) -> "Release":
        """The release of that number: rule i fires for party i + number, modulo RULES."""
        rules = [
            Candidate(
                AllOf((FactTest("party", Equals((i + number) % RULES)), FactTest("staff", Equals(True)))),
                {"kind": frozenset({"slot"})},
            )
            for i in range(RULES)
        ]
        return cls(number, factory([*rules, _never()], vocabulary=VOCABULARY))

    def is_right(self, party: int) -> bool:
        """Whether the one rule that this release has for the party is found."""
        found = self.matcher.match({"kind": "slot", "party": party, "staff": True})
        return found == ((party - self.number) % RULES,)


def _never() -> Candidate:
    return Candidate(FactTest("party", Compare(">", 10**6)))


@dataclass
class Swapper:
    """The release that serves, and the threads that ask it until they are told to stop."""

    current: Release
    stopped: bool = False
    wrong: list[int] = field(default_factory=list)

    def ask(self, first: int) -> int:
        """Decide without pause; how many decisions were made."""
        party = first
        while not self.stopped:
            party += 1
            release = self.current
            if not release.is_right(party % RULES):
                self.wrong.append(release.number)
        return party - first


@dataclass(frozen=True)
class Outcome:
    """What a run of swaps came to."""

    decisions: int
    wrong: int
    before_mb: float
    after_mb: float


def swap(swaps: int, *, factory: MatcherFactory = durable) -> Outcome:
    """Swap `swaps` times under THREADS threads; memory is first read after WARM_UP swaps."""
    swapper = Swapper(Release.build(0, factory))
    before = memory_mb()
    with ThreadPoolExecutor(THREADS) as pool:
        asking = [pool.submit(swapper.ask, first) for first in range(THREADS)]
        for number in range(1, swaps + 1):
            if number == WARM_UP:
                before = memory_mb()
            swapper.current = Release.build(number, factory)
        swapper.stopped = True
        decisions = sum(one.result() for one in asking)
    return Outcome(decisions, len(swapper.wrong), before, memory_mb())


def memory_mb() -> float:
    """The most memory that this process ever had resident, in megabytes."""
    unit = 1024 if sys.platform == "darwin" else 1
    return getrusage(RUSAGE_SELF).ru_maxrss / unit / 1024


def main() -> int:
    """SWAPS swaps; 1 when an answer was wrong or memory grew."""
    reason = unavailable_reason()
    if reason:
        print(f"hot_swap: not run, {reason}")
        return 0
    started = perf_counter()
    outcome = swap(SWAPS)
    print(
        f"hot_swap: {SWAPS} swaps of {RULES} rules under {THREADS} threads, {outcome.decisions:,} decisions, "
        f"{outcome.wrong} wrong; peak memory {outcome.before_mb:.0f} MB after {WARM_UP} swaps, "
        f"{outcome.after_mb:.0f} MB at the end; {perf_counter() - started:.0f} s"
    )
    return int(outcome.wrong > 0 or outcome.after_mb - outcome.before_mb > ALLOWED_GROWTH_MB)


if __name__ == "__main__":
    sys.exit(main())
