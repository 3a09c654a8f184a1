"""Rules by the value of their discriminator, so that rules of other kinds cost nothing."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from backend.engine.matcher import Candidate

Item = TypeVar("Item")


@dataclass(frozen=True, slots=True)
class Partition(Generic[Item]):
    """Items, one for each candidate, found by the value of one discriminating fact.

    `fact` is the discriminator that most candidates name, None when no candidate names any.
    """

    fact: str | None
    by_value: Mapping[Any, tuple[Item, ...]]
    otherwise: tuple[Item, ...]

    @classmethod
    def of(cls, candidates: Sequence[Candidate], items: Sequence[Item]) -> "Partition[Item]":
        """`items[i]` belongs to `candidates[i]`; the order is kept."""
        named = Counter(name for candidate in candidates for name in candidate.applies_to)
        if not named:
            return cls(None, {}, tuple(items))
        fact = named.most_common(1)[0][0]
        wanted = [candidate.applies_to.get(fact) for candidate in candidates]
        by_value: dict[Any, list[Item]] = {value: [] for values in wanted for value in values or ()}
        otherwise: list[Item] = []
        for values, item in zip(wanted, items, strict=True):
            for value in by_value if values is None else values:
                by_value[value].append(item)
            if values is None:
                otherwise.append(item)
        return cls(fact, {value: tuple(found) for value, found in by_value.items()}, tuple(otherwise))
