"""Who on a waitlist is offered the seats that came back. Pure."""

from collections.abc import Iterable, Iterator
from enum import StrEnum
from typing import Final, Protocol, TypeVar


class EntryStatus(StrEnum):
    """Where an entry of a waitlist is in its life."""

    WAITING = "waiting"
    OFFERED = "offered"
    FULFILLED = "fulfilled"
    EXPIRED = "expired"
    LEFT = "left"


OPEN: Final = (EntryStatus.WAITING, EntryStatus.OFFERED)


class Waiting(Protocol):
    """What the choice looks at."""

    @property
    def party(self) -> int:
        """How many seats are wanted."""
        ...


W = TypeVar("W", bound=Waiting)


def served(queue: Iterable[W], *, seats_left: int) -> Iterator[W]:
    """Those of `queue` (first come first) whose party fits what those before them leave of `seats_left`.

    A party that needs more seats than are left is passed over and keeps its place.
    """
    for entry in queue:
        if entry.party <= seats_left:
            seats_left -= entry.party
            yield entry
