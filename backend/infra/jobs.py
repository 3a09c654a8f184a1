"""Background jobs: a queue in PostgreSQL (Procrastinate). A job exists when its change is committed."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import procrastinate

from backend.infra.postgres import DbSession, libpq_conninfo

QUEUE: Final = "climbup"
RETRIES: Final = procrastinate.RetryStrategy(max_attempts=8, exponential_wait=2)
# Pauses of 4 s, 16 s … 4.5 h, 18 h: a day altogether.
PATIENT_RETRIES: Final = procrastinate.RetryStrategy(max_attempts=8, exponential_wait=4)

Handler = Callable[..., None]


@dataclass(frozen=True)
class Task:
    """A kind of job: its name, what runs it, and its cron line when it also runs by itself.

    A `patient` one waits on somebody else's server: when it fails, it is tried again for a day.
    """

    name: str
    run: Handler
    cron: str | None = None
    patient: bool = False


@dataclass(frozen=True)
class JobQueue:
    """Puts jobs into the queue through the caller's transaction."""

    session: DbSession
    app: procrastinate.App

    def enqueue(self, task: str, *, at: datetime | None = None, **arguments: Any) -> None:
        """Run `task` with JSON-able `arguments` once this transaction is committed (at `at`, if given).

        A job may run more than once (a worker may die after its work): handlers are idempotent.
        """
        connection = self.session.connection().connection.driver_connection
        deferrer = self.app.configure_task(task, queue=QUEUE, schedule_at=at, connection=connection)
        deferrer.defer(**arguments)


def queue_app(postgres_url: str) -> procrastinate.App:
    """The producer's side: it only ever writes through a transaction that the caller opened."""
    return procrastinate.App(
        connector=procrastinate.SyncPsycopgConnector(conninfo=libpq_conninfo(postgres_url))
    )


def worker_app(
    postgres_url: str, tasks: list[Task], *, around: Callable[[Handler], Handler]
) -> procrastinate.App:
    """The worker's side: every task, run inside `around` (an application context and a transaction)."""
    app = procrastinate.App(connector=procrastinate.PsycopgConnector(conninfo=libpq_conninfo(postgres_url)))
    for task in tasks:
        run = _named(task, around)
        retry = PATIENT_RETRIES if task.patient else RETRIES
        app.task(name=task.name, queue=QUEUE, retry=retry)(run)
        if task.cron is not None:
            app.periodic(cron=task.cron)(app.task(name=f"{task.name}.periodic", queue=QUEUE)(_tick(run)))
    app.periodic(cron="* * * * *")(app.task(name="jobs.retry_stalled", queue=QUEUE)(_retry_stalled(app)))
    return app


def _named(task: Task, around: Callable[[Handler], Handler]) -> Handler:
    run = around(task.run)

    def handler(**arguments: Any) -> None:
        run(**arguments)

    return handler


def _tick(run: Handler) -> Handler:
    """Procrastinate passes the instant of the tick to periodic tasks; ours read the clock themselves."""

    def handler(timestamp: int) -> None:  # noqa: ARG001
        run()

    return handler


def _retry_stalled(app: procrastinate.App) -> Callable[[int], Awaitable[None]]:
    """Jobs of a worker that was killed stay begun for ever, unless a living worker puts them back."""

    async def handler(timestamp: int) -> None:  # noqa: ARG001
        for job in await app.job_manager.get_stalled_jobs(queue=QUEUE):
            await app.job_manager.retry_job(job)

    return handler
