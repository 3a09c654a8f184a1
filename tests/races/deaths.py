"""Processes that are killed around each call of the gateway, and what is there after a restart."""

import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

from backend.config import ROOT
from backend.local_stripe.local import LocalStripe
from backend.wiring import Parts
from tests.conftest import NOW, Stores
from tests.factories.apps import running_app
from tests.factories.payments import SENDING, gateway_of
from tests.fakes.clock import FakeClock
from tests.fakes.events import FakeEventStore
from tests.races.mortal import Errand, run
from tests.storm.truths import lies, settle
from tests.storm.world import GOOD, World
from tests.unmeasured import children_unmeasured

LONGEST_LIFE: Final = 120
# What each kind of errand is to leave at the gateway, whatever dies on the way.
LEFT: Final[dict[str, dict[str, int]]] = {
    "open": {"payment_intent canceled": 1},
    "confirm": {"payment_intent succeeded": 1, "transfer": 1},
    "capture": {"payment_intent succeeded": 1, "transfer": 1},
    "cancel": {"payment_intent canceled": 1},
    "refund": {"payment_intent succeeded": 1, "refund": 1, "transfer": 1},
    "transfer": {"payment_intent succeeded": 1, "transfer": 1},
    "reverse": {"payment_intent succeeded": 1, "refund": 1, "transfer": 1},
    "charge": {"payment_intent succeeded": 2, "transfer": 2},
}
# What each is about: a slot that is sold at once, on request, or against a deposit.
SOLD_AS: Final = {"capture": "request", "cancel": "request", "charge": "deposit"}


@dataclass(frozen=True)
class Ward:
    """Where processes die: stores that keep what is committed, and a gateway with a file of its own."""

    stores: Stores
    world: World
    file: Path

    def death(self, kind: str, point: int) -> list[str]:
        """Let a process die on an errand, start again, and say what is wrong then."""
        world = World.build(self.world.app, self.world.clock, self.world.local)
        for name in ("instant", "request", "deposit"):
            world.onboard(name)
        before = self._at_gateway()
        errand = self._prepared(world, kind, point)
        status = self._go(errand)
        if status != -signal.SIGKILL:
            return [f"the process did not die there, but ended with {status}"]
        # Who got no answer asks again; a worker that starts finds what was forgotten.
        run(world, errand)
        world.pass_time(minutes=2)
        world.tick()
        run(world, errand)
        settle(world)
        made = self._at_gateway() - before
        expected = Counter(LEFT[kind])
        odd = [] if made == expected else [f"at the gateway are {dict(made)}, not {dict(expected)}"]
        return [*odd, *lies(world)]

    def _prepared(self, world: World, kind: str, point: int) -> Errand:
        """Everything up to the errand."""
        sold_as = SOLD_AS.get(kind, "instant")
        party = {"instant": 1, "request": 10, "deposit": 2}[sold_as]
        world.book(0, world.slots[sold_as][0], party, as_request=False)
        payment = self._payment(world)
        if kind not in {"open", "confirm"}:
            world.initiate(payment)
            payment = self._payment(world)
            world.pay_in_browser(payment, GOOD)
        if kind not in {"open", "confirm", "transfer"}:
            world.verify(payment)
            world.run_jobs()
        if kind == "charge":
            world.pass_time(days=27)
            payment = self._payment(world, "balance")
        return Errand(
            postgres_url=self.stores.postgres_url,
            redis_url=self.stores.redis_url,
            gateway=str(self.file),
            now=world.clock.now().isoformat(),
            kind=kind,
            point=point,
            payment_id=payment.id,
            user_id=payment.user_id,
            booking_id=payment.subject,
        )

    def _payment(self, world: World, *purposes: str) -> Any:
        wanted = list(purposes or ("whole", "deposit"))
        query = "SELECT * FROM payments WHERE user_id = :user AND purpose = ANY(:wanted)"
        (found,) = world.rows(query, user=world.customers[0], wanted=wanted)
        return found

    def _go(self, errand: Errand) -> int:
        command = [sys.executable, "-m", "tests.races.mortal", errand.line]
        with children_unmeasured():
            return subprocess.run(command, cwd=ROOT, check=False, timeout=LONGEST_LIFE).returncode

    def _at_gateway(self) -> Counter[str]:
        world = self.world
        intents = [f"payment_intent {one['status']}" for one in world.gateway_objects("payment_intent")]
        others = [kind for kind in ("refund", "transfer") for _ in world.gateway_objects(kind)]
        return Counter([*intents, *others])


@contextmanager
def ward(stores: Stores) -> Iterator[Ward]:
    """A ward over empty stores."""
    clock = FakeClock(NOW + timedelta(0))
    with TemporaryDirectory(prefix="ward_") as folder:
        file = Path(folder) / "gateway.sqlite3"
        local = LocalStripe(file, options=SENDING, now=clock.now, seed="ward", durable=False)
        parts = Parts(clock=clock, events=FakeEventStore(), gateway=gateway_of(local, clock))
        try:
            with running_app(stores, parts) as app, app.app_context():
                yield Ward(stores, World(app, clock, local), file)
        finally:
            local.close()
