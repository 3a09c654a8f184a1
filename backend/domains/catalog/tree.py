"""Categories as trees."""

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field

from backend.domains.catalog.entities import Category


@dataclass(slots=True)
class CategoryNode:
    """A category with what is below it; `product_count` counts that, too."""

    slug: str
    name: str
    parent: str | None
    position: int
    is_active: bool
    product_count: int
    children: list["CategoryNode"] = field(default_factory=list)


def tree_of(categories: Iterable[Category], counts: Counter[str]) -> list[CategoryNode]:
    """The roots, each with its descendants; siblings keep their order.

    `counts` says how many products are filed under each slug itself. A category whose parent is not
    among `categories` (retired, for example) is a root.
    """
    nodes = {
        c.slug: CategoryNode(c.slug, c.name, c.parent, c.position, c.is_active, counts[c.slug])
        for c in categories
    }
    below: dict[str | None, list[CategoryNode]] = defaultdict(list)
    for node in nodes.values():
        below[node.parent if node.parent in nodes else None].append(node)
    for node in nodes.values():
        node.children.extend(below[node.slug])
    for root in below[None]:
        _add_up(root)
    return below[None]


def _add_up(node: CategoryNode) -> int:
    node.product_count += sum(_add_up(child) for child in node.children)
    return node.product_count
