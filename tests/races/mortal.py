"""A process that does something to a payment and is killed at a certain point of it.

Run as `python -m tests.races.mortal` with the JSON of an `Errand`. It ends by itself when it never gets there.
"""

import json
import os
import signal
import sys
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Final, NoReturn

from sqlalchemy import event, text
from sqlalchemy.orm import Session

from backend.domains.payments.gateway import PaymentGateway
from backend.infra import logging
from backend.infra.postgres import db
from backend.local_stripe.local import LocalStripe
from backend.wiring import Parts
from tests.conftest import Stores
from tests.factories.apps import running_app
from tests.factories.payments import SENDING, gateway_of
from tests.fakes.clock import FakeClock
from tests.fakes.events import FakeEventStore
from tests.storm.world import GOOD, World

# What is asked of the gateway, by what asks it.
VERBS: Final = {
    "open": "create_intent",
    "confirm": "confirm",
    "capture": "capture",
    "cancel": "cancel",
    "refund": "refund",
    "transfer": "transfer",
    "reverse": "reverse",
    "charge": "charge_saved",
}
POINTS: Final = (
    "before the operation is committed",
    "after that, before the call",
    "after the call, before its outcome is committed",
    "after that, before the answer",
)


@dataclass(frozen=True)
class Errand:
    """What to do, to what, and where to die; `point` is one of `POINTS` by its number."""

    postgres_url: str
    redis_url: str
    gateway: str
    now: str
    kind: str
    point: int
    payment_id: str
    user_id: str
    booking_id: str

    @property
    def line(self) -> str:
        """As an argument of a command."""
        return json.dumps(asdict(self))


@dataclass(frozen=True)
class Deadly:
    """A gateway that kills whoever asks it for `verb`: before it is done, or afterwards."""

    inner: PaymentGateway
    verb: str
    point: int

    def __getattr__(self, name: str) -> Any:
        found = getattr(self.inner, name)
        return self._fatal(found) if name == self.verb else found

    def _fatal(self, ask: Callable[..., Any]) -> Callable[..., Any]:
        def asked(**arguments: Any) -> Any:
            if self.point == POINTS.index("after that, before the call"):
                die()
            answer = ask(**arguments)
            if self.point == POINTS.index("after the call, before its outcome is committed"):
                die()
            return answer

        return asked


def die() -> NoReturn:
    """Nothing is cleaned up, and nobody is told."""
    os.kill(os.getpid(), signal.SIGKILL)
    raise AssertionError("still alive")


def watch_commits(kind: str, point: int) -> None:
    """Die at the commit of an operation of this kind, or after that of its outcome."""
    seen = {"settled": False}

    def before(session: Session) -> None:
        if session.in_nested_transaction():
            return
        states = session.execute(_STATES, {"kind": kind}).scalars().all()
        if point == 0 and "pending" in states:
            die()
        seen["settled"] = "done" in states

    def after(_: Session) -> None:
        if point == len(POINTS) - 1 and seen["settled"]:
            die()

    event.listen(db.session, "before_commit", before)
    event.listen(db.session, "after_commit", after)


# A confirmation is no operation of its own: it is settled when the payment is paid.
_STATES: Final = text(
    "SELECT state FROM payment_operations WHERE kind = :kind AND payment_id = current_setting('storm.payment')"
    " UNION ALL SELECT 'done' FROM payments WHERE :kind = 'confirm' AND state = 'paid'"
    " AND id = current_setting('storm.payment')"
)


def run(world: World, errand: Errand) -> None:
    """Do what leads to the call, and then all jobs, as a worker does."""
    payment = SimpleNamespace(id=errand.payment_id, user_id=errand.user_id, currency="EUR")
    booking = SimpleNamespace(id=errand.booking_id, user_id=errand.user_id)
    part = SimpleNamespace(part=errand.booking_id, amount_minor=0)
    acts: dict[str, Callable[[], None]] = {
        "open": lambda: world.initiate(payment),
        "confirm": lambda: world.confirm(payment, GOOD),
        "capture": lambda: world.answer(booking, "approve"),
        "cancel": lambda: world.answer(booking, "decline"),
        "refund": lambda: world.refund(payment, part, 0),
        "transfer": lambda: world.verify(payment),
        "reverse": lambda: world.refund(payment, part, 0),
        "charge": world.tick,
    }
    acts[errand.kind]()
    world.run_jobs()


def main(line: str) -> None:
    """Go on the errand."""
    logging.configure(level="CRITICAL", file=None)
    errand = Errand(**json.loads(line))
    clock = FakeClock(datetime.fromisoformat(errand.now))
    local = LocalStripe(Path(errand.gateway), options=SENDING, now=clock.now, durable=False)
    deadly: Any = Deadly(gateway_of(local, clock), VERBS[errand.kind], errand.point)
    stores = Stores(errand.postgres_url, errand.redis_url)
    parts = Parts(clock=clock, events=FakeEventStore(), gateway=deadly)
    with running_app(stores, parts) as app:

        @event.listens_for(Session, "after_begin")
        def name(_: Session, __: Any, connection: Any) -> None:
            connection.execute(
                text("SELECT set_config('storm.payment', :id, false)"), {"id": errand.payment_id}
            )

        watch_commits(errand.kind, errand.point)
        run(World(app, clock, local), errand)


if __name__ == "__main__":
    main(*sys.argv[1:])
