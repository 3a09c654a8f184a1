"""The web server as it is run in production, and the environment of commands beside it."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from backend.config import ROOT
from tests.cli.ports import free_port, wait_until_answering
from tests.conftest import Stores, make_settings

START_SECONDS: Final = 60


def environment_of(stores: Stores, log: Path) -> dict[str, str]:
    """The environment of a process that works on `stores` as production does."""
    settings = make_settings(stores)
    return {
        "PATH": os.defpath,
        "CLIMBUP_ENV": "test",
        "POSTGRES_URL": stores.postgres_url,
        "REDIS_URL": stores.redis_url,
        "JWT_SECRET_KEY": settings.jwt_secret,
        "DATA_DIR": str(settings.data_dir),
        "RATE_LIMIT": settings.rate_limit,
        "RULES_MATCHER": settings.matcher,
        "RULES_RELOAD": "0",
        "LOG_FILE": str(log),
    }


@contextmanager
def web_server(stores: Stores, log: Path, **settings: str) -> Iterator[tuple[str, int]]:
    """The web server as it is run in production, on a port of its own: its address and its process."""
    port = free_port()
    environment = {**environment_of(stores, log), "WEB_WORKERS": "2", "PORT": str(port), **settings}
    command = [sys.executable, "-m", "gunicorn", "-c", "python:backend.cli.gunicorn_conf", "app:application"]
    with log.with_suffix(".out").open("wb") as out:
        process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=out, stderr=out)
        try:
            address = f"http://127.0.0.1:{port}"
            wait_until_answering(port, process)
            yield address, process.pid
        finally:
            process.terminate()
            process.wait(START_SECONDS)
