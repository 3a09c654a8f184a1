"""What one quote and one listing take inside the process, in microseconds, and their SQL statements.

*price* is the pure function: facts in, explained lines out. *quote* is `QuoteService.make` on a real
database, in a transaction that is rolled back: read, price, store, sign. *listing* is what
`GET /api/bookings` does for fifty consultants and a week, less HTTP and JSON.
"""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from itertools import cycle
from statistics import median
from time import perf_counter, process_time
from typing import Any, Final

import svcs
from sqlalchemy import event

from backend.cli import stores
from backend.cli.serve import prepare
from backend.domains.availability.entities import Slot
from backend.domains.availability.service import AvailabilityService
from backend.domains.pricing.facts import VISITOR, House, slot_case
from backend.domains.pricing.listing import SlotListing
from backend.domains.pricing.price import price, price_many
from backend.domains.pricing.service import QuoteService
from backend.domains.rules.service import RulesService
from backend.factory import create_app
from backend.infra.clock import Clock
from backend.infra.postgres import db
from bench.consultants import ensure_enough, settings, week

ROUNDS: Final = 7
QUOTES: Final = 200
LISTINGS: Final = 3

Work = Callable[[], object]


def main() -> int:
    """Print the table."""
    found = stores.resolve(settings())
    prepare(found)
    app = create_app(found)
    providers = ensure_enough(app)
    print(f"pricing: µs, medians of {ROUNDS} rounds\n")
    print(f"  {'':28}{'processor':>11}{'clock (lowest to highest)':>36}{'statements':>12}")
    with app.test_request_context(), counted_statements() as statements:
        for what, work, times in measured(providers):
            print(_line(what, work, times, statements), flush=True)
    return 0


def measured(providers: list[str]) -> list[tuple[str, Work, int]]:
    """What is measured: its name, what does it once, and how often that is done in a round."""
    now = svcs.flask.get_abstract(Clock).now()
    first, last = week(now)
    availability, rulebook = svcs.flask.get(AvailabilityService), svcs.flask.get(RulesService).rulebook()
    days: dict[str, Any] = {"first": first.date(), "last": last.date(), "party": 1, "now": now}
    of_one = cycle(availability.slots(provider_ids=providers[:1], **days))
    slots = availability.slots(provider_ids=providers, **days)
    cases = [slot_case(slot, party=1, customer=VISITOR, house=House("FR"), now=now) for slot in slots]
    case = cycle(cases)

    def list_all() -> object:
        return availability.slots(provider_ids=providers, **days)

    def list_priced() -> object:
        asked = {**days, "provider_ids": providers, "currency": None, "user_id": None}
        return svcs.flask.get(SlotListing).list(**asked)

    return [
        ("price", lambda: price(rulebook, next(case), at=now), QUOTES),
        ("quote", lambda: _quote(next(of_one), now), QUOTES),
        (f"prices of {len(cases)} slots", lambda: price_many(rulebook, cases, at=now), LISTINGS),
        (f"slots of {len(providers)} for a week", list_all, LISTINGS),
        (f"listing of {len(providers)} for a week", list_priced, LISTINGS),
    ]


def _quote(slot: Slot, now: datetime) -> None:
    quotes = svcs.flask.get(QuoteService)
    quotes.make(user_id=None, slot_id=slot.id, party=1, currency=None, now=now)
    db.session.rollback()


def _line(what: str, work: Work, times: int, statements: list[str]) -> str:
    work()
    statements.clear()
    work()
    count = len(statements)
    samples = [_microseconds(work, times) for _ in range(ROUNDS)]
    own = median(processor for processor, _ in samples)
    waited = [elapsed for _, elapsed in samples]
    spread = f"{median(waited):>11,.0f} ({min(waited):,.0f} to {max(waited):,.0f})"
    return f"  {what:28}{own:>11,.0f}{spread:>36}{count:>12}"


def _microseconds(work: Work, times: int) -> tuple[float, float]:
    """Processor time of this process, and time on the clock, for one of `times`."""
    processor, clock = process_time(), perf_counter()
    for _ in range(times):
        work()
    return (process_time() - processor) / times * 1e6, (perf_counter() - clock) / times * 1e6


@contextmanager
def counted_statements() -> Iterator[list[str]]:
    """Every SQL statement that SQLAlchemy sends meanwhile."""
    sent: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        sent.append(statement)

    event.listen(db.engine, "before_cursor_execute", note)
    try:
        yield sent
    finally:
        event.remove(db.engine, "before_cursor_execute", note)


if __name__ == "__main__":
    sys.exit(main())
