"""Matching by the C module of `durable_rules`, in as many of its rulesets as its limits ask for.

Rules are partitioned by their discriminator, so that rules of other kinds are never looked at; each
partition is divided among rulesets that stay within what one C handle answers rightly.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from operator import itemgetter

from backend.engine.conditions import Condition
from backend.engine.durable_codebook import Codebook
from backend.engine.durable_nodes import FALSE, TRUE, Node, fields_of, size
from backend.engine.durable_ruleset import MAX_FIELDS, MAX_LEAVES, MAX_PATHS, DurableRuleset
from backend.engine.matcher import Candidate
from backend.engine.matcher_compiled import full_condition
from backend.engine.partition import Partition
from backend.engine.vocabulary import Facts, Vocabulary

Pick = Callable[[Sequence[int]], tuple[int, ...]]
"""Chooses the codes that one ruleset compares among those of all its neighbours."""


@dataclass(frozen=True, slots=True)
class _Rules:
    """Rules that are looked at together: those that always hold, and the rest in C rulesets."""

    always: tuple[int, ...]
    encoders: tuple[Callable[[Facts], int], ...]
    rulesets: tuple[tuple[DurableRuleset, Pick], ...]

    def match(self, facts: Facts) -> list[int]:
        found = list(self.always)
        codes = [encode(facts) for encode in self.encoders]
        for ruleset, pick in self.rulesets:
            found += ruleset.match(pick(codes))
        return found


@dataclass(frozen=True, slots=True)
class DurableMatcher:
    """The rules by the value of the discriminator, and those that name no value of it."""

    discriminator: str | None
    by_value: Mapping[object, _Rules]
    common: _Rules

    def match(self, facts: Facts) -> tuple[int, ...]:
        """Positions of the candidates that hold, in file order. Raises DurableError."""
        found = self.common.match(facts)
        if self.discriminator is not None:
            own = self.by_value.get(facts.get(self.discriminator))
            if own is not None:
                found += own.match(facts)
        return tuple(sorted(found))

    def close(self) -> None:
        """Give the C memory back at once; it also goes with the last reference."""
        for rules in (self.common, *self.by_value.values()):
            for ruleset, _ in rules.rulesets:
                ruleset.close()


def durable(candidates: Sequence[Candidate], *, vocabulary: Vocabulary) -> DurableMatcher:
    """The durable matcher over `candidates` (a MatcherFactory).

    ImportError where the C module is not installed (ask `durable_available` first); DurableError when it
    refuses the rules.
    """
    positions = Partition.of(candidates, range(len(candidates)))
    conditions = [full_condition(candidate, without=positions.fact) for candidate in candidates]

    def rules(chosen: Iterable[int]) -> _Rules:
        return _rules({position: conditions[position] for position in chosen}, vocabulary)

    common = frozenset(positions.otherwise)
    own = {value: rules(p for p in found if p not in common) for value, found in positions.by_value.items()}
    return DurableMatcher(positions.fact, own, rules(positions.otherwise))


def _rules(conditions: Mapping[int, Condition], vocabulary: Vocabulary) -> _Rules:
    book = Codebook(tuple(conditions.values()), vocabulary=vocabulary)
    nodes = dict(zip(conditions, book.nodes, strict=True))
    names = list(book.fields)
    return _Rules(
        always=tuple(position for position, node in nodes.items() if node == TRUE),
        encoders=tuple(field.encode for field in book.fields.values()),
        rulesets=tuple(_ruleset(shard, names) for shard in _shards(nodes.items())),
    )


def _ruleset(shard: Mapping[int, Node], names: Sequence[str]) -> tuple[DurableRuleset, Pick]:
    used = frozenset().union(*(fields_of(node) for node in shard.values()))
    indexes = [i for i, name in enumerate(names) if name in used]
    return DurableRuleset(shard, names=[names[i] for i in indexes]), _pick(indexes)


def _pick(indexes: Sequence[int]) -> Pick:
    if len(indexes) == 1:
        (only,) = indexes
        return lambda codes: (codes[only],)
    return itemgetter(*indexes)


def _shards(nodes: Iterable[tuple[int, Node]]) -> Iterator[dict[int, Node]]:
    """The rules that depend on facts, in as few sets as one C handle each can hold."""
    shard: dict[int, Node] = {}
    paths, leaves, names = 0, 0, frozenset[str]()
    for position, node in nodes:
        if node in (TRUE, FALSE):
            continue
        more, used = size(node), fields_of(node)
        if shard and not _fits(paths + more.paths, leaves + more.leaves, len(names | used)):
            yield shard
            shard, paths, leaves, names = {}, 0, 0, frozenset()
        shard[position] = node
        paths, leaves, names = paths + more.paths, leaves + more.leaves, names | used
    if shard:
        yield shard


def _fits(paths: int, leaves: int, fields: int) -> bool:
    return paths <= MAX_PATHS and leaves <= MAX_LEAVES and fields <= MAX_FIELDS
