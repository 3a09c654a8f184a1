"""Structured JSON logs to stdout and a file, each line with the request it belongs to; no secrets."""

import logging
import logging.config
import re
from pathlib import Path
from typing import Any, Final

import structlog

from backend.infra import sentry

# Where a record keeps its line.
_LINE: Final = "climbup_line"
_SECRET: Final = re.compile(r"password|secret|token|authorization|cookie|api_key|card", re.IGNORECASE)
_URL_PASSWORD: Final = re.compile(r"(://[^:/@\s]*):[^@/\s]+@")
# Hashes of passwords (PostgreSQL shows whole rows in its errors) and JSON web tokens.
_LOOKS_SECRET: Final = re.compile(r"\$(?:argon2\w*|2[aby])\$[\w$.,+/=]+|\beyJ[\w-]+\.[\w-]+\.[\w-]*")


def hide_secrets(_: Any, __: str, event: structlog.typing.EventDict) -> structlog.typing.EventDict:
    """Replace values of keys that name a secret, and passwords of urls, hashes and tokens inside texts."""
    hidden: structlog.typing.EventDict = _without_secrets(event)
    return hidden


def _without_secrets(value: Any) -> Any:
    if isinstance(value, str):
        return _LOOKS_SECRET.sub("[hidden]", _URL_PASSWORD.sub(r"\1:[hidden]@", value))
    if isinstance(value, dict):
        return {
            name: "[hidden]" if _SECRET.search(str(name)) else _without_secrets(part)
            for name, part in value.items()
        }
    if isinstance(value, list | tuple):
        return [_without_secrets(part) for part in value]
    return value


class OneLine(structlog.stdlib.ProcessorFormatter):
    """Renders each record once, however many handlers write its line."""

    def format(self, record: logging.LogRecord) -> str:
        """The line."""
        line: str | None = record.__dict__.get(_LINE)
        if line is None:
            line = record.__dict__[_LINE] = super().format(record)
        return line


def configure(*, level: str, file: Path | None) -> None:
    """Send structlog and the standard library's logging through one JSON formatter."""
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True, key="at"),
        structlog.processors.StackInfoRenderer(),
        sentry.report,
        structlog.processors.format_exc_info,
        hide_secrets,
    ]
    handlers: dict[str, Any] = {
        "stdout": {"class": "logging.StreamHandler", "formatter": "json", "stream": "ext://sys.stdout"}
    }
    if file is not None:
        file.parent.mkdir(parents=True, exist_ok=True)
        handlers["file"] = {
            "class": "logging.handlers.WatchedFileHandler",
            "filename": str(file),
            "formatter": "json",
            "encoding": "utf-8",
            "delay": True,
        }
    formatter = {
        "()": OneLine,
        "processors": [
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            structlog.processors.JSONRenderer(default=str),
        ],
        "foreign_pre_chain": shared,
    }
    logging.config.dictConfig(
        {
            "version": 1,
            "disable_existing_loggers": False,
            "formatters": {"json": formatter},
            "handlers": handlers,
            "root": {"handlers": list(handlers), "level": level},
            "loggers": {
                "alembic": {"level": "WARNING"},
                "procrastinate": {"level": "WARNING"},
                "werkzeug": {"level": "WARNING"},
            },
        }
    )
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
