"""Parsed rule files: scalars, lists and maps that know their place, whatever syntax they came from."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

MAX_BYTES: Final = 1_000_000
"""A rule file of more bytes is refused."""


@dataclass(frozen=True, slots=True)
class Scalar:
    """A single text as it stands in the file, without its quotation marks; line and column count from 1."""

    text: str
    line: int
    column: int
    quoted: bool = False

    @property
    def is_empty(self) -> bool:
        """Whether nothing at all stands there (a pair of quotation marks is something)."""
        return not self.text and not self.quoted


@dataclass(frozen=True, slots=True)
class ListNode:
    """Items in the order of the file."""

    items: tuple["Node", ...]
    line: int
    column: int


@dataclass(frozen=True, slots=True)
class MapNode:
    """Keys with their values in the order of the file; no key stands twice."""

    entries: tuple[tuple[Scalar, "Node"], ...]
    line: int
    column: int


Node = Scalar | ListNode | MapNode


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """A place in a file, as staff are told it; line and column count from 1."""

    file: str
    line: int
    column: int

    def __str__(self) -> str:
        whole = where(self.file, self.line)
        return whole if is_table(self.file) else f"{whole}:{self.column}"


def is_table(file: str) -> bool:
    """Whether this is the name of a decision table, whose lines are the rows of a spreadsheet."""
    return file.endswith(".csv")


def where(file: str, line: int) -> str:
    """A line of a file, or a row of a table, as staff are told it."""
    return f"{file} row {line}" if is_table(file) else f"{file}:{line}"


@dataclass(frozen=True, slots=True)
class Document:
    """A rule file: its text, kept so that a release can be stored and read again, and what it says."""

    text: str
    root: Node


Documents = Mapping[str, Document]
"""Rule files by their name, such as `rules/pricing.yaml`."""


def content(node: Node) -> object:
    """What the node says, as JSON-ready data without layout, comments, quotation marks or order of keys."""
    if isinstance(node, Scalar):
        return node.text
    if isinstance(node, ListNode):
        return [content(item) for item in node.items]
    return {key.text: content(value) for key, value in sorted(node.entries, key=lambda entry: entry[0].text)}
