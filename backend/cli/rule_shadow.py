"""`flask rules shadow start | report | stop`: a draft is evaluated beside live quotes for a time."""

import json
import re
import sys
from collections.abc import Iterator, Mapping
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any, Final, NoReturn

import click
import svcs

from backend.cli.rule_releases import AUTHOR
from backend.domains.pricing.records import read_money
from backend.domains.rules.publishing import RulePublishing
from backend.domains.shadow.records import report_document
from backend.domains.shadow.service import ShadowReport, ShadowService
from backend.infra.postgres import db
from backend.infra.rule_files import folder_sources
from backend.kernel.errors import ClimbUpError

_UNITS: Final = {"m": timedelta(minutes=1), "h": timedelta(hours=1), "d": timedelta(days=1)}
_TIME: Final = re.compile(r"([0-9]{1,4})([mhd])")
_PERCENT: Final = re.compile(r"([0-9]{1,3}(\.[0-9]{1,2})?)%?")
_MEANINGS: Final = {
    "equal": "the same",
    "dearer": "dearer under the draft",
    "cheaper": "cheaper under the draft",
    "refused": "refused only by the draft",
    "sold": "sold only by the draft",
    "failed": "not priced by the draft",
    "dropped": "not compared, too many at once",
}


class Duration(click.ParamType[timedelta]):
    """`30m`, `2h` or `7d`."""

    name = "time"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> timedelta:
        """The time behind the text."""
        found = _TIME.fullmatch(value)
        if found is None:
            self.fail(f"{value!r} is no time; write minutes, hours or days: 30m, 2h, 7d", param, ctx)
        return int(found[1]) * _UNITS[found[2]]


class Percentage(click.ParamType[Decimal]):
    """`10%`."""

    name = "percentage"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Decimal:
        """The number behind the text."""
        found = _PERCENT.fullmatch(value)
        if found is None:
            self.fail(f"{value!r} is no percentage; write it as 10%", param, ctx)
        return Decimal(found[1])


@click.group("shadow")
def shadow() -> None:
    """Evaluate a draft beside live quotes for a time; customers see nothing of it."""


@shadow.command("start")
@click.argument("draft", metavar="DIR|VERSION")
@click.option("--for", "lasts", type=Duration(), required=True, help="How long: 30m, 2h, 7d.")
@click.option("--sample", type=Percentage(), default="100%", show_default=True, help="Of how many quotes.")
@click.option("--note", required=True, help="Why; the report shows it.")
def start(draft: str, lasts: timedelta, sample: Decimal, note: str) -> None:
    """Begin to price live quotes under a draft as well; there is one shadow at a time."""
    try:
        begun = svcs.flask.get(ShadowService).start(
            sources=_sources(draft), note=note, author=AUTHOR, lasts=lasts, sample=sample
        )
    except ClimbUpError as error:
        _fail(error)
    db.session.commit()
    click.echo(f"The shadow of {begun.version[:19]}… runs until {begun.ends_at:%Y-%m-%d %H:%M} UTC.")


@shadow.command("stop")
def stop() -> None:
    """End the running shadow; what it found stays."""
    try:
        svcs.flask.get(ShadowService).stop(author=AUTHOR)
    except ClimbUpError as error:
        _fail(error)
    db.session.commit()
    click.echo("The shadow is stopped; `flask rules shadow report` shows what it found.")


@shadow.command("report")
@click.option("--format", "form", type=click.Choice(["table", "json"]), default="table", show_default=True)
def report(form: str) -> None:
    """What the shadow that runs, or ran last, has found so far."""
    try:
        found = svcs.flask.get(ShadowService).report()
    except ClimbUpError as error:
        _fail(error)
    document = report_document(found)
    if form == "json":
        click.echo(json.dumps(document, indent=2, ensure_ascii=False))
        return
    for line in [*_head(found), *_results(document), *_sums(document), *_details(document)]:
        click.echo(line)


def _sources(reference: str) -> Mapping[str, str]:
    folder = Path(reference)
    return folder_sources(folder) if folder.is_dir() else svcs.flask.get(RulePublishing).sources(reference)


def _fail(error: ClimbUpError) -> NoReturn:
    click.echo(error.detail, err=True)
    sys.exit(1)


def _head(found: ShadowReport) -> Iterator[str]:
    shown = found.shadow
    span = f"{shown.started_at:%Y-%m-%d %H:%M} to {shown.ended_at or shown.ends_at:%Y-%m-%d %H:%M} UTC"
    yield f"{shown.version[:19]}…  {shown.status}  {span}, {shown.sample.normalize():f}% of quotes"
    yield f"by {shown.author}: {shown.note}"
    if shown.because is not None:
        yield f"over, because {shown.because}"


def _results(document: Mapping[str, Any]) -> Iterator[str]:
    counts: Mapping[str, int] = document["results"]
    yield ""
    yield f"{sum(counts.values()):>10}  quotes seen by {document['processes']} processes"
    for result, count in counts.items():
        if count:
            yield f"{count:>10}  {_MEANINGS[result]}"


def _sums(document: Mapping[str, Any]) -> Iterator[str]:
    if document["currencies"]:
        yield ""
        yield f"{'quotes':>10}{'today':>18}{'draft':>18}{'difference':>18}"
    for row in document["currencies"]:
        amounts = "".join(f"{read_money(row[side])!s:>18}" for side in ("today", "draft", "difference"))
        yield f"{row['quotes']:>10}{amounts}"


def _details(document: Mapping[str, Any]) -> Iterator[str]:
    yield from _section("what differed, by rule", (
        f"{row['quotes']:>10}{_money(row, 'difference')}  {row['decision']} / {row['rule'] or 'no rule'}"
        for row in document["rules"]
    ))  # fmt: skip
    yield from _section("biggest changes", (
        f"{_money(row, 'today')} → {read_money(row['draft'])}  {row['quote_id']}"
        for row in document["movers"]
    ))  # fmt: skip
    yield from _section("why quotes were not priced", (
        f"{row['quotes']:>10}  {row['reason']}" for row in document["failures"]
    ))  # fmt: skip


def _section(title: str, lines: Iterator[str]) -> Iterator[str]:
    """The lines under their title; nothing when there are none."""
    for number, line in enumerate(lines):
        if number == 0:
            yield from ("", f"{title}:")
        yield line


def _money(row: Mapping[str, Any], side: str) -> str:
    return f"{read_money(row[side])!s:>18}"
