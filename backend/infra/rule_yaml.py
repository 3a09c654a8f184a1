"""YAML to nodes that know their place.

Only what staff need of YAML is understood: maps, lists and texts. Every scalar stays text, so that
neither `no` nor `18:00` turns into something else; what could surprise is refused in words.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Final, NoReturn

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.events import (
    AliasEvent,
    DocumentStartEvent,
    MappingEndEvent,
    MappingStartEvent,
    NodeEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
)
from ruamel.yaml.reader import ReaderError

from backend.engine.nodes import Document, ListNode, MapNode, Node, Scalar
from backend.engine.problems import Problem, RulebookError

MAX_DEPTH: Final = 20
_CONFLICT: Final = re.compile(r"^(<{7}|={7}|>{7})( |$)", re.MULTILINE)
# Tests that YAML would read as something else when they stand without quotation marks.
_UNQUOTED: Final = re.compile(
    r"^(?P<before>[ -]*\w+:\s+)(?P<test>>=?\s*[^\s>|#][^#]*?|\[[^\]\"']*\.\.[^\"']*?\)|-)\s*(#.*)?",
)
_LONGEST_LINE: Final = 500
_CURLY: Final = re.compile("[\u201c\u201d\u201e\xab\u2018\u2019].*[\u201c\u201d\xbb\u2018\u2019]", re.DOTALL)
_SENTENCES: Final = (
    ("character '\\t'", "a tab stands here; indent with spaces"),
    ("mapping values are not allowed", "put the text that holds this ': ' in quotation marks"),
    ("sequence entries are not allowed", "a '- ' stands where none can; begin a list on a line of its own"),
    ("character '@'", "no text begins with this sign unless it stands in quotation marks"),
    ("character '%'", "no text begins with this sign unless it stands in quotation marks"),
    ("character '`'", "no text begins with this sign unless it stands in quotation marks"),
    ("unexpected end of stream", "a quotation mark that is opened here is not closed"),
    ("expected ',' or ']'", "a bracket '[' is not closed"),
    ("expected ',' or '}'", "a brace '{' is not closed"),
    ("expected <block end>", "this line is not indented as the lines that it belongs with"),
    ("escape", "'\\' has a meaning of its own between double quotation marks; write it twice"),
    ("chomping", "a text that begins with '>' or '|' stands in quotation marks"),
    ("incompatible YAML", "a line '%YAML' stands here; delete it"),
    ("another document", "a line '---' begins a second document; keep one in each file"),
    ("could not find expected ':'", "a ':' is missing after this key"),
)  # fmt: skip


def parse_document(name: str, text: str) -> Document:
    """The document of the file `name`; RulebookError with every problem that can be told of its syntax."""
    conflicts = [
        _at(
            name,
            text,
            found.start(),
            "a merge conflict stands here; decide it and delete its marks",
        )
        for found in _CONFLICT.finditer(text)
    ]
    if conflicts:
        raise RulebookError(conflicts)
    try:
        # Event by event: what is nested too deep is refused before the rest of it is read.
        return Document(text, _Builder(name, iter(YAML(typ="safe", pure=True).parse(text))).document())
    except ReaderError as error:
        message = f"the sign {chr(error.character)!r} cannot stand in a rule file; delete it"
        raise RulebookError([_at(name, text, error.position, message)]) from None
    except MarkedYAMLError as error:
        raise RulebookError(_explained(name, text, error)) from None
    except YAMLError as error:
        raise RulebookError([Problem(name, 1, 1, f"this is not YAML: {error}")]) from None


def _at(name: str, text: str, position: int, message: str) -> Problem:
    line = text.count("\n", 0, position) + 1
    return Problem(name, line, position - (text.rfind("\n", 0, position) + 1) + 1, message)


def _explained(name: str, text: str, error: MarkedYAMLError) -> list[Problem]:
    """The mistakes that staff make most, all of them; else what YAML says, in plainer words."""
    unquoted = [
        Problem(name, number, found.start("test") + 1, f'put this test in quotation marks: "{found["test"]}"')
        for number, line in enumerate(text.replace("\r", "").split("\n"), 1)
        if len(line) <= _LONGEST_LINE and (found := _UNQUOTED.fullmatch(line))
    ]
    if unquoted:
        return unquoted
    mark = error.problem_mark or error.context_mark
    said = f"{error.problem or ''} {error.context or ''}"
    if "not closed" in _sentence(said):
        mark = error.context_mark or mark
    line, column = (mark.line + 1, mark.column + 1) if mark else (1, 1)
    return [Problem(name, line, column, _sentence(said))]


def _sentence(said: str) -> str:
    for part, sentence in _SENTENCES:
        if part in said:
            return sentence
    return f"this is not YAML: {said.strip()}"


@dataclass(frozen=True, slots=True)
class _Builder:
    """Builds nodes from the events of a YAML parser, and collects what rule files may not use."""

    name: str
    events: Iterator[Any]
    problems: list[Problem] = field(default_factory=list)

    def document(self) -> Node:
        """The only document of the file."""
        root: Node | None = None
        for event in self.events:
            if isinstance(event, DocumentStartEvent) and root is not None:
                self._refuse(event, "a line '---' begins a second document; keep one in each file")
            if isinstance(event, NodeEvent):
                root = self._node(event, depth=0)
        if root is None:
            raise RulebookError([Problem(self.name, 1, 1, "this file is empty")])
        if self.problems:
            raise RulebookError(self.problems)
        return root

    def _node(self, event: Any, *, depth: int) -> Node:
        if depth > MAX_DEPTH:
            self._refuse(event, f"this is nested more than {MAX_DEPTH} deep")
        if isinstance(event, AliasEvent) or event.anchor is not None:
            self._note(event, "'&' and '*' have a meaning in YAML that rule files do not use; write it out")
        if isinstance(event, AliasEvent):
            return Scalar("", event.start_mark.line + 1, event.start_mark.column + 1)
        if getattr(event, "tag", None) is not None:
            self._note(event, "'!' has a meaning in YAML that rule files do not use; leave it out")
        if isinstance(event, ScalarEvent):
            return self._scalar(event)
        if isinstance(event, SequenceStartEvent):
            return self._list(event, depth=depth)
        return self._map(event, depth=depth)

    def _scalar(self, event: ScalarEvent) -> Scalar:
        text = str(event.value)
        is_quoted = event.style in ("'", '"')
        if _CURLY.fullmatch(text) and not is_quoted:
            self._note(event, f'these quotation marks are curly; write straight ones: "{text[1:-1]}"')
        mark = event.start_mark
        return Scalar(text, mark.line + 1, mark.column + 1, quoted=is_quoted)

    def _list(self, start: SequenceStartEvent, *, depth: int) -> ListNode:
        items: list[Node] = []
        for event in self.events:
            if isinstance(event, SequenceEndEvent):
                break
            items.append(self._node(event, depth=depth + 1))
        return ListNode(tuple(items), start.start_mark.line + 1, start.start_mark.column + 1)

    def _map(self, start: MappingStartEvent, *, depth: int) -> MapNode:
        entries: list[tuple[Scalar, Node]] = []
        seen: dict[str, Scalar] = {}
        for event in self.events:
            if isinstance(event, MappingEndEvent):
                break
            key = self._node(event, depth=depth + 1)
            if not isinstance(key, Scalar):
                self._refuse(event, "a key is a single word, not a list or a block")
            self._check_key(event, key, seen)
            value = self._node(next(self.events), depth=depth + 1)
            # An empty value has no place of its own that a person would look at.
            at_key = isinstance(value, Scalar) and value.is_empty
            entries.append((key, Scalar("", key.line, key.column) if at_key else value))
        return MapNode(tuple(entries), start.start_mark.line + 1, start.start_mark.column + 1)

    def _check_key(self, event: Any, key: Scalar, seen: dict[str, Scalar]) -> None:
        if key.text == "<<":
            self._note(event, "'<<' has a meaning in YAML that rule files do not use; write the keys out")
        first = seen.setdefault(key.text, key)
        if first is not key:
            self._note(event, f"'{key.text}' stands twice in this block; first in line {first.line}")

    def _note(self, event: Any, message: str) -> None:
        mark = event.start_mark
        self.problems.append(Problem(self.name, mark.line + 1, mark.column + 1, message))

    def _refuse(self, event: Any, message: str) -> NoReturn:
        self._note(event, message)
        raise RulebookError(self.problems)
