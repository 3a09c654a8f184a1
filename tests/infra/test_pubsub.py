"""Messages between processes, over a real Valkey."""

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from queue import SimpleQueue
from typing import Any

import redis
import structlog

from backend.infra.pubsub import Listener
from backend.infra.redis import connect
from tests.conftest import Stores
from tests.factories.valkey import own_valkey
from tests.waiting import PATIENCE_SECONDS, wait_until

CHANNEL = "tests"


@contextmanager
def listening(url: str, handle: Callable[[Any], None], channel: str = CHANNEL) -> Iterator[Listener]:
    """A listener that messages reach."""
    with closing(connect(url)) as client:
        listener = Listener(client)
        listener.subscribe(channel, handle)
        listener.start()
        try:
            assert listener.wait_until_listening(PATIENCE_SECONDS)
            yield listener
        finally:
            listener.close()


def publish(client: redis.Redis, channel: str, **message: Any) -> None:
    client.publish(channel, json.dumps(message))


class TestListener:
    def test_every_listener_gets_every_message_in_order(self, stores: Stores) -> None:
        first: SimpleQueue[Any] = SimpleQueue()
        second: SimpleQueue[Any] = SimpleQueue()

        with (
            listening(stores.redis_url, first.put, "tests-order"),
            listening(stores.redis_url, second.put, "tests-order"),
            closing(connect(stores.redis_url)) as client,
        ):
            for number in range(20):
                publish(client, "tests-order", number=number)

            for got in (first, second):
                taken = [got.get(timeout=PATIENCE_SECONDS)["number"] for _ in range(20)]
                assert taken == [*range(20)]

    def test_one_bad_message_does_not_keep_the_next_from_its_handler(self, stores: Stores) -> None:
        taken: SimpleQueue[Any] = SimpleQueue()

        with (
            listening(stores.redis_url, lambda message: taken.put(message["number"]), "tests-bad"),
            closing(connect(stores.redis_url)) as client,
            structlog.testing.capture_logs() as logs,
        ):
            client.publish("tests-bad", "no JSON")
            publish(client, "tests-bad", no_number=1)
            publish(client, "tests-bad", number=3)

            assert taken.get(timeout=PATIENCE_SECONDS) == 3
        assert [line["event"] for line in logs] == ["pubsub_message_failed"] * 2

    def test_listens_again_when_redis_comes_back_and_says_that_it_does(self, tmp_path: Path) -> None:
        taken: SimpleQueue[Any] = SimpleQueue()
        begun: SimpleQueue[bool] = SimpleQueue()

        with own_valkey(tmp_path) as valkey, closing(connect(valkey.url)) as client:
            listener = Listener(client)
            listener.subscribe(CHANNEL, taken.put)
            listener.when_listening(lambda: begun.put(True))
            listener.start()
            try:
                begun.get(timeout=PATIENCE_SECONDS)
                valkey.stop()
                wait_until(lambda: not listener.listening)
                valkey.start()
                begun.get(timeout=PATIENCE_SECONDS)
                publish(client, CHANNEL, number=2)

                assert taken.get(timeout=PATIENCE_SECONDS) == {"number": 2}
                assert listener.listening
            finally:
                listener.close()

    def test_leaves_no_thread_behind(self, stores: Stores) -> None:
        before = set(threading.enumerate())

        with listening(stores.redis_url, lambda _: None):
            during = set(threading.enumerate()) - before

        assert len(during) == 1
        assert set(threading.enumerate()) - before == set()

    def test_does_not_start_once_it_is_closed(self) -> None:
        listener = Listener(redis.Redis())
        # The application that all tests share may listen, too.
        before = set(threading.enumerate())

        listener.close()
        listener.start()

        assert not listener.wait_until_listening(0)
        assert "pubsub" not in {thread.name for thread in set(threading.enumerate()) - before}
