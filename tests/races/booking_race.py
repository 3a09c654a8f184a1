"""A crowd that wants the same seats at the same instant, in several processes of the real application."""

import multiprocessing
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import text

from backend.infra import logging
from backend.infra.clock import SystemClock
from backend.infra.postgres import db
from tests.conftest import Stores
from tests.factories.apps import running_app
from tests.factories.bookings import Customer, make_class, make_consultant, make_newcomers, next_week
from tests.unmeasured import children_unmeasured

LONGEST_WAIT = 120
TRIES = 10
# Of each process: four of them, and the one that looks at the result, stay below the server's 200.
CONNECTIONS = 44


@dataclass(frozen=True)
class Prize:
    """What the crowd wants: so many slots for one, and one slot of a class with so many seats."""

    singles: tuple[str, ...]
    class_slot: str
    seats: int


@dataclass(frozen=True)
class Outcome:
    """Statuses of the answers, by what was asked for, and what the database holds afterwards."""

    singles: Counter[int]
    class_seats: Counter[int]
    answered: frozenset[str]
    stored: frozenset[str]
    sold_singles: int
    sold_class_seats: int
    counted_class_seats: int


def prepare(app: Flask, *, singles: int, seats: int) -> Prize:
    """A consultant with slots enough and a class, a week from now."""
    consultant, klass = make_consultant(), make_class(seats=seats)
    visitor = Customer.new(app.test_client())
    day = next_week(SystemClock().now())
    slots: list[str] = []
    while len(slots) < singles:
        slots += [slot["slot_id"] for slot in visitor.slots(consultant, day=day)]
        day += timedelta(days=1)
    return Prize(tuple(slots[:singles]), visitor.slots(klass, day=day)[0]["slot_id"], seats)


def race(stores: Stores, *, singles: int, seats: int, processes: int, threads: int) -> Outcome:
    """Everybody quotes, waits for everybody, then books one single slot and one seat of the class."""
    with running_app(stores) as app, app.app_context():
        prize = prepare(app, singles=singles, seats=seats)
        customers = make_newcomers(app, count=processes * threads)
        answers = _contend(stores, prize, customers, processes=processes, threads=threads)
        return _outcome(prize, answers)


def _contend(
    stores: Stores, prize: Prize, headers: Sequence[dict[str, str]], *, processes: int, threads: int
) -> list[tuple[str, int, str | None]]:
    context = multiprocessing.get_context("spawn")
    with (
        children_unmeasured(),
        context.Manager() as shared,
        ProcessPoolExecutor(processes, mp_context=context) as pool,
    ):
        start = shared.Barrier(processes * threads)
        crews = [
            pool.submit(_crew, stores, prize, headers[i * threads : (i + 1) * threads], i * threads, start)
            for i in range(processes)
        ]
        return [answer for crew in crews for answer in crew.result(timeout=LONGEST_WAIT)]


def _crew(
    stores: Stores, prize: Prize, headers: Sequence[dict[str, str]], first: int, start: Any
) -> list[tuple[str, int, str | None]]:
    """One process: its application and its threads."""
    logging.configure(level="ERROR", file=None)
    with running_app(stores, web_threads=CONNECTIONS) as app, ThreadPoolExecutor(len(headers)) as pool:
        jobs = [
            pool.submit(_book, app.test_client(), prize, header, first + i, start)
            for i, header in enumerate(headers)
        ]
        return [answer for job in jobs for answer in job.result(timeout=LONGEST_WAIT)]


def _book(
    client: FlaskClient, prize: Prize, headers: dict[str, str], number: int, start: Any
) -> list[tuple[str, int, str | None]]:
    slots = {"single": prize.singles[number % len(prize.singles)], "class": prize.class_slot}
    tokens = {kind: _quote(client, slot_id, headers) for kind, slot_id in slots.items()}
    start.wait(LONGEST_WAIT)
    answers = []
    for kind, token in tokens.items():
        wish = {"quote_token": token, "payment_method": "on_site"}
        answer = _ask(client, "/api/bookings", wish, headers)
        answers.append((kind, answer.status_code, answer.json.get("id")))
    return answers


def _quote(client: FlaskClient, slot_id: str, headers: dict[str, str]) -> str:
    answer = _ask(client, "/api/quotes", {"items": [{"slot_id": slot_id}]}, headers)
    token: str = answer.json["token"]
    return token


def _ask(client: FlaskClient, address: str, body: dict[str, Any], headers: dict[str, str]) -> Any:
    """The answer; a 503 says that nothing was changed and to ask again, which a client does."""
    for _ in range(TRIES):
        answer = client.post(address, json=body, headers=headers)
        if answer.status_code != 503:
            break
    return answer


def _outcome(prize: Prize, answers: Sequence[tuple[str, int, str | None]]) -> Outcome:
    stored = db.session.execute(text("SELECT id, slot_id FROM bookings WHERE status = 'confirmed'")).all()
    query = text(
        "SELECT (SELECT coalesce(sum(seats), 0) FROM allocations WHERE NOT exclusive),"
        " (SELECT coalesce(sum(taken), 0) FROM slot_counters)"
    )
    seats, counted = db.session.execute(query).one()
    return Outcome(
        singles=Counter(status for kind, status, _ in answers if kind == "single"),
        class_seats=Counter(status for kind, status, _ in answers if kind == "class"),
        answered=frozenset(id_ for _, _, id_ in answers if id_ is not None),
        stored=frozenset(row.id for row in stored),
        sold_singles=len({row.slot_id for row in stored} & set(prize.singles)),
        sold_class_seats=seats,
        counted_class_seats=counted,
    )
