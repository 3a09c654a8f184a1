"""What staff take for granted when they set the floor, and which prices below it they want.

Both stand beside the floor's rules: `assumes: {cost_at_most: 50%}` and `intended: [{rules: [a, b], …}]`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from backend.engine.nodes import MapNode, Node, Place
from backend.engine.problems import Report
from backend.engine.values import MONEY, PERCENT
from backend.kernel.money import Money

_WHOLE: Final = Decimal(100)


@dataclass(frozen=True, slots=True)
class Intended:
    """Rules that may bring a price below the floor when all of them hold, and why that is wanted."""

    rules: tuple[str, ...]
    because: str
    place: Place


@dataclass(frozen=True, slots=True)
class Premises:
    """What is assumed of every product: its cost in percent of its list price, and its lowest list price.

    `cost_at_most` is None where nothing is assumed; then no analysis of the floor is possible.
    `list_price_at_least` has at most one amount for each currency; `place` is where they stand.
    """

    cost_at_most: Decimal | None = None
    list_price_at_least: tuple[Money, ...] = ()
    intended: tuple[Intended, ...] = ()
    place: Place | None = None

    def allows(self, *, price: Money, cost: Money | None) -> bool:
        """Whether a product of this list price and cost is as assumed."""
        if any(low.currency == price.currency and price < low for low in self.list_price_at_least):
            return False
        return self.cost_at_most is None or cost is None or cost <= price.percent(self.cost_at_most)


NOTHING_ASSUMED: Final = Premises()


def read_premises(parts: Mapping[str, Node], *, report: Report) -> Premises:
    """The premises among the keys of a decision, with every mistake noted."""
    cost, lowest = _read_assumed(parts.get("assumes"), report)
    marks = [_read_intended(node, report) for node in report.items(parts.get("intended"), what="'intended'")]
    at = parts.get("assumes") or parts.get("intended")
    place = Place(report.file, at.line, at.column) if at is not None else None
    return Premises(cost, lowest, tuple(mark for mark in marks if mark is not None), place)


def _read_assumed(node: Node | None, report: Report) -> tuple[Decimal | None, tuple[Money, ...]]:
    if node is None:
        return None, ()
    keys = ("cost_at_most", "list_price_at_least")
    parts = report.fields(node, what="'assumes'", required=(), optional=keys) or {}
    cost = report.value(parts.get("cost_at_most"), _share)
    lowest: dict[str, Money] = {}
    texts = report.texts(parts.get("list_price_at_least"), what="'list_price_at_least'")
    for text in texts:
        money = report.value(text, MONEY.parse)
        if isinstance(money, Money) and lowest.setdefault(money.currency, money) is not money:
            report.add(text, f"there is an amount in {money.currency} already; keep one of them")
    return cost, tuple(lowest.values())


def _share(text: str) -> Decimal:
    percent = Decimal(PERCENT.parse(text))
    if not 0 <= percent <= _WHOLE:
        raise ValueError(f"cost is between 0% and 100% of the list price, and {text} is not")
    return percent


def _read_intended(node: Node, report: Report) -> Intended | None:
    parts = report.fields(node, what="an intended combination", required=("rules", "because"))
    if not isinstance(node, MapNode) or parts is None or not {"rules", "because"} <= parts.keys():
        return None
    rules = tuple(text.text for text in report.texts(parts["rules"], what="'rules'"))
    because = report.text(parts["because"], what="'because'")
    return Intended(rules, because, Place(report.file, node.line, node.column))
