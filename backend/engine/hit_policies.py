"""Hit policies: which of the rules that hold count. Each a small frozen dataclass registered by name."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar, Final, Protocol

from backend.engine.nodes import where
from backend.engine.rules import Rule
from backend.engine.vocabulary import FactError, Facts
from backend.kernel.errors import ConflictError
from backend.kernel.money import Money


class SeveralRulesError(ConflictError):
    """Two rules hold where hit policy `unique` allows one."""

    title = "The rules contradict each other"


class HitPolicy(Protocol):
    """Chooses among the rules that hold."""

    name: ClassVar[str]
    needs: ClassVar[frozenset[str]]

    def choose(self, rules: Sequence[Rule], facts: Facts) -> Sequence[Rule]:
        """The rules that count, in the order in which their effects apply; `rules` is in file order."""
        ...


@dataclass(frozen=True, slots=True)
class Unique:
    """At most one rule may hold; two are a mistake in the rules."""

    name: ClassVar[str] = "unique"
    needs: ClassVar[frozenset[str]] = frozenset()

    def choose(self, rules: Sequence[Rule], facts: Facts) -> Sequence[Rule]:  # noqa: ARG002
        if len(rules) > 1:
            one, other = rules[0], rules[1]
            raise SeveralRulesError(
                f"Rules '{one.id}' ({where(one.file, one.line)}) and "
                f"'{other.id}' ({where(other.file, other.line)}) both "
                "hold, and their decision allows one (hit_policy: unique). Narrow one of them."
            )
        return rules


@dataclass(frozen=True, slots=True)
class First:
    """The first that holds, in file order."""

    name: ClassVar[str] = "first"
    needs: ClassVar[frozenset[str]] = frozenset()

    def choose(self, rules: Sequence[Rule], facts: Facts) -> Sequence[Rule]:  # noqa: ARG002
        return rules[:1]


@dataclass(frozen=True, slots=True)
class Priority:
    """The one with the highest `priority`; of equal ones the first in the file."""

    name: ClassVar[str] = "priority"
    needs: ClassVar[frozenset[str]] = frozenset()

    def choose(self, rules: Sequence[Rule], facts: Facts) -> Sequence[Rule]:  # noqa: ARG002
        return sorted(rules, key=lambda rule: -(rule.priority or 0))[:1]


@dataclass(frozen=True, slots=True)
class Collect:
    """All that hold, in file order."""

    name: ClassVar[str] = "collect"
    needs: ClassVar[frozenset[str]] = frozenset()

    def choose(self, rules: Sequence[Rule], facts: Facts) -> Sequence[Rule]:  # noqa: ARG002
        return rules


@dataclass(frozen=True, slots=True)
class Best:
    """The one that is best for the customer, judged on the fact `base`; of equal ones the first."""

    name: ClassVar[str] = "best"
    needs: ClassVar[frozenset[str]] = frozenset({"base"})

    def choose(self, rules: Sequence[Rule], facts: Facts) -> Sequence[Rule]:
        if len(rules) < 2:  # noqa: PLR2004 - with one there is nothing to compare
            return rules
        base = facts.get("base")
        if not isinstance(base, Money):
            raise FactError(
                "'base' is missing: hit policy 'best' compares what the customer pays, and needs the price "
                "that the rules start from.",
                errors={"base": ["This fact is needed."]},
            )
        return sorted(rules, key=_cost_on(base))[:1]


def _cost_on(base: Money) -> Callable[[Rule], int]:
    return lambda rule: rule.effect.cost_to_customer(base)


HIT_POLICIES: Final[Mapping[str, HitPolicy]] = {
    policy.name: policy for policy in (Unique(), First(), Priority(), Collect(), Best())
}
