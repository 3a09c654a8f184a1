"""Reads a mapping file: which column of somebody's rows is which key and fact of ours.

Its format stands in docs/backtest-rows.md. Mistakes are told with their place, all at once.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from backend.domains.backtesting.conversions import (
    DATE_PARTS,
    Amount,
    Column,
    Constant,
    Conversion,
    Count,
    DatePart,
    LookUp,
    Ratio,
)
from backend.engine.nodes import ListNode, MapNode, Node, Scalar
from backend.engine.problems import Report
from backend.engine.vocabulary import Vocabulary, suggest
from backend.kernel.money import EXPONENTS

KEYS: Final = ("id", "at", "label", "base", "cost", "accepted", "paid")
MAX_DEPTH: Final = 4


@dataclass(frozen=True, slots=True)
class Skip:
    """Rows that are left out on purpose: those whose `of` says one of `values`."""

    of: Conversion
    values: tuple[str, ...]
    because: str


@dataclass(frozen=True, slots=True)
class RowMapping:
    """How a foreign row becomes one of docs/backtest-rows.md."""

    keys: Mapping[str, Conversion]
    facts: Mapping[str, Conversion]
    skip: tuple[Skip, ...]


@dataclass(frozen=True, slots=True)
class MappingReader:
    """Reads one file; what is wrong is noted in `report`."""

    report: Report
    vocabulary: Vocabulary

    def read(self, node: Node) -> RowMapping:
        """The mapping, without what is wrong."""
        parts = self.report.fields(
            node,
            what="a mapping",
            required=("currency", "at", "base"),
            optional=("skip", "facts", *(key for key in KEYS if key not in {"at", "base"})),
        )
        found = dict(parts or {})
        currency = self._currency(found.pop("currency", None))
        conversions = _Conversions(self.report, currency)
        skip = tuple(
            self._skip(item, conversions)
            for item in self.report.items(found.pop("skip", None), what="'skip'")
        )
        facts = self._facts(found.pop("facts", None), conversions)
        keys = {name: conversions.read(value) for name, value in found.items()}
        return RowMapping(
            {name: one for name, one in keys.items() if one},
            {name: one for name, one in facts.items() if one},
            tuple(one for one in skip if one),
        )

    def _currency(self, node: Node | None) -> str:
        code = self.report.text(node, what="'currency'")
        if node is not None and code not in EXPONENTS:
            self.report.add(node, f"{code!r} is not an ISO 4217 currency, such as EUR")
            return "EUR"
        return code or "EUR"

    def _skip(self, node: Node, conversions: "_Conversions") -> Skip | None:
        parts = self.report.fields(node, what="an item of 'skip'", required=("when", "is", "because"))
        of = conversions.read(parts["when"]) if parts and "when" in parts else None
        if parts is None or of is None:
            return None
        values = tuple(item.text for item in self.report.texts(parts.get("is"), what="'is'"))
        return Skip(of, values, self.report.text(parts.get("because"), what="'because'"))

    def _facts(self, node: Node | None, conversions: "_Conversions") -> dict[str, Conversion | None]:
        if node is None:
            return {}
        if not isinstance(node, MapNode):
            self.report.add(node, "'facts' is a block of 'fact: column' lines")
            return {}
        for key, _ in node.entries:
            if key.text not in self.vocabulary.facts:
                known = suggest(key.text, self.vocabulary.facts)
                self.report.add(key, f"'{key.text}' is not a known fact.{known}")
        return {key.text: conversions.read(value) for key, value in node.entries}


@dataclass(frozen=True, slots=True)
class _Conversions:
    """Reads conversions; a text alone is the name of a column."""

    report: Report
    currency: str
    depth: int = 1

    def read(self, node: Node) -> Conversion | None:
        if isinstance(node, Scalar):
            return Column(node.text)
        if isinstance(node, ListNode) or not node.entries or self.depth > MAX_DEPTH:
            self.report.add(node, f"a column or a conversion stands here, at most {MAX_DEPTH} deep")
            return None
        key = node.entries[0][0]
        reader = _READERS.get(key.text)
        if reader is None:
            known = suggest(key.text, _READERS)
            self.report.add(key, f"'{key.text}' is not a conversion.{known}")
            return None
        return reader(_Conversions(self.report, self.currency, self.depth + 1), node)

    def fields(self, node: Node, *required: str, optional: tuple[str, ...] = ()) -> Mapping[str, Node] | None:
        """The keys of a conversion when all that it needs is there."""
        what = f"the conversion '{required[0]}'"
        parts = self.report.fields(node, what=what, required=required, optional=optional)
        return parts if parts is not None and all(name in parts for name in required) else None

    def constant(self, node: Node) -> Conversion | None:
        parts = self.fields(node, "constant")
        return Constant(self.report.text(parts["constant"], what="'constant'")) if parts else None

    def date_part(self, node: Node) -> Conversion | None:
        parts = self.fields(node, "part", "of")
        of = self.read(parts["of"]) if parts else None
        if parts is None or of is None:
            return None
        part = self.report.text(parts["part"], what="'part'")
        if part not in DATE_PARTS:
            self.report.add(parts["part"], f"'{part}' is not a part of a day.{suggest(part, DATE_PARTS)}")
            return None
        return DatePart(of, part)

    def look_up(self, node: Node) -> Conversion | None:
        parts = self.fields(node, "look_up", "values", optional=("otherwise",))
        of = self.read(parts["look_up"]) if parts else None
        if parts is None or of is None:
            return None
        table = parts["values"]
        if not isinstance(table, MapNode):
            self.report.add(table, "'values' is a block of 'found: wanted' lines")
            return None
        otherwise = parts.get("otherwise")
        return LookUp(
            of,
            {key.text: self.report.text(value, what="a value") for key, value in table.entries},
            None if otherwise is None else self.report.text(otherwise, what="'otherwise'"),
        )

    def count(self, node: Node) -> Conversion | None:
        parts = self.fields(node, "count")
        items = self.report.items(parts["count"], what="'count'") if parts else ()
        found = [self.read(item) for item in items]
        return Count(tuple(one for one in found if one)) if parts else None

    def ratio(self, node: Node) -> Conversion | None:
        parts = self.fields(node, "ratio", "to")
        of, to = (self.read(parts["ratio"]), self.read(parts["to"])) if parts else (None, None)
        return Ratio(of, to) if of and to else None

    def money(self, node: Node) -> Conversion | None:
        parts = self.fields(node, "money", optional=("times",))
        of = self.read(parts["money"]) if parts else None
        if parts is None or of is None:
            return None
        return Amount(of, self.currency, self.read(parts["times"]) if "times" in parts else None)


_READERS: Final[Mapping[str, Callable[[_Conversions, Node], Conversion | None]]] = {
    "constant": _Conversions.constant,
    "part": _Conversions.date_part,
    "look_up": _Conversions.look_up,
    "count": _Conversions.count,
    "ratio": _Conversions.ratio,
    "money": _Conversions.money,
}
