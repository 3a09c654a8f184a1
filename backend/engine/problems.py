"""What is wrong with rule files, said to the staff who write them: place, mistake, remedy."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, TypeVar

from backend.engine.nodes import ListNode, MapNode, Node, Scalar, is_table, where
from backend.engine.vocabulary import suggest
from backend.kernel.errors import InvalidError

T = TypeVar("T")

_LONGEST: Final = 600
"""More than that nobody reads; a sentence that quotes a longer text of a file is cut in its middle."""


@dataclass(frozen=True, slots=True, order=True)
class Problem:
    """One mistake; its text is `file:line:column: message`.

    In a decision table it is `file row 7, column 'when: party': message`; `cell` is that heading.
    """

    file: str
    line: int
    column: int
    message: str
    cell: str = ""

    def __str__(self) -> str:
        at = where(self.file, self.line)
        if is_table(self.file):
            return f"{at}, column '{self.cell}': {self.message}" if self.cell else f"{at}: {self.message}"
        return f"{at}:{self.column}: {self.message}"


def clipped(message: str) -> str:
    """The message without the middle of a text that it quotes at great length."""
    if len(message) <= _LONGEST:
        return message
    half = _LONGEST // 2
    return f"{message[:half]} … {message[-half:]}"


class RulebookError(InvalidError):
    """Rule files that cannot be served; `problems` holds every mistake of every file, in order."""

    title = "The rules are not valid"

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems = tuple(sorted(problems))
        super().__init__("\n".join(str(problem) for problem in self.problems))


@dataclass(frozen=True, slots=True)
class Report:
    """Collects the problems of one file while it is read to its end; `columns` are a table's headings."""

    file: str
    columns: Sequence[str] = ()
    found: list[Problem] = field(default_factory=list)

    def add(self, node: Node, message: str) -> None:
        """Note a mistake at the place of `node`."""
        cell = self.columns[node.column - 1] if node.column <= len(self.columns) else ""
        self.found.append(Problem(self.file, node.line, node.column, clipped(message), cell))

    def fields(
        self, node: Node, *, what: str, required: Sequence[str], optional: Sequence[str] = ()
    ) -> Mapping[str, Node] | None:
        """The keys of a map that must have the required ones and may have the optional ones.

        None, with the mistakes noted, when it is no map. Keys that are unknown, missing or without a
        value are noted and left out.
        """
        if not isinstance(node, MapNode):
            self.add(node, f"{what} is a block of 'key: value' lines")
            return None
        known = (*required, *optional)
        found: dict[str, Node] = {}
        for key, value in node.entries:
            if key.text not in known:
                self.add(key, f"'{key.text}' is not a key of {what}.{suggest(key.text, known)}")
            elif isinstance(value, Scalar) and value.is_empty:
                self.add(key, f"'{key.text}' has no value")
            else:
                found[key.text] = value
        missing = [name for name in required if name not in {key.text for key, _ in node.entries}]
        if missing:
            self.add(node, f"{what} needs {', '.join(repr(name) for name in missing)}")
        return found

    def text(self, node: Node | None, *, what: str) -> str:
        """A single text; an empty one, with the mistake noted, when it is a list or a block."""
        if node is None:
            return ""
        if not isinstance(node, Scalar):
            self.add(node, f"{what} is a single text")
            return ""
        return node.text

    def items(self, node: Node | None, *, what: str) -> tuple[Node, ...]:
        """The items of a list; none, with the mistake noted, when it is no list."""
        if node is None:
            return ()
        if not isinstance(node, ListNode):
            self.add(node, f"{what} is a list: each item on a line of its own after '- '")
            return ()
        return node.items

    def texts(self, node: Node | None, *, what: str) -> tuple[Scalar, ...]:
        """The texts of a list, or one text alone."""
        if isinstance(node, Scalar) and not node.is_empty:
            return (node,)
        items = self.items(node, what=what)
        for item in items:
            if not isinstance(item, Scalar):
                self.add(item, f"{what} holds single texts")
        return tuple(item for item in items if isinstance(item, Scalar))

    def value(self, node: Node | None, parse: Callable[[str], T]) -> T | None:
        """What `parse` makes of a single text; None, with its complaint noted, when it refuses."""
        if node is None:
            return None
        if not isinstance(node, Scalar):
            self.add(node, "a single value stands here, not a list or a block")
            return None
        if node.is_empty:
            self.add(node, "a value is missing here")
            return None
        try:
            return parse(node.text)
        except ValueError as error:
            self.add(node, str(error))
            return None
