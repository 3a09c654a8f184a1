"""`flask rules`: check the files, try a case, explain a quote. The same services as the API.

What publishes stands in rule_releases.py, decision tables in rule_tables.py.
"""

import json
import sys
from datetime import datetime, time
from pathlib import Path
from typing import Any, NoReturn

import click
import svcs
from flask.cli import AppGroup

from backend.cli import rule_releases, rule_tables
from backend.config import ROOT
from backend.domains.pricing.price import Price
from backend.domains.pricing.service import QuoteService
from backend.engine.analysis import analyse
from backend.engine.decision import Decision, price_lines
from backend.engine.decision_table import zone_of
from backend.engine.findings import Finding, Severity
from backend.engine.nodes import where
from backend.engine.problems import RulebookError
from backend.engine.rulebook import Rulebook
from backend.infra.clock import Clock
from backend.infra.rule_files import folder_sources, read_sources
from backend.kernel.errors import ClimbUpError
from backend.kernel.money import Money

group = AppGroup("rules", help="Check, try, explain and publish the rules that staff edit.")
for command in (*rule_releases.COMMANDS, *rule_tables.COMMANDS):
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
    rulebook = _read(folder)
    findings = analyse(rulebook, on=svcs.flask.get_abstract(Clock).now().date(), gaps=gaps)
    for finding in findings:
        _print_finding(finding)
    mistakes = [finding for finding in findings if finding.severity is Severity.ERROR]
    if mistakes:
        _fail(f"{len(mistakes)} mistake{'s' if len(mistakes) > 1 else ''}; see the lines above.")
    scenarios = sum(len(table.scenarios) for table in rulebook.decisions.values())
    rules = sum(len(table.rules) for table in rulebook.decisions.values())
    click.echo(f"{rules} rules and {scenarios} scenarios are in order ({rulebook.version[:19]}…)")


@group.command("try")
@click.argument("case", type=click.File("r", encoding="utf-8"))
@click.option("--rules", "folder", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--at", "day", type=click.DateTime(["%Y-%m-%d"]), help="The day to try it on; now without it.")
def try_case(case: Any, folder: Path | None, day: datetime | None) -> None:
    """What every decision says of the facts in CASE, a JSON file such as {"kind": "slot", "party": 2}."""
    rulebook = _read(folder or ROOT / "rules")
    try:
        facts = rulebook.vocabulary.parse_facts(_json_object(case))
        noon = day and datetime.combine(day, time(12), tzinfo=zone_of(facts))
        now = noon or svcs.flask.get_abstract(Clock).now()
        for name, table in rulebook.decisions.items():
            if table.rules:
                _print_decision(rulebook.decide(name, facts, at=now), facts.get("base"), rulebook)
    except ClimbUpError as error:
        _fail(error.detail)


@group.command("explain")
@click.argument("quote_id")
def explain(quote_id: str) -> None:
    """Price the stored quote QUOTE_ID again by the release of the rules that priced it then."""
    try:
        explained = svcs.flask.get(QuoteService).explain(quote_id=quote_id)
    except ClimbUpError as error:
        _fail(error.detail)
    quote = explained.quote
    click.echo(f"{quote.id}  made {quote.created_at:%Y-%m-%d %H:%M} UTC by the rules {quote.release}")
    _print_price(quote.price)
    if not explained.is_same:
        _print_price(explained.again)
        _fail("Priced again, the lines differ: the stored quote is above, today's answer below it.")
    click.echo("Priced again by the same rules: the same, to the cent.")


def _read(folder: Path) -> Rulebook:
    try:
        return read_sources(folder_sources(folder))
    except RulebookError as error:
        _fail(error.detail)


def _print_finding(finding: Finding) -> None:
    click.echo(str(finding), err=True)
    if finding.case is not None:
        day = f" --at {finding.day}" if finding.day else ""
        click.echo(f"  case{day}: {finding.case_json}", err=True)


def _json_object(file: Any) -> dict[str, Any]:
    try:
        value = json.load(file)
    except ValueError as error:
        _fail(f"{file.name} is not JSON: {error}")
    if not isinstance(value, dict):
        _fail(f'{file.name} must hold one JSON object of facts, such as {{"kind": "slot", "party": 2}}')
    return value


def _fail(text: str) -> NoReturn:
    click.echo(text, err=True)
    sys.exit(1)


def _print_decision(decision: Decision, base: object, rulebook: Rulebook) -> None:
    click.echo(f"{decision.decision}:")
    lines = price_lines(decision, base) if isinstance(base, Money) else []
    amounts = {fired.rule: amount for fired, amount in lines}
    for fired in decision.fired:
        amount = f"  {amounts[fired.rule]}" if fired.rule in amounts else ""
        click.echo(f"  fired  {fired.rule}{amount}  {fired.label}  ({where(fired.file, fired.line)})")
    for miss in decision.near_misses:
        got = "missing" if miss.got is None else rulebook.vocabulary.facts[miss.fact].type.write(miss.got)
        click.echo(f"  nearly {miss.rule}: {miss.fact} is {got}, wanted {miss.wanted}")


def _print_price(price: Price) -> None:
    for line in price.lines:
        place = f"  ({where(line.rule.file, line.rule.line)} {line.rule.id})" if line.rule else ""
        click.echo(f"  {line.stage:<15}{line.amount!s:>14}  {line.label}{place}")
    click.echo(f"  {'total':<15}{price.total!s:>14}")
    for miss in price.near_misses:
        click.echo(f"  nearly {miss.rule}: {miss.fact} is {miss.got or 'missing'}, wanted {miss.wanted}")
