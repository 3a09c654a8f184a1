"""Notices between processes, through Redis: they only wake who would look by itself a little later."""

import time
from collections.abc import Callable
from typing import Any, Final

import redis
import structlog
from redis.exceptions import RedisError

from backend.infra.redis import Outage, key

log = structlog.get_logger(__name__)

CHANNEL: Final = "notices"


def notify(client: redis.Redis, topic: str) -> None:
    """Wake whoever listens to `topic`; without Redis they look by themselves."""
    try:
        client.publish(key(CHANNEL, topic), "new")
    except RedisError as error:
        log.warning("notice_not_sent", topic=topic, error=str(error))


class Listener:
    """Listens to one topic, in one thread."""

    def __init__(
        self, client: redis.Redis, topic: str, *, sleep: Callable[[float], object] = time.sleep
    ) -> None:
        self._client = client
        self._channel = key(CHANNEL, topic)
        self._sleep = sleep
        self._outage = Outage()
        self._subscription: Any = None

    def wait(self, seconds: float) -> None:
        """Return when there was a notice, or after `seconds`; without Redis always after `seconds`."""
        if self._outage.lasts():
            self._sleep(seconds)
            return
        try:
            self._receive(seconds)
        except (RedisError, OSError) as error:
            self._outage.begin(error)
            self.close()
            self._sleep(seconds)

    def close(self) -> None:
        """Give the connection back."""
        if self._subscription is not None:
            self._subscription.close()
            self._subscription = None

    def _receive(self, seconds: float) -> None:
        if self._subscription is None:
            self._subscription = self._client.pubsub(ignore_subscribe_messages=True)  # type: ignore[no-untyped-call]
            self._subscription.subscribe(self._channel)
        self._subscription.get_message(timeout=seconds)
