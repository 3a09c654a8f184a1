"""`flask rules`: check the files, try a case, explain a quote. The same services as the API.

What publishes stands in rule_releases.py, decision tables in rule_tables.py; rule_try.py tries a case,
rule_shadow.py many.
"""

import sys
import time
from pathlib import Path
from typing import NoReturn

import click
import svcs

from backend.cli import backtest, rule_releases, rule_shadow, rule_tables, rule_try
from backend.cli.group import DatabaseGroup
from backend.config import ROOT
from backend.domains.pricing.desk import QuoteDesk
from backend.domains.pricing.entities import OrderPrice, Price
from backend.domains.rules.checking import RuleChecks
from backend.engine.findings import Finding
from backend.engine.nodes import where
from backend.engine.problems import RulebookError
from backend.engine.rulebook import Rulebook
from backend.infra.rule_files import folder_sources, read_sources
from backend.kernel.errors import ClimbUpError

group = DatabaseGroup("rules", help="Check, try, explain and publish the rules that staff edit.")
for command in (
    *rule_releases.COMMANDS,
    *rule_tables.COMMANDS,
    *backtest.COMMANDS,
    rule_shadow.shadow,
    rule_try.try_command,
):
    group.add_command(command)


@group.command("check")
@click.argument(
    "folder", type=click.Path(exists=True, file_okay=False, path_type=Path), default=ROOT / "rules"
)
@click.option("--gaps", is_flag=True, help="Also show cases that no rule decides.")
def check(folder: Path, *, gaps: bool) -> None:
    """Read every rule file of FOLDER, run its scenarios and compare its rules; each mistake with its place.

    Exits with 1 for mistakes, with 0 for warnings and notes. The case under a finding can be tried.
    """
    started = time.perf_counter()
    report = svcs.flask.get(RuleChecks).check(_texts(folder), gaps=gaps)
    click.echo(f"Checked in {time.perf_counter() - started:.1f} s.", err=True)
    if report.rulebook is None:
        _fail("\n".join(report.messages))
    for finding in report.findings:
        _print_finding(finding)
    if not report.ok:
        count = len(report.mistakes)
        _fail(f"{count} mistake{'s' if count > 1 else ''}; see the lines above.")
    version = report.rulebook.version
    click.echo(f"{report.rules} rules and {report.scenarios} scenarios are in order ({version[:19]}…)")


@group.command("explain")
@click.argument("quote_id")
def explain(quote_id: str) -> None:
    """Price the stored quote QUOTE_ID again by the release of the rules that priced it then."""
    try:
        explained = svcs.flask.get(QuoteDesk).explain(quote_id=quote_id)
    except ClimbUpError as error:
        _fail(error.detail)
    quote = explained.quote
    click.echo(f"{quote.id}  made {quote.created_at:%Y-%m-%d %H:%M} UTC by the rules {quote.release}")
    _print_order_price(explained.price)
    if not explained.is_same:
        _print_order_price(explained.again)
        _fail("Priced again, the lines differ: the stored quote is above, today's answer below it.")
    click.echo("Priced again by the same rules: the same, to the cent.")


def _texts(folder: Path) -> dict[str, str]:
    try:
        return folder_sources(folder)
    except RulebookError as error:
        _fail(error.detail)


def _read(folder: Path) -> Rulebook:
    try:
        return read_sources(_texts(folder))
    except RulebookError as error:
        _fail(error.detail)


def _print_finding(finding: Finding) -> None:
    click.echo(str(finding), err=True)
    if finding.case is not None:
        day = f" --at {finding.day}" if finding.day else ""
        click.echo(f"  case{day}: {finding.case_json}", err=True)


def _fail(text: str) -> NoReturn:
    click.echo(text, err=True)
    sys.exit(1)


def _print_order_price(price: OrderPrice) -> None:
    several = len(price.parts) > 1 and bool(price.charges.lines or price.items[1:])
    for part in price.parts:
        if part.lines:
            _print_price(part)
    if several:
        click.echo(f"  {'altogether':<15}{price.total!s:>14}")


def _print_price(price: Price) -> None:
    for line in price.lines:
        place = f"  ({where(line.rule.file, line.rule.line)} {line.rule.id})" if line.rule else ""
        click.echo(f"  {line.stage:<15}{line.amount!s:>14}  {line.label}{place}")
    click.echo(f"  {'total':<15}{price.total!s:>14}")
    for miss in price.near_misses:
        click.echo(f"  nearly {miss.rule}: {miss.fact} is {miss.got or 'missing'}, wanted {miss.wanted}")
