"""How often somebody may ask: an ordinary limit on everything, and a strict one on login attempts.

Counters are in Redis, so they hold across processes. Without Redis the ordinary limit lets everybody
through and the strict one nobody (docs/decisions/0021-limits.md).
"""

import hashlib
import ipaddress
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any, Final, TypeVar

import limits
import redis
import svcs
from flask import Flask, Response, g, request

from backend.config import SettingsError
from backend.infra.redis import Outage, key
from backend.kernel.errors import TooManyError, UnauthenticatedError
from backend.web.auth import optional_caller
from backend.web.errors import retry_after

T = TypeVar("T")

# What probes and scrapers ask, which must never be told to come back later.
EXEMPT: Final = frozenset({"/health", "/ready", "/metrics"})
_IPV6_CUSTOMER_BITS: Final = 64

# KEYS: counter. ARGV: window (ms). Answers the count, this one included, and the rest of the window (ms).
_COUNT: Final = """
local count = redis.call('INCR', KEYS[1])
local rest = redis.call('PTTL', KEYS[1])
if rest < 0 then
  redis.call('PEXPIRE', KEYS[1], ARGV[1])
  rest = tonumber(ARGV[1])
end
return {count, rest}
"""

# KEYS: counter.
_UNCOUNT: Final = "if tonumber(redis.call('GET', KEYS[1]) or '0') > 0 then redis.call('DECR', KEYS[1]) end"


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a counter stands: how many are allowed in a window, how many came, when it starts anew (s)."""

    allowed: int
    count: int
    reset_after: float

    @property
    def exceeded(self) -> bool:
        """Whether this one was too many."""
        return self.count > self.allowed

    @property
    def remaining(self) -> int:
        """How many more may come in this window."""
        return max(0, self.allowed - self.count)


@dataclass(frozen=True)
class Rate:
    """So many in a window of so long, counted from the first one."""

    amount: int
    seconds: int

    @classmethod
    def parse(cls, text: str, *, variable: str) -> "Rate":
        """From `10 per 15 minutes`, `5/second`. SettingsError names `variable`."""
        try:
            item = limits.parse(text)
        except ValueError:
            raise SettingsError(f"{variable} must look like `600 per minute`, not {text!r}") from None
        return cls(item.amount, item.get_expiry())


@dataclass(frozen=True)
class Counters:
    """Counts what happens in windows. Verbs raise RedisError when Redis does not answer."""

    redis: redis.Redis

    def count(self, name: str, rate: Rate) -> Standing:
        """One more of `name`."""
        answer: Any = self.redis.eval(_COUNT, 1, key("rate", name), rate.seconds * 1000)
        return Standing(rate.amount, answer[0], answer[1] / 1000)

    def uncount(self, name: str) -> None:
        """One less of `name`, if its window is still open."""
        self.redis.eval(_UNCOUNT, 1, key("rate", name))


@dataclass(frozen=True)
class RequestLimit:
    """The ordinary limit: requests of a user, or of an address for visitors. Open when Redis is away."""

    counters: Counters
    rate: Rate
    outage: Outage

    def count(self, *, who: str) -> Standing | None:
        """One more request by `who`; None when Redis does not answer, which limits nobody."""
        return self.outage.ask(lambda: self.counters.count(f"request:{who}", self.rate))


@dataclass(frozen=True)
class LoginAttempts:
    """The strict limit: attempts on an account, from wherever, and from an address, on whatever account.

    An attempt counts before the password is looked at, so guesses sent at once count as well as
    guesses in turn; a right password takes its own attempt back. Closed when Redis is away: its error
    reaches the caller.
    """

    counters: Counters
    rate: Rate

    def begin(self, *, account: str, address: str) -> None:
        """Count an attempt. TooManyError when the address or the account had too many.

        An address that had too many does not count against accounts: it cannot lock others out.
        """
        self._refuse(self.counters.count(_of_address(address), self.rate), "from your address")
        self._refuse(self.counters.count(_of_account(account), self.rate), "on this account")

    def forgive(self, *, account: str, address: str) -> None:
        """Take back the attempt that turned out to be right."""
        self.counters.uncount(_of_address(address))
        self.counters.uncount(_of_account(account))

    @staticmethod
    def _refuse(standing: Standing, where: str) -> None:
        if standing.exceeded:
            raise TooManyError(
                f"Too many failed logins {where}; try again later.",
                retry_after=retry_after(standing.reset_after),
            )


@dataclass(frozen=True)
class CodeGuesses:
    """A limit on codes that nobody knows, by user and by address. Open when Redis is away.

    All codes of a request count before they are looked up, so guesses sent at once count as well as
    guesses in turn; those that turn out to be known are taken back.
    """

    counters: Counters
    rate: Rate
    outage: Outage

    def begin(self, codes: int, *, who: tuple[str | None, str]) -> None:
        """Count so many codes of a user (None for a visitor) at an address. TooManyError."""
        standings = [standing for name in _of_guesser(*who) for standing in self._count(name, codes)]
        worst = max((one.reset_after for one in standings if one.exceeded), default=None)
        if worst is not None:
            raise TooManyError("Too many unknown codes; try again later.", retry_after=retry_after(worst))

    def forgive(self, codes: int, *, who: tuple[str | None, str]) -> None:
        """Take back those that turned out to be known."""
        for name in _of_guesser(*who):
            self._repeat(partial(self.counters.uncount, name), codes)

    def _count(self, name: str, codes: int) -> list[Standing]:
        return self._repeat(partial(self.counters.count, name, self.rate), codes)

    def _repeat(self, act: Callable[[], T], times: int) -> list[T]:
        return self.outage.ask(lambda: [act() for _ in range(times)]) or []


def address_block(address: str) -> str:
    """The address for counting: IPv6 customers have a whole /64, so that counts as one."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return "unknown"
    if parsed.version == 6:  # noqa: PLR2004
        return str(ipaddress.ip_network((parsed, _IPV6_CUSTOMER_BITS), strict=False))
    return str(parsed)


def install(app: Flask) -> None:
    """Limit every request of `app` and tell where the limit stands in `RateLimit-*` headers."""
    app.before_request(_limit)
    app.after_request(_tell)


def _limit() -> None:
    if request.path in EXEMPT:
        return
    standing = svcs.flask.get(RequestLimit).count(who=_who())
    g.standing = standing
    if standing is not None and standing.exceeded:
        raise TooManyError(
            f"More than {standing.allowed} requests in the time allowed for them; slow down.",
            retry_after=retry_after(standing.reset_after),
        )


def _tell(response: Response) -> Response:
    standing: Standing | None = g.get("standing")
    if standing is not None:
        response.headers["RateLimit-Limit"] = str(standing.allowed)
        response.headers["RateLimit-Remaining"] = str(standing.remaining)
        response.headers["RateLimit-Reset"] = str(retry_after(standing.reset_after))
    return response


def _who() -> str:
    """The user, or the address of a visitor; a token that is no good makes a visitor here."""
    try:
        found = optional_caller()
    except UnauthenticatedError:
        found = None
    return found.user_id if found else address_block(request.remote_addr or "")


def _of_address(address: str) -> str:
    return f"login:address:{address_block(address)}"


def _of_guesser(user_id: str | None, address: str) -> list[str]:
    names = [f"code:address:{address_block(address)}"]
    return names if user_id is None else [*names, f"code:user:{user_id}"]


def _of_account(account: str) -> str:
    """Hashed: an account may be any text that somebody typed, and is nobody's business in Redis."""
    return f"login:account:{hashlib.sha256(account.casefold().encode()).hexdigest()}"
