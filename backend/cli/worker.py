"""`flask worker`: runs background jobs until it is asked to stop."""

import asyncio
from collections.abc import Callable
from wsgiref.simple_server import WSGIServer

import click
import structlog
import svcs
from flask import Flask, current_app
from flask.cli import with_appcontext
from prometheus_client import start_http_server

from backend import wiring
from backend.config import Settings
from backend.infra import metrics
from backend.infra.jobs import QUEUE, Handler, Task, worker_app
from backend.infra.postgres import db

log = structlog.get_logger(__name__)


@click.command("worker", help="Run background jobs until asked to stop.")
@with_appcontext
def command() -> None:
    """Work with the settings of the running application."""
    # The context of the command is no job's: each job opens its own.
    app: Flask = current_app._get_current_object()  # type: ignore[attr-defined]  # noqa: SLF001 (the documented way)
    settings = svcs.flask.get(Settings)
    show_metrics(settings)
    asyncio.run(work(app, wiring.tasks(), settings=settings))


def show_metrics(settings: Settings) -> WSGIServer | None:
    """Show what jobs count at a port of their own, where there is no web process that could; None without."""
    if not settings.worker_metrics_port:
        return None
    port, address = settings.worker_metrics_port, settings.host
    server, _ = start_http_server(port, address, registry=metrics.registry())
    return server


async def work(app: Flask, tasks: list[Task], *, settings: Settings, wait: bool = True) -> None:
    """Run jobs until SIGTERM or SIGINT, then finish those under way for `settings.stop_seconds` at most.

    `wait=False` stops when no job is due.
    """
    queue = worker_app(settings.postgres_url or "", tasks, around=in_transaction(app))
    async with queue.open_async():
        log.info("worker_started", jobs_at_once=settings.worker_jobs)
        await queue.run_worker_async(
            queues=[QUEUE],
            concurrency=settings.worker_jobs,
            wait=wait,
            shutdown_graceful_timeout=settings.stop_seconds,
            delete_jobs="successful",
        )
    log.info("worker_stopped")


def in_transaction(app: Flask) -> Callable[[Handler], Handler]:
    """Give each job an application context and a transaction: kept when it returns, undone when it raises."""

    def around(run: Handler) -> Handler:
        def job(**arguments: object) -> None:
            with app.app_context():
                run(**arguments)
                # What is not committed is rolled back when the context ends.
                db.session.commit()

        return job

    return around
