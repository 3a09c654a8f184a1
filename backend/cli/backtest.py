"""`flask rules backtest`: what a draft would have done to the prices of the past."""

import json
import sys
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final, NoReturn

import click
import svcs

from backend.cli.import_rows import import_rows
from backend.domains.backtesting.documents import Heading, result_document
from backend.domains.backtesting.history import RecordedQuotes
from backend.domains.backtesting.outcomes import Stored, known_facts
from backend.domains.backtesting.page import page
from backend.domains.backtesting.result import Result
from backend.domains.backtesting.rows import row_texts
from backend.domains.backtesting.running import FEW, Plan, default_by, run
from backend.domains.backtesting.table import csv_rows, table
from backend.domains.backtesting.workplace import Workplace
from backend.domains.rules.checking import RuleChecks
from backend.domains.rules.publishing import SERVED, RulePublishing
from backend.domains.rules.service import RulesService
from backend.engine.rulebook import VOCABULARY_FILE, Rulebook
from backend.infra.clock import Clock
from backend.infra.rule_files import folder_sources
from backend.kernel.errors import ClimbUpError

Day = click.DateTime(["%Y-%m-%d"])
_FIRST: Final = datetime(1970, 1, 1, tzinfo=UTC)
_FEW_BYTES: Final = 500_000


def _json(document: Mapping[str, Any]) -> str:
    return json.dumps(document, ensure_ascii=False, indent=2) + "\n"


FORMATS: Final[Mapping[str, Callable[[Mapping[str, Any]], str]]] = {
    "table": table,
    "json": _json,
    "csv": csv_rows,
    "html": page,
}


@click.command("backtest")
@click.option("--draft", required=True, metavar="DIR|VERSION", help="The rules to try.")
@click.option("--base", default=SERVED, metavar="DIR|VERSION", help="The rules to compare with.")
@click.option("--from", "start", type=Day, help="The first day (UTC) of the quotes to price again.")
@click.option("--to", "end", type=Day, help="The first day that no longer counts; now without it.")
@click.option(
    "--rows",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Rows of a file (docs/backtest-rows.md) in place of recorded quotes.",
)
@click.option("--by", multiple=True, metavar="FACT", help="Segments; may be repeated.")
@click.option("--format", "form", type=click.Choice(list(FORMATS)), default="table", show_default=True)
@click.option("-o", "--output", type=click.Path(dir_okay=False, path_type=Path), help="Write to a file.")
@click.option("--skip-bad", default=0, show_default=True, help="How many unreadable rows to put up with.")
@click.option("--workers", type=click.IntRange(1, 256), help="Processes; one for each core without it.")
@click.option("--dask", metavar="ADDRESS", help="Price on the Dask cluster with this scheduler.")
def backtest(
    *,
    draft: str,
    base: str,
    start: datetime | None,
    end: datetime | None,
    rows: Path | None,
    by: tuple[str, ...],
    form: str,
    output: Path | None,
    skip_bad: int,
    workers: int | None,
    dask: str | None,
) -> None:
    """Price the quotes of the past, or rows of a file, under two sets of rules and compare."""
    if rows and (start or end):
        _fail("--rows prices all rows of the file; leave --from and --to out.")
    try:
        before = _before(base)
        after = _after(draft, before)
        plan = Plan.of(before=before, after=after, by=_by(by, before))
        if rows:
            history, result = _of_rows(plan, rows, Workplace(workers, dask))
        else:
            history, result = _of_quotes(plan, start, end, Workplace(workers, dask))
    except ClimbUpError as error:
        _fail(error.detail)
    _require_readable(result, skip_bad)
    heading = Heading(_name(base), before.version, _name(draft), after.version, history)
    _write(FORMATS[form](result_document(result, heading)), output)


def _of_quotes(
    plan: Plan, start: datetime | None, end: datetime | None, workplace: Workplace
) -> tuple[str, Result]:
    quotes = svcs.flask.get(RecordedQuotes)
    first = start.replace(tzinfo=UTC) if start else _FIRST
    last = end.replace(tzinfo=UTC) if end else svcs.flask.get_abstract(Clock).now()
    count = quotes.count(start=first, end=last)
    stored = quotes.stream(start=first, end=last)
    result = _run(plan, stored, workplace, many=count > FEW, count=count)
    since = f"from {first:%Y-%m-%d} " if start else ""
    return f"the quotes {since}to {last:%Y-%m-%d %H:%M} UTC", result


def _of_rows(plan: Plan, rows: Path, workplace: Workplace) -> tuple[str, Result]:
    many = rows.stat().st_size > _FEW_BYTES or rows.suffix == ".gz"
    return f"the rows of {rows.name}", _run(plan, row_texts(rows), workplace, many=many, count=0)


def _run(plan: Plan, stored: Iterable[Stored], workplace: Workplace, *, many: bool, count: int) -> Result:
    with (
        workplace.open(many=many) as (executor, workers),
        click.progressbar(length=count, label="Pricing", file=sys.stderr) as bar,
    ):
        return run(
            plan,
            stored,
            executor=executor,
            workers=workers,
            progress=lambda done: bar.update(done - bar.pos),
        )


def _before(base: str) -> Rulebook:
    """What is compared with: what is published; what this process serves where nothing is yet."""
    publishing = svcs.flask.get(RulePublishing)
    if base == SERVED and publishing.current() is None:
        return svcs.flask.get(RulesService).rulebook()
    return svcs.flask.get(RuleChecks).readable(_sources(base))


def _after(draft: str, before: Rulebook) -> Rulebook:
    """The draft; a folder without a vocabulary holds only the files that differ from `before`."""
    sources = _sources(draft)
    if VOCABULARY_FILE not in sources:
        sources = {**before.sources, **sources}
    return svcs.flask.get(RuleChecks).readable(sources)


def _sources(reference: str) -> Mapping[str, str]:
    folder = Path(reference)
    if reference != SERVED and folder.is_dir():
        return folder_sources(folder)
    return svcs.flask.get(RulePublishing).sources(reference)


def _by(wanted: tuple[str, ...], before: Rulebook) -> tuple[str, ...]:
    return known_facts(wanted, before) or default_by(before)


def _name(reference: str) -> str:
    return "the rules being served" if reference == SERVED else reference


def _require_readable(result: Result, skip_bad: int) -> None:
    bad = result.bad_rows
    if bad.count <= skip_bad:
        return
    for _, sentence in bad.first:
        click.echo(sentence, err=True)
    more = f" (the first {len(bad.first)} above)" if bad.count > len(bad.first) else ""
    _fail(f"{bad.count} rows cannot be read{more}. Mend them, or skip them with --skip-bad {bad.count}.")


def _write(text: str, output: Path | None) -> None:
    if output is None:
        click.echo(text, nl=False)
        return
    output.write_text(text, encoding="utf-8", newline="")
    click.echo(f"Written to {output}.", err=True)


def _fail(text: str) -> NoReturn:
    click.echo(text, err=True)
    sys.exit(1)


COMMANDS: Final = (backtest, import_rows)
