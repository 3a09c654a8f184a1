"""How gunicorn serves: `gunicorn -c python:backend.cli.gunicorn_conf app:application`.

Names of the module that gunicorn knows are its settings; the functions are its hooks.
"""

import gc
from pathlib import Path
from typing import Any, Final

import structlog
import svcs
from gunicorn.glogging import Logger
from prometheus_client import multiprocess

# Workers are forked from the process that reads this file: what is imported here they need not read again.
import backend.factory  # noqa: F401
from backend.cli.web_worker import WebWorker
from backend.config import Settings
from backend.domains.rules.service import RulesRefusedError, RulesService
from backend.infra import logging, metrics

log = structlog.get_logger(__name__)
SETTINGS: Final = Settings.from_env()


class JsonLogger(Logger):  # type: ignore[misc]
    """Gunicorn's own messages, through the logging of the application."""

    def setup(self, cfg: Any) -> None:
        """Hand every message on to the root logger instead of to handlers of gunicorn's."""
        super().setup(cfg)
        self.error_log.handlers = []
        self.error_log.propagate = True


bind = f"{SETTINGS.host}:{SETTINGS.port}"
worker_class = WebWorker
logger_class = JsonLogger
workers = SETTINGS.web_workers
threads = SETTINGS.web_threads
# A thread that hangs does not stop its worker's heartbeat: this ends a worker that is stuck as a whole.
timeout = 60
graceful_timeout = SETTINGS.stop_seconds
keepalive = 5
control_socket_disable = True
# The heartbeat file must not wait for a disk.
worker_tmp_dir = "/dev/shm" if Path("/dev/shm").is_dir() else None  # noqa: S108 (gunicorn makes a private file)


def on_starting(_: Any) -> None:
    """Begin with logging set up, and without the metrics of processes that are gone."""
    logging.configure(level=SETTINGS.log_level, file=SETTINGS.log_file)
    if SETTINGS.metrics_dir:
        # The job worker, started at the same time, keeps its own there.
        metrics.forget_ended(SETTINGS.metrics_dir)
    _settle_memory()


def post_worker_init(worker: Any) -> None:
    """Read the rules before the first request asks for them, and settle what stays for good."""
    if worker.flask is not None:
        with worker.flask.app_context():
            try:
                svcs.flask.get(RulesService)
            except RulesRefusedError as error:
                # It serves all the same: /ready says why, and a corrected file is read at the next request.
                log.error("rules_refused", problems=error.problems)  # noqa: TRY400 (the problems say it)
    _settle_memory()


def _settle_memory() -> None:
    """What is here now stays: the garbage collector need not walk over it, nor a worker copy it for that."""
    gc.collect()
    gc.freeze()


def child_exit(_: Any, worker: Any) -> None:
    """Forget the gauges of a worker that ended; its counters stay."""
    if SETTINGS.metrics_dir:
        multiprocess.mark_process_dead(worker.pid, str(SETTINGS.metrics_dir))  # type: ignore[no-untyped-call]
