"""A crowd: several processes of several threads that do what they are told, all from the same instant on.

Each process has an application of its own; each act is a transaction of its own, as a request is.
"""

import multiprocessing
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import svcs
from flask import Flask

from backend.domains.availability.holds import HoldService
from backend.domains.availability.schedules import SchedulePatch, ScheduleService
from backend.domains.availability.service import AvailabilityService
from backend.domains.catalog.stock import StockService
from backend.domains.rules.proposals import RuleProposals
from backend.domains.rules.publishing import RulePublishing
from backend.infra import logging
from backend.infra.postgres import db
from backend.kernel.versions import Edit
from tests.conftest import Stores
from tests.factories.apps import running_app
from tests.factories.rules import SHIPPED, dearer
from tests.unmeasured import children_unmeasured

LONGEST_WAIT: Final = 120
# Of one process; PostgreSQL has 200 for all of them.
MOST_CONNECTIONS: Final = 20


@dataclass(frozen=True)
class Hold:
    """Hold seats of a slot."""

    slot_id: str
    seats: int
    user_id: str
    now: datetime

    def do(self) -> None:
        svcs.flask.get(HoldService).hold(
            user_id=self.user_id, slot_id=self.slot_id, seats=self.seats, now=self.now
        )


@dataclass(frozen=True)
class Claim:
    """Book seats of a slot."""

    slot_id: str
    seats: int
    user_id: str
    booking_id: str
    now: datetime

    def do(self) -> None:
        slot = svcs.flask.get(AvailabilityService).slot(
            slot_id=self.slot_id, now=self.now, user_id=self.user_id
        )
        svcs.flask.get(HoldService).claim(
            slot=slot,
            seats=self.seats,
            booking_id=self.booking_id,
            user_id=self.user_id,
            now=self.now,
        )


@dataclass(frozen=True)
class Move:
    """Move a booking to another slot."""

    slot_id: str
    seats: int
    booking_id: str
    now: datetime

    def do(self) -> None:
        slot = svcs.flask.get(AvailabilityService).slot(slot_id=self.slot_id, now=self.now)
        svcs.flask.get(HoldService).move(
            booking_id=self.booking_id, slot=slot, seats=self.seats, now=self.now
        )


@dataclass(frozen=True)
class Free:
    """Give the seats of a booking back."""

    booking_id: str

    def do(self) -> None:
        svcs.flask.get(HoldService).free(booking_id=self.booking_id)


@dataclass(frozen=True)
class ReleaseExpired:
    """Delete what expired, as the periodic job does."""

    now: datetime

    def do(self) -> None:
        svcs.flask.get(HoldService).release_expired(now=self.now)


@dataclass(frozen=True)
class Resize:
    """Change the units of a provider's slots."""

    provider_id: str
    units: int

    def do(self) -> None:
        schedules = svcs.flask.get(ScheduleService)
        version = schedules.schedule(provider_id=self.provider_id).version
        patch = SchedulePatch(units=self.units)
        schedules.change(provider_id=self.provider_id, patch=patch, edit=Edit("crowd", version))


@dataclass(frozen=True)
class ReserveUnits:
    """Reserve units of products for an order."""

    lines: tuple[tuple[str, int], ...]
    reference: str
    until: datetime
    now: datetime

    def do(self) -> None:
        svcs.flask.get(StockService).reserve(
            lines=self.lines, reference=self.reference, until=self.until, now=self.now
        )


@dataclass(frozen=True)
class SellUnits:
    """Sell what is reserved for an order."""

    reference: str
    now: datetime

    def do(self) -> None:
        svcs.flask.get(StockService).commit(reference=self.reference, now=self.now)


@dataclass(frozen=True)
class GiveUnitsBack:
    """Give back what is reserved for an order."""

    reference: str
    now: datetime

    def do(self) -> None:
        svcs.flask.get(StockService).release(reference=self.reference, now=self.now)


@dataclass(frozen=True)
class TidyUnits:
    """Give back what expired, as the periodic job does."""

    now: datetime

    def do(self) -> None:
        svcs.flask.get(StockService).release_expired(now=self.now)


@dataclass(frozen=True)
class Publish:
    """Publish the shipped rules with dearer evenings."""

    percent: int
    based_on: str

    def do(self) -> None:
        svcs.flask.get(RulePublishing).publish(
            sources=SHIPPED | dearer(self.percent),
            note=f"Evenings cost {self.percent} % more",
            author="crowd",
            expected_current=self.based_on,
        )


@dataclass(frozen=True)
class Settle:
    """Publish or decline a proposal."""

    proposal_id: str
    editor: str
    publishes: bool

    def do(self) -> None:
        proposals = svcs.flask.get(RuleProposals)
        if self.publishes:
            proposals.publish(proposal_id=self.proposal_id, editor=self.editor)
        else:
            proposals.decline(proposal_id=self.proposal_id, editor=self.editor, reason="No")


Act = (
    Publish
    | Settle
    | Hold
    | Claim
    | Move
    | Free
    | ReleaseExpired
    | Resize
    | ReserveUnits
    | SellUnits
    | GiveUnitsBack
    | TidyUnits
)


@dataclass(frozen=True)
class Crowd:
    """Processes that are started once, because starting them takes longer than what they do."""

    pool: ProcessPoolExecutor
    processes: int
    barriers: Any

    def rush(self, stores: Stores, lists: Sequence[Sequence[Act]]) -> list[str]:
        """Let a thread do each list of acts, one after the other; how each act ended, in no order.

        "done", or the name of the error that rolled it back.
        """
        start = self.barriers.Barrier(len(lists))
        crews = [
            self.pool.submit(_crew, stores, lists[i :: self.processes], start) for i in range(self.processes)
        ]
        return [ended for crew in crews for ended in crew.result(timeout=LONGEST_WAIT)]


@contextmanager
def gather(processes: int) -> Iterator[Crowd]:
    """A crowd in so many processes."""
    context = multiprocessing.get_context("spawn")
    with (
        children_unmeasured(),
        context.Manager() as shared,
        ProcessPoolExecutor(processes, mp_context=context) as pool,
    ):
        yield Crowd(pool, processes, shared)


def _crew(stores: Stores, lists: Sequence[Sequence[Act]], start: Any) -> list[str]:
    # So many have a connection at once: servers have fewer of them than large crowds have people.
    connections = min(len(lists), MOST_CONNECTIONS)
    logging.configure(level="ERROR", file=None)
    gate = threading.Semaphore(connections)
    with running_app(stores, web_threads=connections) as app, ThreadPoolExecutor(len(lists)) as pool:
        people = [pool.submit(_person, app, acts, start, gate) for acts in lists]
        return [ended for person in people for ended in person.result(timeout=LONGEST_WAIT)]


def _person(app: Flask, acts: Sequence[Act], start: Any, gate: threading.Semaphore) -> list[str]:
    with gate, app.app_context():
        db.session.connection()
        db.session.rollback()
    start.wait(LONGEST_WAIT)
    return [_do(app, act, gate) for act in acts]


def _do(app: Flask, act: Act, gate: threading.Semaphore) -> str:
    with gate, app.app_context():
        try:
            act.do()
            db.session.commit()
        except Exception as error:  # noqa: BLE001 (the test says which it expects)
            db.session.rollback()
            return type(error).__name__
    return "done"
