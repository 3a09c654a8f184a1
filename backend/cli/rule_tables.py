"""`flask rules table export | import`: rules between YAML and a spreadsheet."""

import sys
from pathlib import Path
from typing import Final, NoReturn

import click
from flask.cli import AppGroup

from backend.config import ROOT
from backend.engine.nodes import ListNode
from backend.engine.problems import RulebookError
from backend.engine.rule_reader import read_rule
from backend.engine.rulebook import Rulebook
from backend.engine.table_format import DATES, DECIMALS, SEPARATORS, TableFormat
from backend.engine.table_reader import read_table
from backend.engine.table_writer import write_table
from backend.engine.vocabulary import DecisionSpec, Vocabulary, suggest
from backend.infra.rule_files import folder_sources, read_sources, read_table_file
from backend.infra.rule_yaml_writer import write_rules

table = AppGroup("table", help="Move the rules of a decision between YAML and a spreadsheet.")

_Folder = click.Path(exists=True, file_okay=False, path_type=Path)
_folder = click.option("--rules", "folder", type=_Folder, default=ROOT / "rules", help="The rule files.")


@table.command("export")
@click.argument("decision")
@_folder
@click.option("-o", "--output", type=click.Path(dir_okay=False, path_type=Path), required=True)
def export(decision: str, folder: Path, output: Path) -> None:
    """Write the rules of DECISION as a decision table, in CSV that spreadsheet programs open."""
    rulebook = _book(decision, folder)
    rules = rulebook.decisions[decision].rules
    if not rules:
        _fail(f"'{decision}' has no rules that a table could hold.")
    try:
        text = write_table(rules, vocabulary=rulebook.vocabulary)
    except RulebookError as error:
        _fail(error.detail)
    # With the mark at its beginning spreadsheet programs read it as UTF-8.
    output.write_text(text, encoding="utf-8-sig", newline="")
    click.echo(f"{output}: {len(rules)} rules")


@table.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--decision", required=True)
@_folder
@click.option("--separator", type=click.Choice(list(SEPARATORS)), default=",", show_default=True)
@click.option("--decimal", type=click.Choice(DECIMALS), default=".", show_default=True)
@click.option("--dates", type=click.Choice(list(DATES)), default="year-month-day", show_default=True)
def import_(file: Path, decision: str, folder: Path, separator: str, decimal: str, dates: str) -> None:
    """Print the rules of the decision table FILE as the YAML of DECISION."""
    vocabulary = _book(decision, folder).vocabulary
    form = TableFormat(separator, decimal, dates)
    try:
        rules = _rules(file, form, vocabulary.decisions[decision], vocabulary)
    except RulebookError as error:
        _fail(error.detail)
    click.echo(write_rules(rules), nl=False)


def _rules(file: Path, form: TableFormat, spec: DecisionSpec, vocabulary: Vocabulary) -> ListNode:
    """The rules of a table as nodes; RulebookError with every mistake in it."""
    text = read_table_file(file)
    rows, report = read_table(text, name=file.name, form=form, spec=spec, vocabulary=vocabulary)
    for row in rows:
        if row.is_whole:
            read_rule(row.node, spec=spec, applies_to={}, vocabulary=vocabulary, report=report)
    if report.found:
        raise RulebookError(report.found)
    return ListNode(tuple(row.node for row in rows), 1, 1)


def _book(decision: str, folder: Path) -> Rulebook:
    try:
        rulebook = read_sources(folder_sources(folder))
    except RulebookError as error:
        _fail(error.detail)
    if decision not in rulebook.decisions:
        _fail(f"'{decision}' is not a decision of the vocabulary.{suggest(decision, rulebook.decisions)}")
    return rulebook


def _fail(text: str) -> NoReturn:
    click.echo(text, err=True)
    sys.exit(1)


COMMANDS: Final = (table,)
