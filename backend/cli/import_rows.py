"""`flask rules import-rows`: somebody else's rows as rows for a back-test."""

import sys
from pathlib import Path

import click
import svcs

from backend.domains.backtesting.importing import Imported, converted, read_mapping
from backend.domains.rules.service import RulesService
from backend.kernel.errors import ClimbUpError

File = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.command("import-rows")
@click.argument("source", type=File)
@click.option("--mapping", required=True, type=File, help="Which column is which fact.")
@click.option("-o", "--output", required=True, type=click.Path(dir_okay=False, path_type=Path))
def import_rows(source: Path, mapping: Path, output: Path) -> None:
    """Turn the rows of SOURCE (.jsonl or .csv, also .gz) into rows for `flask rules backtest --rows`.

    Exits with 1 when a row is wrong; the others are written all the same.
    """
    told = Imported()
    try:
        vocabulary = svcs.flask.get(RulesService).rulebook().vocabulary
        lines = converted(source, read_mapping(mapping, vocabulary), vocabulary, told)
        with output.open("w", encoding="utf-8") as file:
            file.writelines(lines)
    except ClimbUpError as error:
        click.echo(error.detail, err=True)
        sys.exit(1)
    click.echo(f"{told.written:,} rows written to {output}.")
    for because, count in told.skipped.items():
        click.echo(f"{count:>7,} left out: {because}")
    if told.wrong:
        for sentence in told.sentences:
            click.echo(sentence, err=True)
        click.echo(f"{told.wrong:,} rows are wrong and left out; the first stand above.", err=True)
        sys.exit(1)
