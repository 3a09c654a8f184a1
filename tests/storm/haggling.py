"""A few customers who haggle, two worker processes that serve them, and a Redis that comes and goes.

Every verb is one request or one job, in a transaction of its own. What a customer may be refused is refused
quietly; whatever else is raised is a failure.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any, Final, TypeVar

import redis
import svcs
from flask import Flask
from redis.exceptions import ConnectionError as RedisDownError
from sqlalchemy import text

from backend.domains.availability.service import AvailabilityService
from backend.domains.bargain.entities import SessionView
from backend.domains.bargain.live import LiveSessions
from backend.domains.bargain.probing import Allowed, Probing
from backend.domains.bargain.records import view_of
from backend.domains.bargain.service import Bargains
from backend.domains.bargain.starting import BargainStart
from backend.domains.bargain.store import BargainStore
from backend.domains.bookings.access import Actor
from backend.domains.bookings.service import ON_SITE
from backend.domains.checkout.carts import CartOwner, CartStore
from backend.domains.checkout.orders import OrderService
from backend.domains.checkout.placing import Checkout, CheckoutWish
from backend.domains.pricing.deals import Deals
from backend.domains.pricing.shipping import PICKUP
from backend.domains.pricing.wanted import Item
from backend.infra.postgres import db
from backend.infra.redis import OUTAGE_SECONDS, Outage
from backend.kernel.errors import ClimbUpError
from backend.kernel.money import Money
from tests.conftest import NOW
from tests.factories.bookings import make_class
from tests.factories.catalog import make_retail
from tests.factories.identity import make_user
from tests.fakes.clock import FakeClock
from tests.storm.connection import connection_of

T = TypeVar("T")

WORKERS: Final = 2
# So many sessions are looked at.
NEWEST: Final = 3
# Fates of a worker: it dies before what it did is committed, or afterwards, before others hear of it.
BEFORE, AFTER = "before the commit", "after the commit"
# Those who live here do nothing but haggle.
PATIENT: Final = Allowed(1000, 1000, 1000, 1000, 1000, free_failures=1000)
# All that may change, and what it is measured by.
_SESSIONS: Final = text("""
    SELECT id, user_id, thing, currency, list_minor, floor_minor, earlier_best_minor, version, attempts_used,
        offer_minor, counter_minor, final_minor, state, started_at, expires_at, ended_at, deal_until, quote_id,
        quote_token, used_by
    FROM bargain_sessions ORDER BY started_at, id""")
_OFFERS: Final = text("SELECT * FROM bargain_offers ORDER BY session_id, number")
# The price of all units or persons before fees and taxes: what was agreed on.
_ORDERS: Final = text("""
    SELECT l.bargain_id, o.id, o.state, l.detail FROM order_lines l JOIN orders o ON o.id = l.order_id
    WHERE l.bargain_id IS NOT NULL ORDER BY o.placed_at, o.id""")
# As `backend.infra.after_commit` keeps what is to be done then.
_AFTER_COMMIT: Final = "after_commit"


@dataclass(frozen=True, slots=True)
class Worker:
    """Which of them is asked, and whether it dies of it: None, BEFORE or AFTER."""

    number: int = 0
    fate: str | None = None


@dataclass(frozen=True, slots=True)
class Records:
    """All that is stored, oldest first, and the newest sessions as PostgreSQL has them and as workers see them."""

    rows: Sequence[Any]
    offers: Sequence[Any]
    orders: Sequence[Any]
    stored: Mapping[str, SessionView]
    seen: Sequence[Mapping[str, SessionView]]


@dataclass
class Link:
    """The way to Redis, which can be cut."""

    client: redis.Redis
    is_cut: bool = False

    def __getattr__(self, name: str) -> Any:
        if self.is_cut:
            raise RedisDownError("the way is cut")
        return getattr(self.client, name)


@dataclass
class Haggling:
    """What stands: two customers, goods with and without a known cost, and a slot."""

    app: Flask
    clock: FakeClock
    link: Link
    users: list[str] = field(default_factory=list)
    items: list[Item] = field(default_factory=list)
    lives: list[LiveSessions] = field(default_factory=list)
    refusals: Counter[str] = field(default_factory=Counter)

    @classmethod
    def build(cls, app: Flask, clock: FakeClock) -> "Haggling":
        """Make everything that stays the same in all lives. Needs an application context."""
        world = cls(app, clock, Link(svcs.flask.get(redis.Redis)))
        world.users = [make_user().id for _ in range(2)]
        goods, free = make_retail(cost_minor=40_00, stock=1000), make_retail(stock=1000)
        world.items = [Item(goods.id, quantity=3), Item(free.id), Item(slot_id=world.slot(), party=2)]
        return world

    def slot(self) -> str:
        """A slot of a class in a month."""
        day = self.clock.now().date() + timedelta(days=30)
        first = svcs.flask.get(AvailabilityService).slots(
            provider_ids=[make_class(seats=20).provider.id],
            first=day,
            last=day + timedelta(days=3),
            party=2,
            now=self.clock.now(),
        )[0]
        return first.id

    @contextmanager
    def life(self) -> Iterator["Haggling"]:
        """One life: at its end everything is undone."""
        self.clock.set(NOW)
        self.link.is_cut = False
        self.link.client.flushdb()
        self.lives = [self._worker() for _ in range(WORKERS)]
        # What is begun before a life must not end within it.
        db.session.remove()
        kept = svcs.flask.get(LiveSessions), svcs.flask.get(Probing)
        svcs.flask.register_value(self.app, Probing, replace(kept[1], allowed=PATIENT))
        before = db.engines[None]
        with connection_of(before) as connection:
            transaction = connection.begin_nested() if connection.in_transaction() else connection.begin()
            db.engines[None] = connection
            try:
                yield self
            finally:
                db.session.remove()
                db.engines[None] = before
                transaction.rollback()
                for one in kept:
                    svcs.flask.register_value(self.app, type(one), one)

    # What customers do

    def start(self, user: int, item: int, *, worker: Worker, address: str) -> SessionView | None:
        """Begin to haggle, or go on."""

        def act() -> SessionView:
            view, _ = svcs.flask.get(BargainStart).start(
                user_id=self.users[user],
                item=self.items[item],
                strategy=None,
                address=address,
                now=self.clock.now(),
            )
            return view

        return self._do(act, worker)

    def offer(self, row: Any, minor: int, *, worker: Worker) -> SessionView | None:
        """Offer so much."""
        return self._do(
            lambda: svcs.flask.get(Bargains).offer(
                session_id=row.id,
                user_id=row.user_id,
                price=Money(minor, row.currency),
                said="",
                language="en",
                now=self.clock.now(),
            ),
            worker,
        )

    def accept(self, row: Any, *, worker: Worker) -> SessionView | None:
        """Accept the counter-offer."""
        return self._do(
            lambda: svcs.flask.get(Bargains).accept_counter(**self._who(row), now=self.clock.now()), worker
        )

    def abandon(self, row: Any, *, worker: Worker) -> SessionView | None:
        """Leave."""
        return self._do(
            lambda: svcs.flask.get(Bargains).abandon(**self._who(row), now=self.clock.now()), worker
        )

    def check_out(self, row: Any, *, worker: Worker) -> bool:
        """Order what was bargained for, to be paid on the spot; whether that was possible."""
        owner, now = CartOwner(row.user_id, None), self.clock.now()

        def act() -> bool:
            dealt = svcs.flask.get_abstract(Deals).item(bargain_id=row.id, user_id=row.user_id, now=now)
            svcs.flask.get(CartStore).change(owner, lambda cart: cart.emptied().with_deal(dealt))
            svcs.flask.get(Checkout).place(
                owner=owner,
                user_id=row.user_id,
                wish=CheckoutWish(payment_method=ON_SITE, shipping_option=PICKUP, contact={}),
                now=now,
            )
            return True

        return bool(self._do(act, worker))

    def cancel(self, row: Any, *, worker: Worker) -> None:
        """Cancel the order that used a deal."""
        self._do(
            lambda: svcs.flask.get(OrderService).cancel(
                order_id=row.used_by, actor=Actor(row.user_id), version=None, now=self.clock.now()
            ),
            worker,
        )

    # What happens to workers and Redis

    def end_expired(self, *, worker: Worker) -> None:
        """The job of every minute."""
        self._do(lambda: svcs.flask.get(Bargains).end_expired(now=self.clock.now()), worker)

    def restart(self, worker: int) -> None:
        """A new process takes the place of a worker that died.

        Copies that it alone knew to be old are not left behind: that would be two failures at once, of Redis
        and of the worker, and would last until those copies expire. Redis is restarted, too.
        """
        if self.lives[worker].unsure:
            self.link.client.flushdb()
        self.lives[worker] = self._worker()

    def cut(self) -> None:
        """Redis cannot be reached, and keeps what it has."""
        self.link.is_cut = True

    def mend(self) -> None:
        """Redis is back, and each worker asks it for something."""
        self.link.is_cut = False
        self.clock.advance(seconds=OUTAGE_SECONDS)
        for live in self.lives:
            live.find("bgn_none")

    # What is there

    def rows(self) -> list[Any]:
        """All sessions, oldest first."""
        with self.app.app_context():
            return [*db.session.execute(_SESSIONS)]

    def row(self, session_id: str) -> Any:
        """One session."""
        return next(row for row in self.rows() if row.id == session_id)

    def records(self) -> Records:
        """What there is now."""
        with self.app.app_context():
            rows, offers, orders = ([*db.session.execute(query)] for query in (_SESSIONS, _OFFERS, _ORDERS))
            newest = rows[-NEWEST:]
            stored = {row.id: self._stored(row.id) for row in newest}
        return Records(rows, offers, orders, stored, [self._seen(newest, one) for one in range(WORKERS)])

    def _stored(self, session_id: str) -> SessionView:
        stored = BargainStore(db.session).find(session_id)
        assert stored is not None
        return view_of(stored).at(self.clock.now())

    def _seen(self, rows: Sequence[Any], number: int) -> dict[str, SessionView]:
        now = self.clock.now()
        with self._served_by(number):
            bargains = svcs.flask.get(Bargains)
            return {row.id: bargains.view(**self._who(row), now=now) for row in rows}

    def _who(self, row: Any) -> dict[str, str]:
        return {"session_id": row.id, "user_id": row.user_id}

    @contextmanager
    def _served_by(self, worker: int) -> Iterator[None]:
        """A context of the application as this worker has it."""
        svcs.flask.register_value(self.app, LiveSessions, self.lives[worker])
        with self.app.app_context():
            yield

    def _worker(self) -> LiveSessions:
        client: Any = self.link
        return LiveSessions(client, Outage(lambda: self.clock.now().timestamp()))

    def _do(self, act: Callable[[], T], worker: Worker) -> T | None:
        """Do it as the web shell does; None when it was refused, or when its worker died."""
        with self._served_by(worker.number):
            try:
                done = act()
            except ClimbUpError as error:
                db.session.rollback()
                self.refusals[type(error).__name__] += 1
                return None
            if worker.fate == BEFORE:
                db.session.rollback()
            if worker.fate == AFTER:
                db.session().info.pop(_AFTER_COMMIT, None)
            db.session.commit()
        if worker.fate is not None:
            self.restart(worker.number)
            return None
        return done
