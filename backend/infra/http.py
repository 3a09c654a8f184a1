"""Fetching a document over HTTP, within a time and a size."""

import time
from collections.abc import Iterator
from http import HTTPStatus

import httpx

from backend.kernel.errors import UpstreamError


class NotFetchedError(UpstreamError):
    """Nothing usable came: no connection, another status than 200, too late or too large."""


def fetch(url: str, *, seconds: float, largest: int) -> bytes:
    """The body at `url`, which must arrive within `seconds` altogether and have `largest` bytes at most.

    Redirections are not followed, and compressed bodies not accepted. NotFetchedError.
    """
    ends_at = time.monotonic() + seconds
    headers = {"Accept-Encoding": "identity"}
    try:
        with httpx.stream("GET", url, headers=headers, timeout=seconds, trust_env=False) as response:
            _require_plain(response)
            return _read(response.iter_raw(), ends_at, largest)
    except httpx.HTTPError as error:
        raise NotFetchedError(f"no answer: {type(error).__name__}: {error}") from error


def _require_plain(response: httpx.Response) -> None:
    if response.status_code != HTTPStatus.OK:
        raise NotFetchedError(f"answered {response.status_code}, not 200")
    if response.headers.get("Content-Encoding", "identity") != "identity":
        raise NotFetchedError("the body is compressed, which was not asked for")


def _read(chunks: Iterator[bytes], ends_at: float, largest: int) -> bytes:
    body = b""
    for chunk in chunks:
        body += chunk
        if len(body) > largest:
            raise NotFetchedError(f"the body is larger than {largest} bytes")
        if time.monotonic() > ends_at:
            raise NotFetchedError("the body did not arrive in time")
    return body
