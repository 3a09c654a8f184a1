"""`make run`: stores, schema, demo data, then the web server and the job worker, stopped together."""

import asyncio
import contextlib
import socket
import sys
import time
from contextlib import closing
from dataclasses import replace

from flask_migrate import upgrade
from sqlalchemy.exc import OperationalError

from backend.cli import demo, stores
from backend.cli.supervisor import Command, supervise
from backend.config import Settings, SettingsError
from backend.factory import create_app
from backend.infra import logging
from backend.infra.closing import close_app
from backend.infra.embedded import EmbeddedStoresError
from backend.infra.postgres import db
from backend.local_stripe.options import DEFAULT_SECRET

WEB = Command("web", ["gunicorn", "-c", "python:backend.cli.gunicorn_conf", "app:application"])
WORKER = Command("worker", ["flask", "--app", "app", "worker"])
LOCAL_GATEWAY_KEY = "sk_test_local"
LOCAL_PUBLISHABLE_KEY = "pk_test_local"
# Children get this much longer than they give their own requests and jobs.
MARGIN_SECONDS = 5


class CannotServeError(Exception):
    """Why it does not start; the text says what to do."""


def main() -> int:
    """Serve until asked to stop; the exit status."""
    started = time.monotonic()
    try:
        settings = _settings()
        _require_free(settings.host, settings.port)
        settings = stores.resolve(settings)
        settings, gateway = _gateway(settings)
        prepare(settings)
    except (CannotServeError, SettingsError, EmbeddedStoresError) as error:
        sys.stderr.write(f"run: {error}\n")
        return 1
    if gateway:
        say(
            f"no key of Stripe is set: a local payment gateway stands in for it on {settings.stripe_api_base}"
        )
    say(f"starting {settings.web_workers} web processes and a job worker")
    return asyncio.run(
        supervise(
            [*gateway, WEB, WORKER],
            environment=settings.child_environment(),
            stop_seconds=settings.stop_seconds + MARGIN_SECONDS,
            say=say,
            when_started=lambda: _announce(settings, started),
        )
    )


def say(text: str) -> None:
    """One line about what is going on."""
    print(f"run: {text}", flush=True)


def prepare(settings: Settings) -> None:
    """Bring the database to the present schema; outside production, fill an empty one with demo data."""
    say("bringing the database schema up to date")
    logging.configure(level=settings.log_level, file=settings.log_file)
    app = create_app(replace(settings, rules_reload=False))
    with app.app_context():
        try:
            upgrade()
            if not settings.production:
                demo.seed(app)
        except OperationalError as error:
            raise CannotServeError(f"PostgreSQL does not answer: {error.orig}") from None
        finally:
            db.session.remove()
            close_app(app)


def _settings() -> Settings:
    settings = Settings.from_env()
    return replace(settings, metrics_dir=settings.metrics_dir or settings.data_dir / "metrics")


def _gateway(settings: Settings) -> tuple[Settings, list[Command]]:
    """Outside production, without a key of Stripe's: the local gateway, and the settings that lead to it."""
    if settings.stripe_secret_key or settings.production:
        return settings, []
    port = _port_near(settings.host, settings.port + 1)
    options = {
        "host": settings.host,
        "port": port,
        "file": settings.data_dir / "local_stripe.sqlite3",
        "webhook-url": f"http://{settings.host}:{settings.port}/api/payments/webhook",
    }
    arguments = [f"--{name}={value}" for name, value in options.items()]
    local = replace(
        settings,
        stripe_secret_key=LOCAL_GATEWAY_KEY,
        stripe_publishable_key=LOCAL_PUBLISHABLE_KEY,
        stripe_webhook_secrets=(DEFAULT_SECRET,),
        stripe_api_base=f"http://{settings.host}:{port}",
    )
    return local, [Command("payment gateway", ["backend.local_stripe", *arguments])]


def _port_near(host: str, wanted: int) -> int:
    """`wanted`, or any other where somebody has it."""
    for port in (wanted, 0):
        with closing(socket.socket()) as probe, contextlib.suppress(OSError, OverflowError):
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind((host, port))
            return int(probe.getsockname()[1])
    raise CannotServeError(f"there is no free port on {host} for the local payment gateway")


def _require_free(host: str, port: int) -> None:
    with closing(socket.socket()) as probe:
        # As gunicorn does: connections of the last run that still fade away do not count.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise CannotServeError(
                f"cannot listen on {host}:{port} ({error.strerror}); choose another port: PORT=5001 make run"
            ) from None


async def _announce(settings: Settings, started: float) -> None:
    while not await _answers(settings):  # noqa: ASYNC110 (another process cannot set our event)
        await asyncio.sleep(0.1)
    seconds = time.monotonic() - started
    say(f"ready on {settings.domain_url} after {seconds:.1f} s (Ctrl-C stops)")


async def _answers(settings: Settings) -> bool:
    try:
        reader, writer = await asyncio.open_connection(settings.host, settings.port)
    except OSError:
        return False
    with closing(writer):
        writer.write(b"GET /health HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
        with contextlib.suppress(OSError):
            return (await reader.readline()).startswith(b"HTTP/1.1 ")
    return False


if __name__ == "__main__":
    sys.exit(main())
