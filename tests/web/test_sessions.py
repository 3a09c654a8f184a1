from collections import Counter
from collections.abc import Iterator
from datetime import timedelta

import pytest
import redis
from hypothesis import seed, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from backend.infra.redis import Outage, connect
from backend.kernel.errors import NotFoundError
from backend.web.sessions import (
    Device,
    RefreshReusedError,
    RefreshTicket,
    SessionEndedError,
    Sessions,
)
from tests.conftest import NOW, Stores
from tests.fakes.clock import FakeClock

LIFETIME = timedelta(days=30)
HERE = Device("Browser/1", "192.0.2.1")
USERS = ("usr_ada", "usr_bob")


@pytest.fixture
def valkey(stores: Stores) -> Iterator[redis.Redis]:
    with connect(stores.redis_url) as client:
        client.flushdb()
        yield client


@pytest.fixture
def sessions(valkey: redis.Redis, clock: FakeClock) -> Sessions:
    return Sessions(valkey, clock, LIFETIME, Outage())


class TestSeeing:
    def test_a_session_in_use_is_noted_once_a_minute(self, sessions: Sessions, clock: FakeClock) -> None:
        ticket = sessions.open(user_id="usr_ada", device=HERE)

        clock.advance(seconds=59)
        sessions.see(session_id=ticket.session_id, user_id="usr_ada")
        early = sessions.of(user_id="usr_ada")[0].seen_at
        clock.advance(seconds=1)
        sessions.see(session_id=ticket.session_id, user_id="usr_ada")

        assert early == NOW
        assert sessions.of(user_id="usr_ada")[0].seen_at == NOW + timedelta(minutes=1)

    def test_a_session_is_its_users_alone(self, sessions: Sessions) -> None:
        ticket = sessions.open(user_id="usr_ada", device=HERE)

        with pytest.raises(SessionEndedError):
            sessions.see(session_id=ticket.session_id, user_id="usr_bob")


class TestOpening:
    def test_a_long_user_agent_is_cut(self, sessions: Sessions) -> None:
        sessions.open(user_id="usr_ada", device=Device("x" * 10_000, "192.0.2.1"))

        assert len(sessions.of(user_id="usr_ada")[0].user_agent) == 300

    def test_redis_forgets_a_session_by_itself(self, sessions: Sessions, valkey: redis.Redis) -> None:
        sessions.open(user_id="usr_ada", device=HERE)

        lives = [valkey.pttl(name) for name in valkey.keys("*session*")]

        assert len(lives) == 2
        assert all(0 < life <= LIFETIME.total_seconds() * 1000 for life in lives)


class Families(RuleBasedStateMachine):
    """Refresh tokens of two users, checked against a plain model of what must be good."""

    def __init__(self, valkey: redis.Redis, done: Counter[str]) -> None:
        super().__init__()
        self.done = done
        valkey.flushdb()
        self.clock = FakeClock(NOW)
        self.sessions = Sessions(valkey, self.clock, LIFETIME, Outage())
        self.owner: dict[str, str] = {}
        self.good: dict[str, RefreshTicket] = {}
        self.until: dict[str, object] = {}
        self.used: list[RefreshTicket] = []

    def _live(self, session_id: str) -> bool:
        return session_id in self.good and self.until[session_id] > self.clock.now()

    @rule(user=st.sampled_from(USERS))
    def log_in(self, user: str) -> None:
        ticket = self.sessions.open(user_id=user, device=HERE)
        self.owner[ticket.session_id] = user
        self._keep(ticket)

    def _keep(self, ticket: RefreshTicket) -> None:
        self.good[ticket.session_id] = ticket
        self.until[ticket.session_id] = self.clock.now() + LIFETIME

    @precondition(lambda self: self.good)
    @rule(data=st.data())
    def refresh(self, data: st.DataObject) -> None:
        ticket = data.draw(st.sampled_from(list(self.good.values())))
        user = self.owner[ticket.session_id]
        if not self._live(ticket.session_id):
            with pytest.raises(SessionEndedError):
                self.sessions.rotate(ticket=ticket, user_id=user)
            return
        self._keep(self.sessions.rotate(ticket=ticket, user_id=user))
        self.used.append(ticket)
        self.done["refreshed"] += 1

    @precondition(lambda self: self.used)
    @rule(data=st.data())
    def replay(self, data: st.DataObject) -> None:
        ticket = data.draw(st.sampled_from(self.used))
        live = self._live(ticket.session_id)
        with pytest.raises(RefreshReusedError if live else SessionEndedError):
            self.sessions.rotate(ticket=ticket, user_id=self.owner[ticket.session_id])
        self.good.pop(ticket.session_id, None)
        self.done["reused" if live else "replayed after the end"] += 1

    @precondition(lambda self: self.good)
    @rule(data=st.data())
    def refresh_as_another(self, data: st.DataObject) -> None:
        ticket = data.draw(st.sampled_from(list(self.good.values())))
        other = next(user for user in USERS if user != self.owner[ticket.session_id])
        with pytest.raises(SessionEndedError):
            self.sessions.rotate(ticket=ticket, user_id=other)

    @precondition(lambda self: self.owner)
    @rule(data=st.data(), user=st.sampled_from(USERS))
    def revoke(self, data: st.DataObject, user: str) -> None:
        session_id = data.draw(st.sampled_from(list(self.owner)))
        if self.owner[session_id] == user and self._live(session_id):
            self.sessions.revoke(session_id=session_id, user_id=user)
            del self.good[session_id]
        else:
            with pytest.raises(NotFoundError):
                self.sessions.revoke(session_id=session_id, user_id=user)

    @rule(user=st.sampled_from(USERS))
    def revoke_all(self, user: str) -> None:
        self.sessions.revoke_all(user_id=user)
        self.good = {name: ticket for name, ticket in self.good.items() if self.owner[name] != user}

    @rule(days=st.integers(1, 20))
    def wait(self, days: int) -> None:
        self.clock.advance(days=days)

    @invariant()
    def only_the_live_are_seen(self) -> None:
        for session_id, user in self.owner.items():
            assert self._is_seen(session_id, user) == self._live(session_id)

    @invariant()
    def only_the_live_are_listed(self) -> None:
        for user in USERS:
            listed = {session.id for session in self.sessions.of(user_id=user)}
            assert listed == {name for name in self.good if self.owner[name] == user and self._live(name)}

    def _is_seen(self, session_id: str, user: str) -> bool:
        try:
            self.sessions.see(session_id=session_id, user_id=user)
        except SessionEndedError:
            return False
        return True


class TestFamilies:
    def test_a_session_lives_until_it_is_ended_expires_or_a_token_is_reused(
        self, valkey: redis.Redis
    ) -> None:
        done: Counter[str] = Counter()
        everything = {"refreshed", "reused", "replayed after the end"}

        def machine() -> Families:
            return Families(valkey, done)

        # Sixty lives may not meet all of it; then other lives are lived.
        for number in range(20):
            if number >= 3 and set(done) == everything:
                break
            run_state_machine_as_test(
                seed(number)(machine), settings=settings(max_examples=20, stateful_step_count=25)
            )

        assert set(done) == everything
