"""Server-sent events as they go over the wire (WHATWG HTML, section 9.2), and what there is to send."""

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from backend.web.fields import write_instant

CONTENT_TYPE: Final = "text/event-stream"

# A line that every client passes over; it keeps the connection from looking idle to those between.
HEARTBEAT: Final = b":\n\n"

TICK_SECONDS: Final = 5
# The last ones are told one by one.
LAST_SECONDS: Final = 10
# A timer may go off this much early, and a tick may leave this much late, and still mean the same second.
TOLERANCE_SECONDS: Final = 0.05


@dataclass(frozen=True, slots=True)
class Event:
    """One thing that happened. `number` counts from 1 without gaps; `data` is JSON-able."""

    number: int
    name: str
    data: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Snapshot:
    """All that has happened so far, in order, and until when more may: never again when `ends_at` is None."""

    events: tuple[Event, ...]
    ends_at: datetime | None

    @property
    def last(self) -> int:
        """The number of the newest event; 0 when there is none."""
        return self.events[-1].number if self.events else 0

    def after(self, number: int) -> tuple[Event, ...]:
        """What happened after the event of that number."""
        return tuple(event for event in self.events if event.number > number)


def encode(event: Event) -> bytes:
    """An event with its number as `id`, which a client sends back as `Last-Event-ID`."""
    return f"id: {event.number}\nevent: {event.name}\ndata: {_json(event.data)}\n\n".encode()


def encode_tick(*, now: datetime, ends_at: datetime) -> bytes:
    """How much time is left. It has no id: to resume is a matter of events."""
    left = max(0, math.ceil((ends_at - now).total_seconds() - TOLERANCE_SECONDS))
    data = {"server_time": write_instant(now), "expires_at": write_instant(ends_at), "seconds_left": left}
    return f"event: tick\ndata: {_json(data)}\n\n".encode()


def encode_retry(seconds: float) -> bytes:
    """How long a client waits before it connects again after its connection has ended."""
    return f"retry: {round(seconds * 1000)}\n\n".encode()


def until_tick(left: float) -> float:
    """Seconds from now to the next tick, `left` seconds before the end.

    Ticks are due when what is left is a multiple of five seconds, in the last ten at each second, and at
    the end itself.
    """
    step = TICK_SECONDS if left - TOLERANCE_SECONDS > LAST_SECONDS else 1
    due = max(0, step * (math.ceil((left - TOLERANCE_SECONDS) / step) - 1))
    return max(0.0, left - due)


def _json(data: Mapping[str, Any]) -> str:
    """One line: JSON escapes the ends of lines in texts."""
    return json.dumps(data, separators=(",", ":"))
