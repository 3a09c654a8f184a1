"""Waits for what other threads and processes do."""

import time
from collections.abc import Callable

# Generous: machines that test are slow, and only a failure takes as long.
PATIENCE_SECONDS = 60


def wait_until(holds: Callable[[], bool]) -> None:
    """Wait for a condition, and fail when it does not come to hold."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not holds():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.05)
