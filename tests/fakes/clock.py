"""A clock that stands still until told otherwise."""

from datetime import datetime, timedelta


class FakeClock:
    """Implements the clock port."""

    def __init__(self, now: datetime) -> None:
        self._now = now

    def now(self) -> datetime:
        """The instant it was set to."""
        return self._now

    def set(self, now: datetime) -> None:
        """Jump to `now`."""
        self._now = now

    def advance(self, **step: float) -> None:
        """Go on by a `timedelta(**step)`."""
        self._now += timedelta(**step)
