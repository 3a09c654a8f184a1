"""The port through which domains say what happened, so that whoever is concerned can be told."""

from collections.abc import Mapping
from typing import Any, Protocol


class Announcements(Protocol):
    """Takes notice of changes, in their transaction: what is rolled back was never announced."""

    def announce(self, name: str, *, subject: str, occasion: str, data: Mapping[str, Any]) -> None:
        """Say that `name` (such as `booking.cancelled`) happened to `subject`, the id of what changed.

        `occasion` tells this time from others that the same happened to it (a version, another id), and is
        the same when one occasion is announced twice. `data` is JSON-able, and known only now.
        """
        ...
