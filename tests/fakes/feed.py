"""A server that answers every request with one document, as the European Central Bank's does."""

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

DAILY = """<?xml version="1.0" encoding="UTF-8"?>
<gesmes:Envelope xmlns:gesmes="http://www.gesmes.org/xml/2002-08-01"
    xmlns="http://www.ecb.int/vocabulary/2002-08-01/eurofxref">
  <gesmes:subject>Reference rates</gesmes:subject>
  <gesmes:Sender><gesmes:name>European Central Bank</gesmes:name></gesmes:Sender>
  <Cube><Cube time='{day}'>{rates}</Cube></Cube>
</gesmes:Envelope>"""


def daily(day: str = "2026-12-04", **rates: str) -> bytes:
    """The feed of one day."""
    cubes = "".join(f"<Cube currency='{code}' rate='{rate}'/>" for code, rate in rates.items())
    return DAILY.format(day=day, rates=cubes).encode()


@dataclass
class Feed:
    """What is answered from now on, at `url`."""

    url: str = ""
    body: bytes = b""
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)


@contextmanager
def serving() -> Iterator[Feed]:
    """A feed on a port of this machine, until the context ends."""
    feed = Feed()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(feed.status)
            for name, value in {"Content-Length": str(len(feed.body)), **feed.headers}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(feed.body)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 (as the parent names it)
            """Nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        feed.url = f"http://127.0.0.1:{server.server_port}/daily.xml"
        try:
            yield feed
        finally:
            server.shutdown()
            thread.join()
