"""Free ports, and whether a server answers on one."""

import http.client
import socket
import subprocess
import time
from contextlib import closing
from typing import Any

PATIENCE_SECONDS = 120


def free_port() -> int:
    """A port of this machine that nobody uses at this moment."""
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def status_of(port: int, path: str = "/health") -> int | None:
    """The status of the answer to a GET, or None when nobody answers."""
    with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=10)) as connection:
        try:
            connection.request("GET", path)
            return connection.getresponse().status
        except (OSError, http.client.HTTPException):
            return None


def wait_until_answering(port: int, process: "subprocess.Popen[Any]") -> None:
    """Wait until the server that `process` runs on `port` answers."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while status_of(port) is None:
        assert process.poll() is None, "the server ended instead of answering"
        assert time.monotonic() < deadline, f"nobody answers on port {port}"
        time.sleep(0.05)
