"""Conditions as the C module takes them: comparisons of whole numbers, joined by `$and` and `$or`."""

from collections.abc import Iterable
from dataclasses import dataclass
from math import prod
from typing import Any, Final, Literal

EQUAL: Final = "$eq"
Operator = Literal["$eq", "$neq", "$gte", "$lte"]


@dataclass(frozen=True, slots=True)
class Leaf:
    """`field operator code`; every fact carries every field, so that a leaf is never undefined."""

    field: str
    operator: Operator
    code: int


@dataclass(frozen=True, slots=True)
class Group:
    """All of the parts, or any of them; an empty `$and` always holds, an empty `$or` never does."""

    operator: Literal["$and", "$or"]
    parts: tuple["Node", ...]


Node = Leaf | Group

TRUE: Final = Group("$and", ())
FALSE: Final = Group("$or", ())


def both(parts: Iterable[Node]) -> Node:
    """All of `parts`, without what goes without saying: TRUE and FALSE stay only as the whole."""
    kept = tuple(part for part in parts if part != TRUE)
    if FALSE in kept:
        return FALSE
    return kept[0] if len(kept) == 1 else Group("$and", kept)


def either(parts: Iterable[Node]) -> Node:
    """Any of `parts`, with the same economy."""
    kept = tuple(part for part in parts if part != FALSE)
    if TRUE in kept:
        return TRUE
    return kept[0] if len(kept) == 1 else Group("$or", kept)


@dataclass(frozen=True, slots=True)
class Size:
    """What a node costs in C: ways to satisfy it, comparisons, groups."""

    paths: int
    leaves: int
    groups: int


def size(node: Node) -> Size:
    """How large a node is; `$and` multiplies the paths of its parts, `$or` adds them."""
    if isinstance(node, Leaf):
        return Size(1, 1, 0)
    parts = [size(part) for part in node.parts]
    paths = [part.paths for part in parts]
    return Size(
        paths=prod(paths) if node.operator == "$and" else sum(paths),
        leaves=sum(part.leaves for part in parts),
        groups=1 + sum(part.groups for part in parts),
    )


def fields_of(node: Node) -> frozenset[str]:
    """The fields that a node compares."""
    if isinstance(node, Leaf):
        return frozenset({node.field})
    return frozenset().union(*(fields_of(part) for part in node.parts))


def to_json(node: Node) -> dict[str, Any]:
    """The node in the C module's own form."""
    if isinstance(node, Group):
        return {node.operator: [to_json(part) for part in node.parts]}
    test = {node.field: node.code}
    return test if node.operator == EQUAL else {node.operator: test}
