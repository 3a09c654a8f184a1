"""Redis (or Valkey): one client a process, with short deadlines so that its absence costs little."""

import time
from collections.abc import Callable
from typing import Final, TypeVar

import redis
import structlog
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.retry import Retry

T = TypeVar("T")

log = structlog.get_logger(__name__)

KEY_PREFIX = "climbup:"
# For so long after a failure nobody waits for Redis where its answer can be done without.
OUTAGE_SECONDS: Final = 5.0


def connect(url: str) -> redis.Redis:
    """A thread-safe client that decodes UTF-8; it connects at the first command."""
    return redis.Redis.from_url(
        url,
        decode_responses=True,
        socket_timeout=1.0,
        socket_connect_timeout=1.0,
        health_check_interval=30,
        # Never twice: a script whose answer was lost may have run. Idle connections are checked before use.
        retry=Retry(NoBackoff(), 0),
    )


def key(*parts: str) -> str:
    """A key of this application: `key("session", "ses_…")`."""
    return KEY_PREFIX + ":".join(parts)


class Outage:
    """Remembers that Redis did not answer, so that one request in five seconds waits for it, not all.

    For uses that go on without Redis; what needs its answer asks and fails.
    """

    def __init__(self, ticks: Callable[[], float] = time.monotonic) -> None:
        self._ticks = ticks
        self._until = 0.0

    def lasts(self) -> bool:
        """Whether a failure was seen so lately that asking again would be waiting in vain."""
        return self._ticks() < self._until

    def begin(self, error: Exception) -> None:
        """Note and log that Redis did not answer."""
        self._until = self._ticks() + OUTAGE_SECONDS
        log.warning("redis_unavailable", error=str(error), again_in_seconds=OUTAGE_SECONDS)

    def ask(self, command: Callable[[], T]) -> T | None:
        """What a command answers; None while Redis does not, for what can be done without."""
        if self.lasts():
            return None
        try:
            return command()
        except RedisError as error:
            self.begin(error)
            return None
