import socket
from collections.abc import Iterator

import pytest

from backend.infra.http import NotFetchedError, fetch
from tests.fakes.feed import Feed, serving


@pytest.fixture
def feed() -> Iterator[Feed]:
    with serving() as feed:
        yield feed


class TestFetch:
    def test_answers_the_body(self, feed: Feed) -> None:
        feed.body = b"hello"

        assert fetch(feed.url, seconds=30, largest=5) == b"hello"

    def test_gives_up_on_a_body_that_is_too_large(self, feed: Feed) -> None:
        feed.body = b"x" * 1_000_000

        with pytest.raises(NotFetchedError, match="larger than 1000 bytes"):
            fetch(feed.url, seconds=30, largest=1000)

    @pytest.mark.parametrize("status", [204, 302, 404, 500])
    def test_takes_nothing_but_200(self, feed: Feed, status: int) -> None:
        feed.status = status
        feed.headers = {"Location": "http://127.0.0.1:1/"}

        with pytest.raises(NotFetchedError, match=f"answered {status}, not 200"):
            fetch(feed.url, seconds=30, largest=1000)

    def test_takes_nothing_compressed(self, feed: Feed) -> None:
        feed.headers = {"Content-Encoding": "gzip"}

        with pytest.raises(NotFetchedError, match="compressed"):
            fetch(feed.url, seconds=30, largest=1000)

    def test_gives_up_when_nothing_answers_in_time(self) -> None:
        with socket.create_server(("127.0.0.1", 0)) as silent:
            url = f"http://127.0.0.1:{silent.getsockname()[1]}/"

            with pytest.raises(NotFetchedError, match="ReadTimeout"):
                fetch(url, seconds=0.05, largest=1000)

    def test_gives_up_on_a_body_that_is_late(self, feed: Feed) -> None:
        feed.body = b"hello"

        with pytest.raises(NotFetchedError, match=r"in time|Timeout"):
            fetch(feed.url, seconds=1e-6, largest=1000)

    def test_says_when_nobody_listens(self) -> None:
        with pytest.raises(NotFetchedError, match="ConnectError"):
            fetch("http://127.0.0.1:1/", seconds=30, largest=1000)
