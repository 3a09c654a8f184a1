"""Reads folders of rule files, or their stored texts, into a rulebook."""

from collections.abc import Mapping
from pathlib import Path
from typing import Final

from backend.engine.matcher import MatcherFactory
from backend.engine.matcher_compiled import compiled
from backend.engine.nodes import Document
from backend.engine.problems import Problem, RulebookError
from backend.engine.rulebook import VOCABULARY_FILE, Rulebook
from backend.infra.rule_yaml import parse_document

MAX_BYTES: Final = 1_000_000


def read_folder(folder: Path, *, matcher: MatcherFactory = compiled) -> Rulebook:
    """The rulebook of a folder's `*.yaml` files; RulebookError with every problem of every file."""
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


def _texts(folder: Path) -> tuple[dict[str, str], list[Problem]]:
    sources: dict[str, str] = {}
    problems: list[Problem] = []
    for path in sorted(folder.glob("*.y*ml")):
        name = f"rules/{path.name}"
        try:
            sources[name] = _text(path)
        except ValueError as error:
            problems.append(Problem(name, 1, 1, str(error)))
    return sources, problems


def _text(path: Path) -> str:
    """The text of one file; ValueError with a sentence when it cannot be one of rules."""
    if path.suffix != ".yaml":
        raise ValueError(f"rename this file to {path.stem}.yaml: only '.yaml' files are read")
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise ValueError(f"this file cannot be read: {error.strerror}") from None
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise ValueError(
            f"line {line} is not UTF-8 text; save the file again with the encoding UTF-8"
        ) from None


def _read(sources: Mapping[str, str], problems: list[Problem], matcher: MatcherFactory) -> Rulebook:
    documents: dict[str, Document] = {}
    for name, text in sources.items():
        try:
            documents[name] = _document(name, text)
        except RulebookError as error:
            problems.extend(error.problems)
    if problems and VOCABULARY_FILE not in documents:
        raise RulebookError(problems)
    try:
        book = Rulebook.read(documents, matcher=matcher)
    except RulebookError as error:
        raise RulebookError([*problems, *error.problems]) from None
    if problems:
        book.close()
        raise RulebookError(problems)
    return book


def _document(name: str, text: str) -> Document:
    size = len(text.encode(errors="surrogatepass"))
    if size > MAX_BYTES:
        message = f"this file has {size} bytes; rule files have at most {MAX_BYTES}: split it into several"
        raise RulebookError([Problem(name, 1, 1, message)])
    return parse_document(name, text)
