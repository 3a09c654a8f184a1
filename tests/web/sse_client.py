"""Reads server-sent events as the standard says that clients do (WHATWG HTML, section 9.2.6)."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass


@dataclass(frozen=True)
class Received:
    """One event as a page's script gets it; `last_id` is what the client would resume after."""

    name: str
    data: str
    last_id: str


class Parser:
    """Bytes in pieces of any size become events."""

    def __init__(self) -> None:
        self.retry: int | None = None
        self.comments = 0
        self._text = b""
        self._fields: dict[str, str] = {}
        self._data: list[str] = []
        self._last_id = ""

    def feed(self, piece: bytes) -> Iterator[Received]:
        """The events that are whole with this piece."""
        *lines, self._text = (self._text + piece).split(b"\n")
        for line in lines:
            yield from self._take(line.removesuffix(b"\r").decode())

    def _take(self, line: str) -> Iterable[Received]:
        if not line:
            return self._dispatch()
        name, _, value = line.partition(":")
        value = value.removeprefix(" ")
        if not name:
            self.comments += 1
        elif name == "data":
            self._data.append(value)
        elif name == "id":
            self._last_id = value
        elif name == "retry":
            self.retry = int(value)
        else:
            self._fields[name] = value
        return ()

    def _dispatch(self) -> Iterable[Received]:
        data, self._data = self._data, []
        fields, self._fields = self._fields, {}
        if not data:
            return ()
        return [Received(fields.get("event", "message"), "\n".join(data), self._last_id)]
