"""Sessions in Redis: one per login, with the one refresh token that is good for it now.

A session is the family of its refresh tokens: each use of one makes the next, and a token that was
used before ends the session (docs/decisions/0020-refresh-rotation.md).
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from uuid import uuid4

import redis
import structlog
from redis.exceptions import RedisError

from backend.infra.clock import Clock
from backend.infra.redis import Outage, key
from backend.kernel import ids
from backend.kernel.errors import NotFoundError, UnauthenticatedError

log = structlog.get_logger(__name__)

SEEN_EVERY: Final = timedelta(minutes=1)
# Whoever was seen so long ago at most is online.
ONLINE_FOR: Final = timedelta(minutes=5)
_LONGEST_USER_AGENT: Final = 300

# KEYS: session, the user's sessions.
# ARGV: user, presented token id, next token id, now, expiry (both epoch ms), session.
_ROTATE: Final = """
local found = redis.call('HMGET', KEYS[1], 'user_id', 'refresh_id', 'expires_at')
if found[1] ~= ARGV[1] or tonumber(found[3]) <= tonumber(ARGV[4]) then return 'ended' end
if found[2] ~= ARGV[2] then
  redis.call('DEL', KEYS[1])
  redis.call('ZREM', KEYS[2], ARGV[6])
  return 'reused'
end
redis.call('HSET', KEYS[1], 'refresh_id', ARGV[3], 'seen_at', ARGV[4], 'expires_at', ARGV[5])
redis.call('PEXPIRE', KEYS[1], ARGV[5] - ARGV[4])
redis.call('ZADD', KEYS[2], ARGV[5], ARGV[6])
redis.call('PEXPIRE', KEYS[2], ARGV[5] - ARGV[4])
return 'rotated'
"""

# KEYS: session, who is online. ARGV: user, now, how long a sighting stays good, how long the seen are
# online (both ms). Writes once in the former time at most.
_SEE: Final = """
local found = redis.call('HMGET', KEYS[1], 'user_id', 'seen_at', 'expires_at')
if found[1] ~= ARGV[1] or tonumber(found[3]) <= tonumber(ARGV[2]) then return 0 end
if tonumber(ARGV[2]) - tonumber(found[2]) >= tonumber(ARGV[3]) then
  redis.call('HSET', KEYS[1], 'seen_at', ARGV[2])
  redis.call('ZADD', KEYS[2], ARGV[2], ARGV[1])
  redis.call('PEXPIRE', KEYS[2], ARGV[4])
end
return 1
"""


class SessionEndedError(UnauthenticatedError):
    """The session expired or was revoked."""


class RefreshReusedError(UnauthenticatedError):
    """The refresh token was used before; its session is ended now, whoever holds it."""


@dataclass(frozen=True, slots=True)
class Device:
    """What a request says of where it comes from."""

    user_agent: str
    address: str


@dataclass(frozen=True, slots=True)
class OpenSession:
    """A session as its owner sees it in the list; `seen_at` is exact to a minute."""

    id: str
    user_agent: str
    address: str
    created_at: datetime
    seen_at: datetime
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class Sighting:
    """When a user was last seen, exact to a minute."""

    seen_at: datetime
    user_id: str


@dataclass(frozen=True, slots=True)
class RefreshTicket:
    """The refresh token that is good next: of which session, and its token id (`jti`)."""

    session_id: str
    refresh_id: str


@dataclass(frozen=True)
class Sessions:
    """Opens, renews, lists and ends sessions. Verbs raise RedisError when Redis does not answer."""

    redis: redis.Redis
    clock: Clock
    lifetime: timedelta
    outage: Outage

    def open(self, *, user_id: str, device: Device) -> RefreshTicket:
        """A new session, good for `lifetime` after its last renewal."""
        ticket = RefreshTicket(ids.new_id(ids.SESSION), uuid4().hex)
        now = self._now()
        expires = now + _ms(self.lifetime)
        fields: dict[str, str | int] = {
            "user_id": user_id,
            "refresh_id": ticket.refresh_id,
            "user_agent": device.user_agent[:_LONGEST_USER_AGENT],
            "address": device.address,
            "created_at": now,
            "seen_at": now,
            "expires_at": expires,
        }
        with self.redis.pipeline() as pipe:
            pipe.hset(_session(ticket.session_id), mapping=fields)
            pipe.pexpire(_session(ticket.session_id), self.lifetime)
            pipe.zremrangebyscore(_sessions(user_id), 0, now)
            pipe.zadd(_sessions(user_id), {ticket.session_id: expires})
            pipe.pexpire(_sessions(user_id), self.lifetime)
            pipe.zremrangebyscore(_online(), 0, now - _ms(ONLINE_FOR))
            pipe.zadd(_online(), {user_id: now})
            pipe.pexpire(_online(), ONLINE_FOR)
            pipe.execute()
        return ticket

    def rotate(self, *, ticket: RefreshTicket, user_id: str) -> RefreshTicket:
        """The ticket that takes the place of `ticket`; of several who try at once, the first gets it.

        RefreshReusedError when `ticket` was used before (the session ends), SessionEndedError when the
        session is over.
        """
        following = RefreshTicket(ticket.session_id, uuid4().hex)
        now = self._now()
        expires = now + _ms(self.lifetime)
        outcome = self.redis.eval(
            _ROTATE,
            2,
            _session(ticket.session_id),
            _sessions(user_id),
            *(user_id, ticket.refresh_id, following.refresh_id, now, expires, ticket.session_id),
        )
        if outcome == "reused":
            log.warning("refresh_token_reused", session=ticket.session_id, user=user_id)
            raise RefreshReusedError(
                "This refresh token was used before, so its session was ended; log in again."
            )
        if outcome != "rotated":
            raise _ended()
        return following

    def see(self, *, session_id: str, user_id: str) -> None:
        """Note that the session is in use. SessionEndedError when it is over.

        While Redis does not answer every session counts as live: access tokens are good until they
        expire, and the outage is logged.
        """
        if self.outage.lasts():
            return
        try:
            live = self.redis.eval(
                _SEE,
                2,
                _session(session_id),
                _online(),
                user_id,
                self._now(),
                _ms(SEEN_EVERY),
                _ms(ONLINE_FOR),
            )
        except RedisError as error:
            self.outage.begin(error)
            return
        if not live:
            raise _ended()

    def of(self, *, user_id: str) -> list[OpenSession]:
        """The user's live sessions, the one seen last first."""
        now = self._now()
        names: Any = self.redis.zrangebyscore(_sessions(user_id), f"({now}", "+inf")
        with self.redis.pipeline(transaction=False) as pipe:
            for name in names:
                pipe.hgetall(_session(name))
            found = pipe.execute()
        sessions = [_open(name, fields) for name, fields in zip(names, found, strict=True) if fields]
        return sorted(sessions, key=lambda session: (session.seen_at, session.id), reverse=True)

    def online(self, *, before: Sighting | None, limit: int) -> list[Sighting]:
        """The `limit` users seen last, in the last five minutes and with a live session, from `before` on."""
        now = self._now()
        newest = now if before is None else _milliseconds(before.seen_at)
        found: Any = self.redis.zrevrangebyscore(
            _online(), newest, f"({now - _ms(ONLINE_FOR)}", withscores=True
        )
        seen = [Sighting(_instant(str(int(score))), user_id) for user_id, score in found]
        # Redis orders those of the same instant by their ids, too.
        return [one for one in seen if before is None or _rank(one) < _rank(before)][:limit]

    def revoke(self, *, session_id: str, user_id: str) -> None:
        """End a session of the user. NotFoundError when they have none of that id."""
        fields: Any = self.redis.hmget(_session(session_id), ["user_id", "expires_at"])
        if fields[0] != user_id or int(fields[1]) <= self._now():
            raise NotFoundError("You have no session of that id; it may have ended already.")
        self._delete(user_id, [session_id])

    def end(self, *, session_id: str, user_id: str) -> None:
        """End the session that a token of the user names; one that ended before is fine."""
        self._delete(user_id, [session_id])

    def revoke_all(self, *, user_id: str) -> None:
        """End every session of the user."""
        names: Any = self.redis.zrange(_sessions(user_id), 0, -1)
        if names:
            self._delete(user_id, names)

    def _delete(self, user_id: str, names: list[str]) -> None:
        with self.redis.pipeline() as pipe:
            pipe.delete(*map(_session, names))
            pipe.zrem(_sessions(user_id), *names)
            pipe.zcard(_sessions(user_id))
            *_, left = pipe.execute()
        if not left:
            self.redis.zrem(_online(), user_id)

    def _now(self) -> int:
        return int(self.clock.now().timestamp() * 1000)


def _session(session_id: str) -> str:
    return key("session", session_id)


def _sessions(user_id: str) -> str:
    return key("sessions", user_id)


def _online() -> str:
    return key("online")


def _rank(sighting: Sighting) -> tuple[datetime, str]:
    return sighting.seen_at, sighting.user_id


def _milliseconds(instant: datetime) -> int:
    return round(instant.timestamp() * 1000)


def _ms(span: timedelta) -> int:
    return span // timedelta(milliseconds=1)


def _instant(milliseconds: str) -> datetime:
    return datetime.fromtimestamp(int(milliseconds) / 1000, UTC)


def _open(name: str, fields: dict[str, str]) -> OpenSession:
    return OpenSession(
        id=name,
        user_agent=fields["user_agent"],
        address=fields["address"],
        created_at=_instant(fields["created_at"]),
        seen_at=_instant(fields["seen_at"]),
        expires_at=_instant(fields["expires_at"]),
    )


def _ended() -> SessionEndedError:
    return SessionEndedError("This session has ended; log in again.")
