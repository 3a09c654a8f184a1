"""A server that speaks as OpenAI's does, on a port of this machine: it answers as it is told, well or badly."""

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Final

JSON: Final = "application/json"


@dataclass(frozen=True)
class Asked:
    """A request as it came."""

    path: str
    authorization: str
    body: dict[str, Any]

    @property
    def prompt(self) -> str:
        """All that the model was told."""
        return "\n".join(message["content"] for message in self.body["messages"])


def completion(content: str | None) -> bytes:
    """A completion whose only choice says `content`."""
    choice = {
        "index": 0,
        "finish_reason": "stop",
        "message": {"role": "assistant", "content": content, "refusal": None},
    }
    return json.dumps(
        {"id": "chatcmpl-1", "object": "chat.completion", "created": 1, "model": "m", "choices": [choice]}
    ).encode()


def reply(message: str, counter_minor: object = None) -> bytes:
    """A completion in our schema."""
    return completion(json.dumps({"message": message, "counter_minor": counter_minor}))


@dataclass
class Model:
    """What is answered from now on, at `url`. `released` lets go of answers that hang."""

    url: str = ""
    body: bytes = b""
    status: int = 200
    content_type: str = JSON
    answer: Callable[["Handler"], None] | None = None
    asked: list[Asked] = field(default_factory=list)
    released: threading.Event = field(default_factory=threading.Event)

    def says(self, message: str, counter_minor: object = None) -> None:
        """Answer well."""
        self.body = reply(message, counter_minor)

    def hangs(self) -> None:
        """Take requests, and answer nothing."""
        self.answer = lambda _: self._wait()

    def drips(self) -> None:
        """Send one byte again and again, so that no read ever times out."""
        self.answer = self._drip

    def closes(self) -> None:
        """Take requests, and hang up."""
        self.answer = lambda handler: handler.connection.close()

    def _wait(self) -> None:
        self.released.wait()

    def _drip(self, handler: "Handler") -> None:
        handler.start({"Content-Length": "1000000"})
        with suppress(OSError):
            while not self.released.wait(0.01):
                handler.wfile.write(b" ")


class Handler(BaseHTTPRequestHandler):
    """Notes a request and answers as its model says."""

    model: Model

    def do_POST(self) -> None:
        """Answer a request for a completion."""
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.model.asked.append(Asked(self.path, self.headers["Authorization"], json.loads(body)))
        if self.model.answer is not None:
            self.close_connection = True
            self.model.answer(self)
            return
        self.start({"Content-Length": str(len(self.model.body))})
        self.wfile.write(self.model.body)

    def start(self, headers: dict[str, str]) -> None:
        """Send the status and the headers."""
        self.send_response(self.model.status)
        for name, value in {"Content-Type": self.model.content_type, **headers}.items():
            self.send_header(name, value)
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 (as the parent names it)
        """Nothing."""


@contextmanager
def serving() -> Iterator[Model]:
    """A model on a port of this machine, until the context ends."""
    model = Model()
    handler = type("OwnHandler", (Handler,), {"model": model})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        model.url = f"http://127.0.0.1:{server.server_port}/v1"
        try:
            yield model
        finally:
            model.released.set()
            server.shutdown()
            thread.join()
