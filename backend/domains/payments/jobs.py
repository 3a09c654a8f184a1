"""Background tasks of payments. Each does nothing when run twice."""

from datetime import datetime, timedelta
from typing import Final

import svcs

from backend.domains.payments import queries
from backend.domains.payments.events import HANDLE, PaymentLooks
from backend.domains.payments.operations import LOOK, REMIND, RUN
from backend.domains.payments.running import OperationRunner
from backend.domains.payments.schedule import CATCH_UP, PaymentSchedule
from backend.infra.clock import Clock
from backend.infra.jobs import JobQueue, Task
from backend.infra.postgres import db

EXPIRE: Final = "payments.expire"
CHARGE: Final = "payments.charge_balance"
# What is older has been forgotten by whoever was to do it.
FORGOTTEN_AFTER: Final = timedelta(minutes=1)
# Authorisations end by themselves within a week.
LOOKED_AT_FOR: Final = timedelta(days=8)


def run_operation(operation_id: str) -> None:
    """Ask the gateway for what was planned."""
    svcs.flask.get(OperationRunner).run(operation_id=operation_id, now=_now())


def handle_event(event_id: str) -> None:
    """Act on what the gateway told."""
    svcs.flask.get(PaymentLooks).handle(event_id=event_id, now=_now())


def look(payment_id: str) -> None:
    """See where a payment is that no event told of."""
    svcs.flask.get(PaymentLooks).look(payment_id=payment_id, now=_now())


def expire(payment_id: str) -> None:
    """Let go of a payment that nobody made in time."""
    svcs.flask.get(PaymentSchedule).expire(payment_id=payment_id, now=_now())


def charge_balance(payment_id: str) -> None:
    """Charge a balance whose day has come."""
    svcs.flask.get(PaymentSchedule).charge(payment_id=payment_id, now=_now())


def pass_on(payment_id: str) -> None:
    """Pass on what could not be passed on before."""
    svcs.flask.get(PaymentSchedule).pass_on(payment_id=payment_id, now=_now())


def remind(payment_id: str) -> None:
    """Say that a balance will be charged soon."""
    svcs.flask.get(PaymentSchedule).remind(payment_id=payment_id)


def sweep() -> None:
    """Queue what time has made due: operations that were forgotten, payments not made in time, balances."""
    now, jobs = _now(), svcs.flask.get(JobQueue)
    for operation_id in queries.pending(db.session, before=now - FORGOTTEN_AFTER):
        jobs.enqueue(RUN, operation_id=operation_id)
    for payment_id in queries.overdue(db.session, now=now):
        jobs.enqueue(EXPIRE, payment_id=payment_id)
    for payment_id in queries.due(db.session, today=now.date()):
        jobs.enqueue(CHARGE, payment_id=payment_id)


def look_at_unsettled() -> None:
    """Queue a look at payments that the gateway may know more of than we do."""
    now, jobs = _now(), svcs.flask.get(JobQueue)
    for payment_id in queries.unsettled(db.session, since=now - LOOKED_AT_FOR):
        jobs.enqueue(LOOK, payment_id=payment_id)


def _now() -> datetime:
    clock: Clock = svcs.flask.get_abstract(Clock)
    return clock.now()


TASKS: Final = (
    Task(RUN, run_operation),
    Task(HANDLE, handle_event),
    Task(LOOK, look),
    Task(EXPIRE, expire),
    Task(CHARGE, charge_balance),
    Task(REMIND, remind),
    Task(CATCH_UP, pass_on),
    Task("payments.sweep", sweep, cron="* * * * *"),
    Task("payments.look_at_unsettled", look_at_unsettled, cron="*/10 * * * *"),
)
