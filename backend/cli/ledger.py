"""`flask ledger`: proves the book."""

import sys

import click
import svcs
from flask.cli import AppGroup

from backend.domains.ledger.checking import LedgerCheck

group = AppGroup("ledger", help="The double-entry ledger.")


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
