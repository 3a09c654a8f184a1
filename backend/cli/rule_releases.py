"""`flask rules publish | rollback | history | diff`: which rules are served, since when, and why."""

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Final, NoReturn

import click
import svcs

from backend.config import ROOT
from backend.domains.rules.models import RulePublication
from backend.domains.rules.publishing import SERVED, RulePublishing, RulesMovedOnError
from backend.engine.diff import RulebookDiff
from backend.infra.postgres import db
from backend.infra.rule_files import folder_sources
from backend.kernel.errors import ClimbUpError

# Who the history names for what is done on the command line.
AUTHOR: Final = "cli"
_SHOWN: Final = len("sha256:") + 12

Folder = click.Path(exists=True, file_okay=False, path_type=Path)


@click.command("publish")
@click.argument("folder", type=Folder, default=ROOT / "rules")
@click.option("--note", required=True, help="Why; the history shows it.")
@click.option(
    "--based-on",
    metavar="VERSION|NUMBER",
    help="The publication that FOLDER was begun from: when others published since, nothing is done.",
)
def publish(folder: Path, note: str, based_on: str | None) -> None:
    """Check the rule files of FOLDER and serve them from now on, in every process.

    Without --based-on they take the place of whatever is served.
    """
    publishing = svcs.flask.get(RulePublishing)
    try:
        current = publishing.current()
        sources = folder_sources(folder)
        served = current.version if current else None
        expected = publishing.release(version=based_on).version if based_on else served
        made = publishing.publish(sources=sources, note=note, author=AUTHOR, expected_current=expected)
        if current:
            _print_diff(publishing.diff(before=publishing.sources(current.version), after=sources))
    except ClimbUpError as error:
        _fail(error)
    _committed(made)


@click.command("rollback")
@click.argument("to", metavar="VERSION|NUMBER")
@click.option("--note", required=True, help="Why; the history shows it.")
def rollback(to: str, note: str) -> None:
    """Serve an earlier release again; `flask rules history` lists them."""
    publishing = svcs.flask.get(RulePublishing)
    try:
        made = publishing.rollback(to=to, note=note, author=AUTHOR)
        if made.previous:
            before, after = publishing.sources(made.previous), publishing.sources(made.version)
            _print_diff(publishing.diff(before=before, after=after))
    except ClimbUpError as error:
        _fail(error)
    _committed(made)


@click.command("history")
@click.option("--limit", default=20, show_default=True, type=click.IntRange(1, 1000))
def history(limit: int) -> None:
    """Which releases were served, the newest first."""
    found = svcs.flask.get(RulePublishing).history(limit=limit)
    for one in found:
        click.echo(
            f"{one.number:>4}  {one.at:%Y-%m-%d %H:%M} UTC  {one.kind:<8}  {one.version[:_SHOWN]}…  "
            f"{one.author}  {one.note}"
        )
    if not found:
        click.echo("Nothing was published yet.")


@click.command("diff")
@click.argument("before", metavar="A")
@click.argument("after", metavar="B")
def diff(before: str, after: str) -> None:
    """What changes from A to B; each a folder, a version, a number of the history, or `served`."""
    publishing = svcs.flask.get(RulePublishing)
    try:
        found = publishing.diff(before=_sources(publishing, before), after=_sources(publishing, after))
    except ClimbUpError as error:
        _fail(error)
    _print_diff(found)


def _sources(publishing: RulePublishing, reference: str) -> Mapping[str, str]:
    folder = Path(reference)
    if reference != SERVED and folder.is_dir():
        return folder_sources(folder)
    return publishing.sources(reference)


def _print_diff(found: RulebookDiff) -> None:
    click.echo(str(found))


def _committed(made: RulePublication) -> None:
    db.session.commit()
    click.echo(f"Number {made.number}, {made.version[:_SHOWN]}…, is served from now on.")


def _fail(error: ClimbUpError) -> NoReturn:
    click.echo(error.detail, err=True)
    if isinstance(error, RulesMovedOnError):
        for line in error.extra.get("published_meanwhile", []):
            click.echo(f"  {line}", err=True)
    sys.exit(1)


COMMANDS: Final = (publish, rollback, history, diff)
