"""Reads folders of rule files, or their stored texts, into a rulebook."""

import codecs
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path

from backend.engine.matcher import MatcherFactory
from backend.engine.matcher_compiled import compiled
from backend.engine.nodes import MAX_BYTES, Document, is_table
from backend.engine.problems import Problem, RulebookError
from backend.engine.rulebook import VOCABULARY_FILE, Rulebook
from backend.infra.rule_yaml import parse_document


def read_folder(folder: Path, *, matcher: MatcherFactory = compiled) -> Rulebook:
    """The rulebook of a folder's `*.yaml` files and `tables/*.csv`; RulebookError with every problem."""
    sources, problems = _texts(folder)
    return _read(sources, problems, matcher)


def read_sources(sources: Mapping[str, str], *, matcher: MatcherFactory = compiled) -> Rulebook:
    """The rulebook of texts by file name (`rules/pricing.yaml`), as `Rulebook.sources` keeps them."""
    return _read(sources, [], matcher)


def folder_sources(folder: Path) -> dict[str, str]:
    """The texts of a folder's rule files by name; RulebookError for a file that is no text."""
    sources, problems = _texts(folder)
    if problems:
        raise RulebookError(problems)
    return sources


def read_table_file(path: Path) -> str:
    """The text of a decision table that lies anywhere; RulebookError when it is no text."""
    try:
        return _text(path)
    except _UnreadableError as error:
        raise RulebookError([Problem(path.name, error.line, 1, str(error))]) from None


def _texts(folder: Path) -> tuple[dict[str, str], list[Problem]]:
    sources: dict[str, str] = {}
    problems: list[Problem] = []
    for path in sorted([*folder.glob("*.y*ml"), *folder.glob("*.csv"), *(folder / "tables").glob("[!.~]*")]):
        name = f"rules/{path.relative_to(folder).as_posix()}"
        try:
            _check_ending(path, is_in_tables=path.parent != folder)
            sources[name] = _text(path)
        except _UnreadableError as error:
            problems.append(Problem(name, error.line, 1, str(error)))
    return sources, problems


class _UnreadableError(ValueError):
    """A file that cannot be one of rules, in a sentence; `line` is where."""

    def __init__(self, message: str, *, line: int = 1) -> None:
        super().__init__(message)
        self.line = line


def _check_ending(path: Path, *, is_in_tables: bool) -> None:
    if is_in_tables and path.suffix != ".csv":
        raise _UnreadableError(f"save this table as {path.stem}.csv: only '.csv' is read in this folder")
    if not is_in_tables and path.suffix == ".csv":
        raise _UnreadableError("move this table into the folder 'tables'")
    if not is_in_tables and path.suffix != ".yaml":
        raise _UnreadableError(f"rename this file to {path.stem}.yaml: only '.yaml' files are read")


def _text(path: Path) -> str:
    """The text of one file; _UnreadableError when it is none."""
    try:
        size = path.stat().st_size
        raw = path.read_bytes() if size <= MAX_BYTES else b""
    except OSError as error:
        raise _UnreadableError(f"this file cannot be read: {error.strerror}") from None
    if size > MAX_BYTES:
        raise _UnreadableError(_too_large(size))
    remedy = "save it again with the encoding UTF-8"
    if path.suffix == ".csv":
        remedy = "save it again as 'CSV UTF-8'"
    if raw.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        raise _UnreadableError(f"this file is UTF-16 text; {remedy}")
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise _UnreadableError(f"this is not UTF-8 text; {remedy}", line=line) from None


def _read(sources: Mapping[str, str], problems: list[Problem], matcher: MatcherFactory) -> Rulebook:
    documents: dict[str, Document] = {}
    tables = {name: text for name, text in sources.items() if is_table(name)}
    for name, text in sources.items():
        if name in tables:
            continue
        try:
            documents[name] = _document(name, text)
        except RulebookError as error:
            problems.extend(error.problems)
    if problems and VOCABULARY_FILE not in documents:
        raise RulebookError(problems)
    try:
        book = Rulebook.read(documents, tables=tables, is_whole=not problems, matcher=matcher)
    except RulebookError as error:
        raise RulebookError([*problems, *error.problems]) from None
    if problems:
        book.close()
        raise RulebookError(problems)
    return book


# A draft differs from what is served in one file or two, and nodes never change.
@lru_cache(maxsize=32)
def _document(name: str, text: str) -> Document:
    size = len(text.encode(errors="surrogatepass"))
    if size > MAX_BYTES:
        raise RulebookError([Problem(name, 1, 1, _too_large(size))])
    return parse_document(name, text)


def _too_large(size: int) -> str:
    return f"this file has {size} bytes; rule files have at most {MAX_BYTES}: split it into several"
