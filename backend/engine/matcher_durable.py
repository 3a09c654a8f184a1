"""Matching by the C module of `durable_rules`, in as many of its rulesets as its limits ask for.

Rules are partitioned by their discriminator, so that rules of other kinds are never looked at; each
partition is divided among rulesets that stay within what one C handle answers rightly.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from operator import itemgetter

from backend.engine.durable_codebook import Codebook
from backend.engine.durable_nodes import FALSE, TRUE, Node, fields_of, size
from backend.engine.durable_ruleset import MAX_FIELDS, MAX_LEAVES, MAX_PATHS, DurableRuleset
from backend.engine.matcher import Candidate
from backend.engine.matcher_compiled import full_condition
from backend.engine.vocabulary import Facts, Vocabulary

Pick = Callable[[Sequence[int]], tuple[int, ...]]
"""Chooses the codes that one ruleset compares among those of its partition."""


@dataclass(frozen=True, slots=True)
class _Partition:
    """The rules that are looked at together: those that always hold, and the rest in C rulesets."""

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
    by_value: Mapping[object, _Partition]
    common: _Partition

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
        for partition in (self.common, *self.by_value.values()):
            for ruleset, _ in partition.rulesets:
                ruleset.close()


def durable(candidates: Sequence[Candidate], *, vocabulary: Vocabulary) -> DurableMatcher:
    """The durable matcher over `candidates` (a MatcherFactory).

    ImportError where the C module is not installed (ask `durable_available` first); DurableError when it
    refuses the rules.
    """
    discriminator = _discriminator(candidates)
    common: dict[int, Candidate] = {}
    by_value: dict[str, dict[int, Candidate]] = defaultdict(dict)
    for position, candidate in enumerate(candidates):
        if discriminator is None or discriminator not in candidate.applies_to:
            common[position] = candidate
            continue
        for value in candidate.applies_to[discriminator]:
            by_value[value][position] = candidate
    return DurableMatcher(
        discriminator,
        {value: _partition(own, discriminator, vocabulary) for value, own in by_value.items()},
        _partition(common, discriminator, vocabulary),
    )


def _discriminator(candidates: Sequence[Candidate]) -> str | None:
    """The discriminating fact that most rules name."""
    named = Counter(name for candidate in candidates for name in candidate.applies_to)
    return named.most_common(1)[0][0] if named else None


def _partition(
    candidates: Mapping[int, Candidate], discriminator: str | None, vocabulary: Vocabulary
) -> _Partition:
    conditions = [full_condition(candidate, without=discriminator) for candidate in candidates.values()]
    book = Codebook(conditions, vocabulary=vocabulary)
    nodes = dict(zip(candidates, book.nodes, strict=True))
    names = list(book.fields)
    return _Partition(
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
