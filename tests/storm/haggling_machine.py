"""Bargains as a state machine: Hypothesis chooses what happens, in any order."""

from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any, ClassVar

import hypothesis.strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from backend.domains.bargain.entities import BargainEvent, SessionView, State
from tests.storm.haggling import AFTER, BEFORE, WORKERS, Haggling, Worker
from tests.storm.haggling_truths import KEPT, lies_of_copies, lies_of_orders, lies_of_sessions

NUMBERS = st.integers(0, 5)
USERS, ITEMS = st.integers(0, 1), st.integers(0, 2)
WORKER = st.builds(
    Worker, st.integers(0, WORKERS - 1), st.sampled_from([None, None, None, None, None, BEFORE, AFTER, AFTER])
)
# Parts of the list price, mostly; and what is a limit of something.
WISHES = st.one_of(st.integers(1, 130), st.sampled_from(["last", "less", "more", "counter", "floor", "list"]))
# Seconds around the limits of sessions, deals and copies in Redis.
STEPS = st.sampled_from([1, 1, 4, 16, 299, 300, 599, 600, 899, 900, 86_400])
UNCHANGED = (*KEPT, "quote_id", "quote_token")


class Bargain(RuleBasedStateMachine):
    """One life in `world`, which is set before it begins."""

    world: ClassVar[Haggling]
    seen: ClassVar[Counter[str]] = Counter()

    def __init__(self) -> None:
        super().__init__()
        self.stack = ExitStack()
        self.stack.enter_context(self.world.life())
        self.ended: dict[str, tuple[Any, ...]] = {}
        self.told: dict[str, tuple[BargainEvent, ...]] = {}

    @initialize(item=ITEMS, stage=st.integers(0, 4))
    def first(self, *, item: int, stage: int) -> None:
        """Lives without a session are dull; many begin with an offer, a deal or an order, too."""
        for user in range(2):
            assert self.world.start(user, item, worker=Worker(), address="192.0.2.1") is not None
        if stage in {1, 2}:
            self.offer(number=0, wish=stage * 30, worker=Worker())
        if stage > 2:
            self.offer(number=0, wish="list", worker=Worker())
        if stage > 3:
            self.check_out(number=0, worker=Worker())

    def pick(self, number: int) -> Any:
        """One of the newest sessions, mostly one that is running."""
        rows = self.world.rows()[-4:]
        running = [row for row in rows if self._is_running(row)]
        found = running if running and number else rows
        return found[number % len(found)]

    @rule(user=USERS, item=ITEMS, worker=WORKER, address=st.sampled_from(["192.0.2.1", "192.0.2.2"]))
    def start(self, *, user: int, item: int, worker: Worker, address: str) -> None:
        self.world.start(user, item, worker=worker, address=address)

    @rule(number=NUMBERS, share=st.integers(1, 100), worker=WORKER)
    def offer_more(self, *, number: int, share: int, worker: Worker) -> None:
        """Come some way towards what is asked for."""
        row = self.pick(number)
        last, standing = row.offer_minor or 0, row.counter_minor or row.list_minor
        self.offer_minor(row, last + 1 + (standing - last) * share // 110, worker)

    @rule(number=NUMBERS, wish=WISHES, worker=WORKER)
    def offer(self, *, number: int, wish: int | str, worker: Worker) -> None:
        row = self.pick(number)
        self.offer_minor(row, _amount(row, wish), worker)

    def offer_minor(self, row: Any, minor: int, worker: Worker) -> None:
        """Offer so much, and look whether the answer is one."""
        view = self.world.offer(row, minor, worker=worker)

        after = self.world.row(row.id)
        assert view is None or _is_answer(self.world, row, after, minor, view), (row, minor, view)
        assert view is not None or worker.fate == AFTER or after == row, (row, after)

    @rule(number=NUMBERS, worker=WORKER, times=st.integers(1, 2))
    def accept(self, *, number: int, worker: Worker, times: int) -> None:
        row = self.pick(number)
        is_possible = row.counter_minor is not None and self._is_running(row)

        views = [self.world.accept(row, worker=worker) for _ in range(times)]

        told = {view and view.final_price and view.final_price.minor for view in views}
        if worker.fate is not None:
            assert told == {None}
        elif is_possible or row.state == "accepted":
            assert told == {row.final_minor or row.counter_minor}, (row, views)
            assert len({view.quote_token for view in views if view}) == 1
        else:
            assert told == {None}, (row, views)

    @rule(number=NUMBERS, worker=WORKER)
    def abandon(self, *, number: int, worker: Worker) -> None:
        self.world.abandon(self.pick(number), worker=worker)

    @rule(number=NUMBERS, worker=WORKER)
    def check_out(self, *, number: int, worker: Worker) -> None:
        if deals := [row for row in self.world.rows() if row.state == "accepted"]:
            row = deals[number % len(deals)]
            is_good = row.used_by is None and self.world.clock.now() < row.deal_until

            is_ordered = self.world.check_out(row, worker=worker)

            assert is_ordered == (is_good and worker.fate is None), (row, self.world.refusals)

    @rule(number=NUMBERS, worker=WORKER)
    def cancel(self, *, number: int, worker: Worker) -> None:
        if used := [row for row in self.world.rows() if row.used_by is not None]:
            self.world.cancel(used[number % len(used)], worker=worker)

    @rule(seconds=STEPS)
    def pass_time(self, *, seconds: int) -> None:
        self.world.clock.advance(seconds=seconds)

    @rule(worker=WORKER)
    def end_expired(self, *, worker: Worker) -> None:
        self.world.end_expired(worker=worker)
        now = self.world.clock.now()
        late = [row for row in self.world.rows() if row.state == "open" and row.expires_at <= now]
        assert worker.fate == BEFORE or not late, late

    @rule(what=st.sampled_from(["cut", "cut", "mend", "lose"]))
    def fail(self, *, what: str) -> None:
        """Something happens to Redis."""
        {"cut": self.world.cut, "mend": self.world.mend, "lose": self.world.link.client.flushdb}[what]()

    @invariant()
    def all_is_right(self) -> None:
        records, now = self.world.records(), self.world.clock.now()
        lies = [*lies_of_sessions(records, now), *lies_of_orders(records), *lies_of_copies(records)]
        lies += [lie for view in records.stored.values() for lie in self._lies_of_events(view)]
        lies += [lie for row in records.rows if row.state != "open" for lie in self._lies_of_end(row)]
        assert not lies, "\n".join(lies)

    def _lies_of_end(self, row: Any) -> Iterator[str]:
        """What has ended stays as it ended; of a deal it is noted which order uses it."""
        now = tuple(getattr(row, name) for name in UNCHANGED)
        version = () if row.state == "accepted" else (row.version,)
        if self.ended.setdefault(row.id, now + version) != now + version:
            yield f"{row.id} ended as {self.ended[row.id]} and is {now + version}"

    def _lies_of_events(self, view: SessionView) -> Iterator[str]:
        """Who reads the events of a session later finds those they know at the beginning."""
        events, known = view.events, self.told.get(view.id, ())
        if events[: len(known)] != known:
            yield f"{view.id} told {known} and tells {events}"
        if [one.number for one in events] != [*range(1, len(events) + 1)]:
            yield f"{view.id} has gaps in its events: {events}"
        self.told[view.id] = events

    def _is_running(self, row: Any) -> bool:
        return row.state == "open" and self.world.clock.now() < row.expires_at

    def teardown(self) -> None:
        with self.stack:
            self.seen["lives"] += 1
            self.seen["offers"] += sum(row.attempts_used for row in self.world.rows())
            for row in self.world.rows():
                self.seen[f"sessions {row.state}"] += 1
            for name, number in self.world.refusals.items():
                self.seen[f"refused by {name}"] += number
            self.world.refusals.clear()


def _amount(row: Any, wish: int | str) -> int:
    """A wish in minor units."""
    last = row.offer_minor or 1
    named = {
        "last": last,
        "less": max(1, last - 1),
        "more": last + 1,
        "counter": row.counter_minor or row.list_minor,
        "floor": max(1, row.floor_minor - 1),
        "list": row.list_minor,
    }
    return named[wish] if isinstance(wish, str) else max(1, row.list_minor * wish // 100)


def _is_answer(world: Haggling, before: Any, after: Any, minor: int, view: SessionView) -> bool:
    """Whether an offer that was answered could be answered so."""
    if view.state is State.EXPIRED:
        return bool(world.clock.now() >= before.expires_at and after.attempts_used == before.attempts_used)
    standing = before.list_minor if before.counter_minor is None else before.counter_minor
    if minor >= standing:
        return bool(view.state is State.ACCEPTED and after.final_minor == standing)
    is_higher = before.offer_minor is None or minor > before.offer_minor
    is_counted = after.attempts_used == before.attempts_used + 1 and after.offer_minor == minor
    is_dear = after.final_minor is not None and after.final_minor > minor
    return bool(is_higher and is_counted and not is_dear)
