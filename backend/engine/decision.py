"""The answer of the engine: what was decided, by which rules, and which rules nearly fired."""

from dataclasses import dataclass
from typing import Any, NamedTuple

from backend.engine.effects import Effect, PriceEffect
from backend.kernel.money import Money


@dataclass(frozen=True, slots=True)
class Fired:
    """A rule that fired, where it stands, what it does, and what is told to the customer about it."""

    rule: str
    file: str
    line: int
    effect: Effect
    about: str

    @property
    def label(self) -> str:
        """What to print on a price line: the effect's own label, else the rule's `about`."""
        return getattr(self.effect, "label", "") or self.about


class NearMiss(NamedTuple):
    """A rule that failed by one test: the test in the words of the file, and what the fact was.

    `got` is the fact's value in its Python type; None when the fact is missing. A tuple, as there are
    many of them in every decision and a tuple is made three times as fast as a frozen dataclass.
    """

    rule: str
    fact: str
    wanted: str
    got: Any


@dataclass(frozen=True, slots=True)
class Decision:
    """What `decision` came to under the rulebook `version` (`sha256:…`).

    `outcome` holds the effects that apply, in the order in which they apply; none fired, none there.
    """

    decision: str
    outcome: tuple[Effect, ...]
    fired: tuple[Fired, ...]
    near_misses: tuple[NearMiss, ...]
    version: str


def price_lines(decision: Decision, base: Money) -> list[tuple[Fired, Money]]:
    """The price effects of a decision on `base`, each with its signed amount; they sum to the change."""
    lines: list[tuple[Fired, Money]] = []
    subtotal = base
    for fired in decision.fired:
        if isinstance(fired.effect, PriceEffect):
            amount = fired.effect.apply(base, subtotal)
            lines.append((fired, amount))
            subtotal += amount
    return lines
