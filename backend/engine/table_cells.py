"""Cells of decision tables: the same language as in YAML, after the habits of spreadsheets.

What a spreadsheet program does to a value is undone where only one thing can be meant, and refused in
words where it cannot be told. `read_…` and `write_…` are exact inverses.
"""

import json
import re
from collections.abc import Callable
from decimal import Decimal
from typing import Final

from backend.engine.nodes import ListNode, Node, Scalar
from backend.engine.table_format import DATES, TableFormat
from backend.engine.unary_parser import pieces
from backend.engine.values import (
    BOOLEAN,
    DATE,
    ENUM,
    INTEGER,
    LIST,
    MONEY,
    NUMBER,
    PERCENT,
    TEXT,
    TIME,
    ValueType,
)

EMPTY: Final = "-"
_TEXTS: Final = frozenset({TEXT, ENUM, LIST})
"""Types whose tests have quotation marks of their own."""
_NUMBERS: Final = frozenset({INTEGER, NUMBER, MONEY, PERCENT})

_BEGINS_FORMULA: Final = ("=", "+", "-", "@")
_AMOUNT: Final = re.compile(r"[+-]?[0-9][0-9.,]*(\s?%|\s[A-Z]{3})?")
_COMPARISON: Final = re.compile(r"=[<>=]?\s*[0-9<>=].*", re.DOTALL)
_ERROR: Final = re.compile(r"#(NAME\?|REF!|VALUE!|N/A|DIV/0!|NUM!|NULL!|SPILL!)|Err:[0-9]{3}")
_CONTROL: Final = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ufffd]")
_CURLY: Final = re.compile("[\u201c\u201d\u201e\xab\u2018\u2019].*[\u201c\u201d\xbb\u2018\u2019]", re.DOTALL)
_DASHES: Final = "\u2013\u2014\u2212\u2010\u2011"
_PRETTY: Final = {
    "\u2264": "write '<='",
    "\u2265": "write '>='",
    "\u2260": "write not(…)",
    "\u2026": "write two points '..'",
    **dict.fromkeys(_DASHES, "write a plain hyphen '-', and an interval as [10..20]"),
    **dict.fromkeys("\u201c\u201d\u201e\xab\xbb", "write straight quotation marks, or none"),
    **dict.fromkeys("\u2018\u2019", "leave it out"),
    **dict.fromkeys("\xa0\u202f\u2007\u2009", "it looks like a space; type a plain one"),
}
_POINT_BETWEEN: Final = re.compile(r"[0-9]\.[0-9]")
_COMMA_BETWEEN: Final = re.compile(r"(?<=[0-9]),(?=[0-9])")
_SHORT_HOUR: Final = re.compile(r"(?<![0-9:.])([0-9])(?=:[0-9]{2})")
_FRACTION: Final = re.compile(r"(?<![0-9.])0?(?P<part>\.[0-9]{1,9})(?![0-9]|\s?%)")
_LETTERS: Final = tuple("ABCDEFGHIJKLMNOPQRSTUVWXYZ")
_CAPITALS: Final = re.compile(r"\b(TRUE|FALSE)\b")


def read_text(cell: str) -> str:
    """Prose as it stands; in quotation marks, what stands between them. ValueError with a sentence."""
    text = cell.strip()
    _refuse_damage(text)
    _refuse_curly(text)
    return _unquoted(text)


def read_value(cell: str, kind: ValueType, form: TableFormat) -> str:
    """A single value or test of this type, as YAML would have it. ValueError with a sentence."""
    text = cell.strip()
    if not _COMPARISON.fullmatch(text):
        _refuse_damage(text)
    if kind in _TEXTS:
        _refuse_curly(text)
        return text
    if text.startswith('"'):
        return _unquoted(text)
    _refuse_pretty(text)
    return _usual(text, kind, form)


def read_effect(cell: str, form: TableFormat) -> str:
    """The value of an effect, as YAML would have it. ValueError with a sentence."""
    text = cell.strip()
    _refuse_damage(text)
    if text.startswith('"'):
        return _unquoted(text)
    plain = re.sub("[\xa0\u202f\u2007\u2009]", " ", text)
    if not _AMOUNT.fullmatch(plain):
        _refuse_curly(text)
        return {"TRUE": "true", "FALSE": "false"}.get(text, text)
    _refuse_pretty(text)
    kind = PERCENT if _FRACTION.fullmatch(plain.replace(",", ".")) else NUMBER
    return _usual(text, kind, form)


def read_test(cell: str, kind: ValueType, form: TableFormat, *, row: int, column: int) -> Node:
    """The test of a fact of this type, as YAML would have it. ValueError with a sentence."""
    text = read_value(cell, kind, form)
    if not _is_list(text, kind):
        return Scalar(text, row, column)
    items = tuple(Scalar(piece, row, column) for piece in pieces(text[1:-1].strip()))
    return ListNode(items, row, column)


def _is_list(text: str, kind: ValueType) -> bool:
    return text.startswith("[") and text.endswith("]") and not (kind.ordered and ".." in text)


def _refuse_damage(text: str) -> None:
    """What no cell may hold: formulas, errors of spreadsheets, characters that nobody sees."""
    if _CONTROL.search(text):
        raise ValueError("a character that cannot be seen, or one that was lost, stands here; type it again")
    if _ERROR.fullmatch(text):
        raise ValueError(f"{text!r} is an error of the spreadsheet; write the value itself")
    if text.startswith(_BEGINS_FORMULA) and text != EMPTY and not _AMOUNT.fullmatch(text):
        raise ValueError(
            f"{text[:40]!r} begins with {text[0]!r}, which makes it a formula in a spreadsheet; write the "
            f"value itself, or text in quotation marks: {json.dumps(text[:40], ensure_ascii=False)}"
        )


def _unquoted(text: str) -> str:
    if not text.startswith('"'):
        return text
    try:
        return str(json.loads(text))
    except ValueError:
        raise ValueError(
            f"{text[:40]} begins with a quotation mark and does not end with one; leave it out, or close it"
        ) from None


def _refuse_curly(text: str) -> None:
    """Quotation marks and dashes that a program put in place of those that were typed."""
    if _CURLY.fullmatch(text):
        raise ValueError(f'these quotation marks are curly; write straight ones, or none: "{text[1:-1]}"')
    if text in _PRETTY:
        raise ValueError(f"{text!r} stands here; {_PRETTY[text]}")


def _refuse_pretty(text: str) -> None:
    for sign, remedy in _PRETTY.items():
        if sign in text:
            raise ValueError(f"{text[:40]!r} holds the character {sign!r}; {remedy}")


def _usual(text: str, kind: ValueType, form: TableFormat) -> str:
    """The text with decimals, dates, times and truth values as YAML has them."""
    if kind in _NUMBERS:
        return _usual_number(text, kind, form)
    if kind is DATE:
        return DATES[form.dates].sub(_iso_date, text)
    if kind is TIME:
        return _SHORT_HOUR.sub(r"0\1", text)
    return _CAPITALS.sub(lambda found: found[0].lower(), text) if kind is BOOLEAN else text


def _iso_date(found: re.Match[str]) -> str:
    return f"{found['year']}-{found['month']:0>2}-{found['day']:0>2}"


def _usual_number(text: str, kind: ValueType, form: TableFormat) -> str:
    if form.decimal == "," and _POINT_BETWEEN.search(text):
        raise ValueError(f"{text!r} has a point, and the rule file declares decimal commas; write a comma")
    if form.decimal != "," and _COMMA_BETWEEN.search(text):
        raise ValueError(
            f"{text!r} has a comma; write 2.5 for decimals and 2, 5 (with a space) for a list, or declare "
            "decimal: \",\" beside 'table:' in the rule file"
        )
    text = _COMMA_BETWEEN.sub(".", text)
    fraction = _FRACTION.search(text)
    if kind is PERCENT and fraction:
        percent = f"{(Decimal(fraction['part']) * 100).normalize():f}%"
        raise ValueError(f"{fraction[0]!r} lacks its '%'; write {percent!r} if that is meant")
    return text


def _is_read_as(text: str, read: Callable[[str], object], wanted: object) -> bool:
    try:
        return read(text) == wanted
    except ValueError:
        return False


def write_text(text: str) -> str:
    """A cell that `read_text` reads as this text, and that no spreadsheet takes for a formula."""
    return _written(text, read_text)


def write_effect(text: str) -> str:
    """A cell that `read_effect` reads as this value."""

    def read(cell: str) -> str:
        return read_effect(cell, TableFormat())

    return _written(text, read)


def _written(text: str, read: Callable[[str], str]) -> str:
    is_plain = _is_read_as(text, read, text) and not text.startswith(_BEGINS_FORMULA)
    return text if is_plain else json.dumps(text, ensure_ascii=False)


def write_test(node: Scalar | ListNode, kind: ValueType) -> str:
    """A cell that `read_test` reads as this test of a fact of the type."""
    if isinstance(node, ListNode):
        return f"[{', '.join(_item(item) for item in node.items if isinstance(item, Scalar))}]"

    def read(cell: str) -> object:
        return read_test(cell, kind, TableFormat(), row=node.line, column=node.column)

    text = node.text
    same = Scalar(text, node.line, node.column)
    # A spreadsheet that takes the hyphen of an amount for a sign would work on its currency.
    is_plain = _is_read_as(text, read, same) and not (text.startswith("-") and text.endswith(_LETTERS))
    return text if is_plain or text == EMPTY else json.dumps(text, ensure_ascii=False)


def _item(item: Scalar) -> str:
    text = item.text
    is_plain = text.startswith('"') or (text and text == text.strip() and '"' not in text)
    try:
        return text if is_plain and pieces(text) == [text] else json.dumps(text, ensure_ascii=False)
    except ValueError:
        return json.dumps(text, ensure_ascii=False)
