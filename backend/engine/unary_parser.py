"""Reads unary tests: what staff write beside the name of a fact."""

import re
from collections.abc import Callable
from typing import Any, Final

from backend.engine.nodes import ListNode, MapNode, Node, Scalar
from backend.engine.unary_tests import (
    Anything,
    Compare,
    Equals,
    Has,
    Interval,
    Missing,
    Not,
    OneOf,
    Present,
    UnaryTest,
)
from backend.engine.values import LIST, TEXT
from backend.engine.vocabulary import Fact
from backend.kernel.money import Money

_COMPARE: Final = re.compile(r"(<=|>=|<|>)\s*(.*)", re.DOTALL)
_WRONG_OPERATOR: Final = re.compile(r"(=<|=>|==|=|!=|<>)\s*(.*)", re.DOTALL)
# Written so that a text of any length is matched, or not, in one pass.
_INTERVAL: Final = re.compile(r"([\[(])((?:(?!\.\.).)*)\.\.(.*)([\])])", re.DOTALL)
_NOT: Final = re.compile(r"not\s*\((.*)\)", re.DOTALL)
# A piece of a list of values: quoted text, or anything up to a comma that a space follows.
_PIECE: Final = re.compile(r'(?:"(?:[^"\\]|\\.)*"|[^",]|,(?!\s))+')
_WORDS: Final[dict[str, UnaryTest]] = {"-": Anything(), "missing": Missing(), "present": Present()}


def read_unary_test(node: Node, fact: Fact) -> UnaryTest:
    """The test of `fact` that stands at `node`; ValueError with a sentence when it is none."""
    if isinstance(node, MapNode):
        raise ValueError(f"the test of '{fact.name}' is a value or a list, not a block")  # noqa: TRY004 - caught
    if isinstance(node, ListNode):
        return _read_list(node, fact)
    if node.is_empty:
        raise ValueError(f"'{fact.name}' has no test; write \"-\" (with the quotation marks) for anything")
    return parse_unary_test(node.text, fact)


def written(node: Node) -> str:
    """The test in the words of the file, for explanations."""
    if isinstance(node, ListNode):
        return ", ".join(item.text for item in node.items if isinstance(item, Scalar))
    return node.text if isinstance(node, Scalar) else ""


def parse_unary_test(text: str, fact: Fact) -> UnaryTest:
    """The test of `fact` that `text` says; ValueError with a sentence when it says none."""
    text = text.strip()
    if text in _WORDS:
        return _WORDS[text]
    negated = _NOT.fullmatch(text)
    if negated:
        return Not(_negatable(negated[1].strip(), fact))
    return _parse_positive(text, fact, allow_text_list=text.startswith('"'))


def _negatable(text: str, fact: Fact) -> UnaryTest:
    if text in _WORDS or _NOT.fullmatch(text):
        raise ValueError(f"not({text}) is not a test; write 'present' or 'missing', or the test itself")
    if not text:
        raise ValueError(f"not() is empty; write what '{fact.name}' must not be")
    return _parse_positive(text, fact, allow_text_list=True)


def _parse_positive(text: str, fact: Fact, *, allow_text_list: bool) -> UnaryTest:
    for pattern, read in _SHAPES:
        found = pattern.fullmatch(text)
        if found:
            return read(found, fact)
    if fact.type is LIST:
        raise ValueError(f"'{fact.name}' is a list; write 'has {text}' to ask for an item")
    values = pieces(text)
    if len(values) == 1:
        return Equals(_single_value(text, fact))
    if fact.type is TEXT and not allow_text_list:
        raise ValueError(
            f"{text!r} has a comma; write a list ([a, b]), or '\"a, b\"' for one text with a comma"
        )
    return OneOf(tuple(fact.parse(value) for value in values))


def _single_value(text: str, fact: Fact) -> Any:
    parts = [part.strip() for part in text.split(",")]
    if len(parts) > 1 and set(parts) <= set(fact.values):
        raise ValueError(
            f"{text!r} is not a value of '{fact.name}'; put a space after each comma: {', '.join(parts)}"
        )
    return fact.parse(pieces(text)[0])


def pieces(text: str) -> list[str]:
    """The values of a list in one text; a comma followed by a space separates. ValueError."""
    found: list[str] = _PIECE.findall(text)
    if ",".join(found) != text:
        raise ValueError(f"{text} has a quotation mark that is not closed, or a comma too many")
    return [piece.strip() for piece in found]


def _read_list(node: ListNode, fact: Fact) -> UnaryTest:
    if fact.type is LIST:
        raise ValueError(f"'{fact.name}' is a list; write 'has …', several of them under 'any:' or 'all:'")
    if not node.items:
        raise ValueError(f"the list of '{fact.name}' is empty, so the rule could never fire")
    values = []
    for item in node.items:
        if not isinstance(item, Scalar):
            raise ValueError(f"the list of '{fact.name}' holds values, not lists or blocks")  # noqa: TRY004 - caught
        values.append(_list_value(item.text, fact))
    if len(set(values)) < len(values):
        raise ValueError(f"the list of '{fact.name}' names a value twice")
    return OneOf(tuple(values))


def _list_value(text: str, fact: Fact) -> Any:
    if ".." in text and not text.startswith(('"', "[", "(")):
        raise ValueError(f'an interval stands in quotation marks: "[{text}]" or "[{text})"')
    if any(pattern.fullmatch(text) for pattern, _ in _SHAPES) or text in _WORDS or _NOT.fullmatch(text):
        raise ValueError(f"{text!r} stands in a list, which holds values only; put tests under 'any:'")
    return fact.parse(text)


def _ordered(fact: Fact, text: str) -> None:
    if not fact.type.ordered:
        raise ValueError(
            f"'{fact.name}' is of type {fact.type.name}, which has no order, so {text!r} means nothing"
        )


def _read_compare(found: re.Match[str], fact: Fact) -> UnaryTest:
    _ordered(fact, found[0])
    if not found[2]:
        raise ValueError(
            f"{found[0]!r} has no value after it; write one such as '{found[1]} {fact.type.example}'"
        )
    return Compare(found[1], fact.parse_bound(found[2]))


def _refuse_operator(found: re.Match[str], fact: Fact) -> UnaryTest:
    remedy = {
        "=<": f"write '<= {found[2]}'",
        "=>": f"write '>= {found[2]}'",
        "!=": f"write 'not({found[2]})'",
        "<>": f"write 'not({found[2]})'",
    }.get(found[1], f"write the value alone: {found[2]}")
    raise ValueError(f"{found[1]!r} is not a comparison of '{fact.name}'; {remedy}")


def _read_interval(found: re.Match[str], fact: Fact) -> UnaryTest:
    _ordered(fact, found[0])
    lowest, highest = found[2].strip(), found[3].strip()
    if not lowest or not highest:
        raise ValueError(f"{found[0]!r} lacks one end; write a comparison such as '>= {fact.type.example}'")
    low, high = fact.parse_bound(lowest), fact.parse_bound(highest)
    if isinstance(low, Money) and isinstance(high, Money) and low.currency != high.currency:
        raise ValueError(f"{found[0]!r} mixes {low.currency} and {high.currency}")
    interval = Interval(low, high, includes_low=found[1] == "[", includes_high=found[4] == "]")
    if interval.is_empty:
        raise ValueError(
            f"{found[0]!r} is empty: nothing lies between its ends, so the rule could never fire"
        )
    return interval


def _read_has(found: re.Match[str], fact: Fact) -> UnaryTest:
    if fact.type is not LIST:
        raise ValueError(
            f"'{fact.name}' is of type {fact.type.name}, not a list; 'has' asks for an item of a list"
        )
    items = fact.parse(found[1])
    if not isinstance(items, tuple) or len(items) != 1:
        raise ValueError(f"'{found[0]}' asks for one item; several stand under 'any:' or 'all:'")
    return Has(items[0])


_Reader = Callable[[re.Match[str], Fact], UnaryTest]
_SHAPES: Final[tuple[tuple[re.Pattern[str], _Reader], ...]] = (
    (_WRONG_OPERATOR, _refuse_operator),
    (_COMPARE, _read_compare),
    (_INTERVAL, _read_interval),
    (re.compile(r"has\s+(.+)", re.DOTALL), _read_has),
)
