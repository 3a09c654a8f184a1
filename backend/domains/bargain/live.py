"""The live copy of sessions in Redis: what polls and streams read, and how they hear of changes.

PostgreSQL decides; this is a copy for reading. A change takes the copy away before it is committed and puts
the new one there afterwards, so a process that dies in between leaves no copy, and never an old one. Each
copy begins with its version, and none replaces a newer one: two processes may be done in another order than
they committed. Without Redis everything is read from PostgreSQL.
"""

import json
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final

import redis
from redis.exceptions import RedisError

from backend.domains.bargain.entities import Round, SessionView, State, money_or_none
from backend.domains.pricing.records import read_money
from backend.infra.redis import Outage, key
from backend.negotiator.bargaining import Outcome

# Here each change is announced: {"session_id": …, "number": of its newest event, "copy": the document}.
CHANNEL: Final = key("bargain-events")
# What reading a copy raises that another version of the program wrote.
UNREADABLE: Final = (LookupError, TypeError, ValueError)
# A change takes less; for so long nobody may put a copy there that was read before it.
CHANGING_SECONDS: Final = 15
# Puts a copy there unless a newer one, or a newer change, is (both begin with their version), and tells who
# listens. KEYS: copy. ARGV: version, document, how long it stays (ms), channel, the message but for the copy.
_KEEP_NEWEST: Final = """
local held = redis.call('GET', KEYS[1])
if not held or tonumber(string.match(held, '^%d+')) <= tonumber(ARGV[1]) then
  redis.call('SET', KEYS[1], ARGV[1] .. ' ' .. ARGV[2], 'PX', ARGV[3])
end
redis.call('PUBLISH', ARGV[4], ARGV[5] .. ARGV[2] .. '}')
return 1
"""


@dataclass(frozen=True)
class LiveSessions:
    """Keeps copies of sessions; never fails. One instance a process.

    `unsure` are the sessions whose copy could not be replaced, for as long as Redis does not answer.
    """

    redis: redis.Redis
    outage: Outage
    unsure: set[str] = field(default_factory=set)

    def find(self, session_id: str) -> SessionView | None:
        """The session as it is; None when it has to be read from PostgreSQL."""
        if session_id in self.unsure:
            return None
        kept: Any = self._ask(lambda: self.redis.get(_key(session_id)))
        document = "" if kept is None else kept.partition(" ")[2]
        try:
            return read_view(json.loads(document)) if document else None
        except UNREADABLE:
            return None

    def begin_change(self, session_id: str, version: int) -> None:
        """Take the copy away: the session is about to change to `version`."""
        name = _key(session_id)
        if self._ask(lambda: self.redis.set(name, f"{version} ", ex=CHANGING_SECONDS)) is None:
            self.unsure.add(session_id)

    def keep_changed(self, view: SessionView, *, now: datetime) -> None:
        """Put the committed state there, and tell who listens."""
        told = f'{{"session_id": "{view.id}", "number": {len(view.events)}, "copy": '

        values = (view.version, _written(view), _left(view, now), CHANNEL, told)
        if self._ask(lambda: self.redis.eval(_KEEP_NEWEST, 1, _key(view.id), *values)) is None:
            self.unsure.add(view.id)
        else:
            self.unsure.discard(view.id)

    def keep_read(self, view: SessionView, *, now: datetime) -> None:
        """Put there what was read from PostgreSQL, unless it is changing, or there is a copy already."""
        copy = f"{view.version} {_written(view)}"
        self._ask(lambda: self.redis.set(_key(view.id), copy, px=_left(view, now), nx=True))

    def close(self) -> None:
        """Leave no copy behind that only this process knows to be old."""
        with suppress(RedisError):
            self._forget_unsure()

    def _ask(self, command: Callable[[], object]) -> Any:
        """What Redis answers, once it is rid of the copies that could not be replaced while it was away."""

        def ask() -> object:
            self._forget_unsure()
            return command()

        return self.outage.ask(ask)

    def _forget_unsure(self) -> None:
        unsure = [*self.unsure]
        if unsure:
            self.redis.delete(*map(_key, unsure))
            self.unsure.difference_update(unsure)


def _key(session_id: str) -> str:
    return key("bargain", session_id)


def _left(view: SessionView, now: datetime) -> int:
    """How long the copy stays (ms): an open session's until its deadline, a deal's until that lapses."""
    until = view.expires_at if view.deal_until is None else max(view.expires_at, view.deal_until)
    return max(1, (until - now) // timedelta(milliseconds=1))


def _written(view: SessionView) -> str:
    return json.dumps(document_of(view), separators=(",", ":"))


def document_of(view: SessionView) -> dict[str, Any]:
    """The JSON of a session."""
    return {
        **{name: getattr(view, name) for name in _PLAIN},
        "state": view.state.value,
        "rounds": [_round(one) for one in view.rounds],
        **{name: money_or_none(getattr(view, name)) for name in _MONEY},
        **{name: _instant(getattr(view, name)) for name in _INSTANTS},
    }


def read_view(document: Mapping[str, Any]) -> SessionView:
    """The session behind its JSON."""
    return SessionView(
        **{name: document[name] for name in _PLAIN},
        state=State(document["state"]),
        rounds=tuple(_read_round(one) for one in document["rounds"]),
        **{name: _read_money(document[name]) for name in _MONEY},
        **{name: _read_instant(document[name]) for name in _INSTANTS},
    )


_PLAIN: Final = (
    *("id", "user_id", "version", "product_id", "slot_id", "quantity", "party", "name"),
    *("attempts_allowed", "attempts_used", "quote_token", "is_used"),
)
_MONEY: Final = ("list_price", "counter_price", "final_price")
_INSTANTS: Final = ("started_at", "expires_at", "ended_at", "deal_until")


def _round(one: Round) -> dict[str, Any]:
    return {
        "number": one.number,
        "offer": money_or_none(one.offer),
        "answer": one.answer.value,
        "counter": money_or_none(one.counter),
        "message": one.message,
        "at": _instant(one.at),
    }


def _read_round(document: Mapping[str, Any]) -> Round:
    read = {"offer": read_money(document["offer"]), "counter": _read_money(document["counter"])}
    at = datetime.fromisoformat(document["at"])
    return Round(**{**document, **read, "answer": Outcome(document["answer"]), "at": at})


def _read_money(document: Mapping[str, Any] | None) -> Any:
    return None if document is None else read_money(document)


def _instant(at: datetime | None) -> str | None:
    return None if at is None else at.isoformat()


def _read_instant(text: str | None) -> Any:
    return None if text is None else datetime.fromisoformat(text)
