"""Background tasks of payout accounts. Each does nothing when run twice."""

from typing import Final

import svcs

from backend.domains.payments import queries
from backend.domains.payments.accounts import ABLE, PayoutAccounts
from backend.domains.payments.schedule import CATCH_UP
from backend.infra.jobs import JobQueue, Task
from backend.infra.postgres import db

REFRESH: Final = "payments.refresh_account"


def account_able(owner: str, older_than: str | None = None) -> None:
    """Pass on what `owner` has coming, of payments with an id before `older_than`."""
    jobs = svcs.flask.get(JobQueue)
    found = queries.paid_to(db.session, owner, older_than=older_than)
    for payment_id in found:
        jobs.enqueue(CATCH_UP, payment_id=payment_id)
    if len(found) == queries.BATCH:
        jobs.enqueue(ABLE, owner=owner, older_than=found[-1])


def refresh_account(account_id: str) -> None:
    """See what an account can do now."""
    svcs.flask.get(PayoutAccounts).refresh(account_id=account_id)


def see_incomplete() -> None:
    """Queue a look at accounts that may have been completed without an event that told so."""
    jobs = svcs.flask.get(JobQueue)
    for account_id in svcs.flask.get(PayoutAccounts).incomplete():
        jobs.enqueue(REFRESH, account_id=account_id)


TASKS: Final = (
    Task(ABLE, account_able),
    Task(REFRESH, refresh_account),
    Task("payments.see_incomplete_accounts", see_incomplete, cron="43 * * * *"),
)
