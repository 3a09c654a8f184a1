"""`flask rules try`: what the rules say of one case; with a draft, today and draft side by side."""

import json
import shutil
import sys
from collections.abc import Iterator, Mapping
from datetime import datetime, time
from pathlib import Path
from typing import Any, Final, NoReturn

import click
import svcs

from backend.cli.rule_releases import Folder
from backend.config import ROOT
from backend.domains.pricing.comparison import LineComparison, PriceComparison
from backend.domains.pricing.entities import Price, RuleRef
from backend.domains.pricing.what_if import AskedCase, Tried, case_of_quote, try_case
from backend.domains.rules.publishing import RulePublishing
from backend.engine.decision import Decision, NearMiss, price_lines
from backend.engine.decision_table import zone_of
from backend.engine.nodes import where
from backend.engine.rulebook import Rulebook
from backend.infra.clock import Clock
from backend.infra.postgres import db
from backend.infra.rule_files import folder_sources, read_sources
from backend.kernel import ids
from backend.kernel.errors import ClimbUpError
from backend.kernel.money import Money

NARROWEST: Final = 80
WIDEST: Final = 120
_MARKS: Final = {True: "~", False: " "}


@click.command("try")
@click.argument("case")
@click.option("--draft", metavar="DIR|VERSION", help="Show today's price and the draft's side by side.")
@click.option("--rules", "folder", type=Folder, help="The rules of this folder instead of today's.")
@click.option("--at", "day", type=click.DateTime(["%Y-%m-%d"]), help="The day to try it on; now without it.")
def try_command(case: str, draft: str | None, folder: Path | None, day: datetime | None) -> None:
    """What the rules say of CASE: a JSON file such as {"kind": "slot", "party": 2}, - for standard input,
    or the id of a stored quote, which is tried at the instant it was made.
    """  # fmt: skip
    try:
        if draft is None:
            _print_decisions(_read(folder_sources(folder or ROOT / "rules")), case, day)
            return
        candidate = _read(_draft_sources(draft))
        today = _read(folder_sources(folder) if folder else _served())
        asked = _asked(case, day, candidate)
        _print_comparison(try_case(asked, today=today, draft=candidate), today=today, draft=candidate)
    except ClimbUpError as error:
        _fail(error.detail)


def _read(sources: Mapping[str, str]) -> Rulebook:
    return read_sources(sources)


def _draft_sources(reference: str) -> Mapping[str, str]:
    folder = Path(reference)
    return folder_sources(folder) if folder.is_dir() else svcs.flask.get(RulePublishing).sources(reference)


def _served() -> Mapping[str, str]:
    """The texts of the newest publication; those of the folder where nothing was published yet."""
    publishing = svcs.flask.get(RulePublishing)
    current = publishing.current()
    return publishing.sources(current.version) if current else folder_sources(ROOT / "rules")


def _asked(case: str, day: datetime | None, rulebook: Rulebook) -> AskedCase:
    if case.startswith(f"{ids.QUOTE}_"):
        found = case_of_quote(db.session, case)
        return AskedCase(found.facts, _instant(day, found.facts, rulebook) or found.at, found.label)
    facts = _json_object(case)
    at = _instant(day, facts, rulebook) or svcs.flask.get_abstract(Clock).now()
    return AskedCase(facts, at)


def _instant(day: datetime | None, facts: Mapping[str, Any], rulebook: Rulebook) -> datetime | None:
    """Noon of a day, where the provider is."""
    if day is None:
        return None
    return datetime.combine(day, time(12), tzinfo=zone_of(rulebook.vocabulary.parse_facts(facts)))


def _json_object(name: str) -> dict[str, Any]:
    try:
        text = sys.stdin.read() if name == "-" else Path(name).read_text(encoding="utf-8")
        value = json.loads(text)
    except OSError as error:
        _fail(f"{name} cannot be read: {error.strerror}")
    except ValueError as error:
        _fail(f"{name} is not JSON: {error}")
    if not isinstance(value, dict):
        _fail(f'{name} must hold one JSON object of facts, such as {{"kind": "slot", "party": 2}}')
    return value


def _fail(text: str) -> NoReturn:
    click.echo(text, err=True)
    sys.exit(1)


def _print_decisions(rulebook: Rulebook, case: str, day: datetime | None) -> None:
    asked = _asked(case, day, rulebook)
    facts = rulebook.vocabulary.parse_facts(asked.facts)
    for name, table in rulebook.decisions.items():
        if table.rules:
            _print_decision(rulebook.decide(name, facts, at=asked.at), facts.get("base"), rulebook)


def _print_decision(decision: Decision, base: object, rulebook: Rulebook) -> None:
    click.echo(f"{decision.decision}:")
    lines = price_lines(decision, base) if isinstance(base, Money) else []
    amounts = {fired.rule: amount for fired, amount in lines}
    for fired in decision.fired:
        amount = f"  {amounts[fired.rule]}" if fired.rule in amounts else ""
        click.echo(f"  fired  {fired.rule}{amount}  {fired.label}  ({where(fired.file, fired.line)})")
    for miss in decision.near_misses:
        click.echo(f"  nearly {_nearly(miss, rulebook)}")


def _nearly(miss: NearMiss, rulebook: Rulebook) -> str:
    got = "missing" if miss.got is None else rulebook.vocabulary.facts[miss.fact].type.write(miss.got)
    return f"{miss.rule}: {miss.fact} is {got}, wanted {miss.wanted}"


def _print_comparison(tried: Tried, *, today: Rulebook, draft: Rulebook) -> None:
    assert tried.comparison is not None  # noqa: S101 (a draft was tried)
    width = min(max(shutil.get_terminal_size().columns, NARROWEST), WIDEST)
    for line in [*_table(tried.comparison, width), *_notes(tried.comparison, today, draft)]:
        click.echo(line)
    for decision in tried.decisions:
        click.echo(f"{decision.decision}: today {_listed(decision.today)}; draft {_listed(decision.draft)}")
    if tried.comparison.is_same and not tried.decisions:
        click.echo("The draft changes nothing in this case.")


def _table(comparison: PriceComparison, width: int) -> Iterator[str]:
    """The lines side by side: `+` stands in the draft only, `-` today only, `~` differs."""
    rows = [("  ", "stage", "line", ("today", "draft", "difference"))]
    rows += [(f"{_mark(line)} ", line.stage, line.label, _amounts(line)) for line in comparison.lines]
    totals = (str(comparison.today.total), str(comparison.draft.total), _signed(comparison.difference))
    rows.append(("  ", "total", "", totals))
    stage = max(len(row[1]) for row in rows) + 2
    amount = max(len(text) for row in rows for text in row[3]) + 2
    words = width - 2 - stage - 3 * amount
    for mark, name, label, amounts in rows:
        shown = "".join(f"{text:>{amount}}" for text in amounts)
        yield f"{mark}{name:<{stage}}{_cut(label, words)}{shown}".rstrip()


def _amounts(line: LineComparison) -> tuple[str, str, str]:
    today, draft = (str(side.amount) if side else "" for side in (line.today, line.draft))
    return today, draft, _signed(line.difference)


def _mark(line: LineComparison) -> str:
    if line.today is None:
        return "+"
    return "-" if line.draft is None else _MARKS[line.differs]


def _cut(text: str, width: int) -> str:
    return f"{text if len(text) <= width else text[: width - 1] + '…':<{width}}"


def _signed(difference: Money) -> str:
    return f"{'+' if difference.minor > 0 else ''}{difference}" if difference else ""


def _notes(comparison: PriceComparison, today: Rulebook, draft: Rulebook) -> Iterator[str]:
    for line in comparison.changed:
        if line.today is None or line.draft is None:
            side = "today" if line.today else "under the draft"
            yield f"{_mark(line)} {_place(line.rule, line.stage)} only {side}"
    for mark, refusals in (("-", comparison.refusals_gone), ("+", comparison.refusals_new)):
        side = "today" if mark == "-" else "under the draft"
        for refusal in refusals:
            yield f"{mark} refused only {side}: {refusal.reason}  {_place(refusal.rule, '')}"
    for mark, misses, rulebook in (
        ("-", comparison.near_misses_gone, today),
        ("+", comparison.near_misses_new, draft),
    ):
        side = "today" if mark == "-" else "under the draft"
        for miss in misses:
            yield f"{mark} nearly only {side}: {_nearly(miss, rulebook)}"
    yield from _flags(comparison.today, comparison.draft)


def _flags(today: Price, draft: Price) -> Iterator[str]:
    """Approval and the floor, where they differ."""
    if today.requires_approval != draft.requires_approval:
        yield f"~ needs approval only {'today' if today.requires_approval else 'under the draft'}"
    for mark, side, price, other in (("-", "today", today, draft), ("+", "under the draft", draft, today)):
        if price.below_floor_by is not None and other.below_floor_by is None:
            yield f"{mark} below the floor only {side}: {_place(price.below_floor_by, '')} may pass it"


def _place(rule: RuleRef | None, stage: str) -> str:
    return f"{rule.id} ({where(rule.file, rule.line)})" if rule else stage


def _listed(fired: tuple[str, ...]) -> str:
    return ", ".join(fired) or "nothing"
