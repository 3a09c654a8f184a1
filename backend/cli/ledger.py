"""`flask ledger`: proves the book, compares it with the payment gateway's, and gives up debts."""

import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import click
import svcs

from backend.cli.group import DatabaseGroup
from backend.cli.users import ACTOR
from backend.domains.ledger.checking import LedgerCheck
from backend.domains.ledger.debts import Debts
from backend.domains.payments.reconciliation import Reconciliation, Report
from backend.infra.clock import Clock
from backend.infra.postgres import db
from backend.kernel.errors import ClimbUpError
from backend.kernel.money import CurrencyError, Money

group = DatabaseGroup("ledger", help="The double-entry ledger.")


@group.command("check")
def check() -> None:
    """Read the whole ledger and say what is wrong with it; exits with 1 when anything is."""
    book = svcs.flask.get(LedgerCheck)
    problems = book.problems()
    for problem in problems:
        click.echo(problem, err=True)
    if problems:
        sys.exit(1)
    size = book.size()
    click.echo(
        f"The ledger is right: {size.entries:,} entries of {size.postings:,} postings"
        f" on {size.accounts:,} accounts balance, and agree with the kept balances."
    )
    for kind, balances in book.balances().items():
        click.echo(f"{kind:>14}  {'  '.join(f'{money.amount:,} {money.currency}' for money in balances)}")


@group.command("reconcile")
@click.option("--from", "first", type=click.DateTime(["%Y-%m-%d"]), help="First day (UTC); else, yesterday.")
@click.option("--to", "last", type=click.DateTime(["%Y-%m-%d"]), help="The day after the last; else, today.")
def reconcile(first: datetime | None, last: datetime | None) -> None:
    """Compare the ledger with the payment gateway and book the gateway's fees and payouts.

    Exits with 1 when anything differs.
    """
    today = svcs.flask.get_abstract(Clock).now().replace(hour=0, minute=0, second=0, microsecond=0)
    since = _day(first) or today - timedelta(days=1)
    before = _day(last) or today
    if before <= since:
        raise click.UsageError("--to is the day after the last one, and must be after --from.")
    try:
        report = svcs.flask.get(Reconciliation).report(since=since, before=before)
    except ClimbUpError as error:
        raise click.ClickException(error.detail) from None
    db.session.commit()
    for line in _told(report):
        click.echo(line)
    if report.differences:
        sys.exit(1)


@group.command("write-off")
@click.argument("account")
@click.argument("amount")
@click.argument("currency")
@click.option("--note", required=True, help="Why; the audit log keeps it.")
def write_off(account: str, amount: str, currency: str, note: str) -> None:
    """Give up AMOUNT (such as 12.50) CURRENCY that ACCOUNT (provider:prv_… or expert:usr_…) owes us."""
    try:
        given_up = Money.of(amount, currency)
    except (ArithmeticError, CurrencyError):
        raise click.UsageError(f"{amount} {currency} is no amount; write it as 12.50 EUR.") from None
    try:
        left = svcs.flask.get(Debts).write_off(account=account, amount=given_up, note=note, actor_id=ACTOR)
    except ClimbUpError as error:
        raise click.ClickException(error.detail) from None
    db.session.commit()
    click.echo(f"{given_up} of {account} is written off; {left} is still owed.")


def _told(report: Report) -> Iterator[str]:
    yield f"From {report.since:%Y-%m-%d} to before {report.before:%Y-%m-%d}."
    yield f"Things that moved: {report.movements:,} at the gateway, {report.entries:,} in the ledger."
    yield f"Booked: {report.fees_booked:,} (fees), {report.payouts_booked:,} (payouts)."
    for balance in report.balances:
        yield f"Balance now: {balance.gateway} at the gateway, {balance.ledger} in the ledger."
    yield f"Differences: {len(report.differences):,}."
    yield from (one.words for one in report.differences)


def _day(day: datetime | None) -> datetime | None:
    return None if day is None else day.replace(tzinfo=UTC)
