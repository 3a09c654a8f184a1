"""Categories as trees."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field

from backend.domains.catalog.entities import Category


@dataclass(frozen=True, slots=True)
class CategoryNode:
    """A category with what is below it."""

    slug: str
    name: str
    parent: str | None
    position: int
    is_active: bool
    children: list["CategoryNode"] = field(default_factory=list)


def tree_of(categories: Iterable[Category]) -> list[CategoryNode]:
    """The roots, each with its descendants; siblings keep their order.

    A category whose parent is not among `categories` (retired, for example) is a root.
    """
    nodes = {c.slug: CategoryNode(c.slug, c.name, c.parent, c.position, c.is_active) for c in categories}
    below: dict[str | None, list[CategoryNode]] = defaultdict(list)
    for node in nodes.values():
        below[node.parent if node.parent in nodes else None].append(node)
    for node in nodes.values():
        node.children.extend(below[node.slug])
    return below[None]
