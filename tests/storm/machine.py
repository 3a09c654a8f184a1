"""The market as a state machine: Hypothesis chooses what happens, in any order."""

from collections import Counter
from contextlib import ExitStack
from typing import Any, ClassVar

import hypothesis.strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule

from backend.local_stripe.faults import Moment
from tests.storm.truths import ALL, lies, settle
from tests.storm.world import ASKING, DECLINED, GOOD, Wish, World

KINDS = st.sampled_from(["instant", "request", "deposit"])
NUMBERS = st.integers(0, 7)
CARDS = st.sampled_from([GOOD, GOOD, GOOD, GOOD, DECLINED, ASKING])
# Requests that change something at the gateway.
PATHS = st.sampled_from(
    [
        "/v1/payment_intents",
        "/v1/payment_intents/[^/]+/confirm",
        "/v1/payment_intents/[^/]+/capture",
        "/v1/payment_intents/[^/]+/cancel",
        "/v1/refunds",
        "/v1/transfers",
        "/v1/transfers/[^/]+/reversals",
        "/v1/customers",
    ]
)
# Minutes, mostly.
STEPS = st.sampled_from([2, 2, 2, 2, 2, 16, 13 * 60, 49 * 60, 27 * 24 * 60])


class Market(RuleBasedStateMachine):
    """One run over `world`, which is set before it begins."""

    world: ClassVar[World]
    seen: ClassVar[Counter[str]] = Counter()

    def __init__(self) -> None:
        super().__init__()
        self.stack = ExitStack()
        self.stack.enter_context(self.world.run())

    def pick(self, number: int, *found: Any) -> Any:
        """One of what there is."""
        return found[number % len(found)]

    @initialize(
        units=st.integers(0, 2),
        kinds=st.sets(KINDS, min_size=1),
        coupon=st.booleans(),
        is_confirmed=st.integers(0, 3),
    )
    def first(self, *, units: int, kinds: set[str], coupon: bool, is_confirmed: int) -> None:
        """Lives without a payment are dull: most begin with one that was made."""
        self.buy(customer=0, units=units, kinds=kinds, slot=0, coupon=coupon)
        if is_confirmed:
            self.confirm(number=0, card=GOOD)

    @rule(
        customer=st.integers(0, 1),
        units=st.integers(0, 2),
        kinds=st.sets(KINDS),
        slot=st.integers(0, 2),
        coupon=st.booleans(),
    )
    def buy(self, *, customer: int, units: int, kinds: set[str], slot: int, coupon: bool) -> None:
        parties = {"instant": 1, "request": 10, "deposit": 2}
        slots = tuple((self.world.slots[kind][slot], parties[kind]) for kind in sorted(kinds))
        if units or slots:
            self.world.check_out(customer, Wish(units, slots, coupon))

    @rule(kind=KINDS, slot=st.integers(0, 2), asks=st.booleans())
    def book(self, *, kind: str, slot: int, asks: bool) -> None:
        party = {"instant": 1, "request": 10, "deposit": 2}[kind]
        self.world.book(1, self.world.slots[kind][slot], party, as_request=asks)

    @rule(number=NUMBERS)
    def initiate(self, *, number: int) -> None:
        if found := self.world.payments(*ALL):
            self.world.initiate(self.pick(number, *found))

    @rule(number=NUMBERS, card=CARDS)
    def confirm(self, *, number: int, card: str) -> None:
        if found := self.world.payments("new", "awaiting"):
            self.world.confirm(self.pick(number, *found), card)

    @rule(number=NUMBERS, card=CARDS)
    def confirm_in_browser(self, *, number: int, card: str) -> None:
        if found := [one for one in self.world.payments(*ALL) if one.intent_id and one.due_on is None]:
            self.world.pay_in_browser(self.pick(number, *found), card)

    @rule(number=NUMBERS, succeeds=st.booleans())
    def authenticate(self, *, number: int, succeeds: bool) -> None:
        if found := [one for one in self.world.payments("awaiting") if one.intent_id]:
            self.world.authenticate(self.pick(number, *found), succeeds=succeeds)

    @rule(number=NUMBERS)
    def verify(self, *, number: int) -> None:
        if found := self.world.payments(*ALL):
            self.world.verify(self.pick(number, *found))

    @rule(number=st.integers(0, 40), times=st.integers(1, 2))
    def deliver(self, *, number: int, times: int) -> None:
        for _ in range(times):
            self.world.deliver(number)

    @rule(number=NUMBERS, decision=st.sampled_from(["approve", "decline"]))
    def answer(self, *, number: int, decision: str) -> None:
        if found := self.world.bookings("pending_approval"):
            self.world.answer(self.pick(number, *found), decision)

    @rule(number=NUMBERS)
    def cancel_booking(self, *, number: int) -> None:
        if found := self.world.bookings("pending_payment", "pending_approval", "confirmed"):
            self.world.cancel_booking(self.pick(number, *found))

    @rule(number=NUMBERS)
    def cancel_order(self, *, number: int) -> None:
        if found := self.world.orders("placed", "authorised", "paid"):
            self.world.cancel_order(self.pick(number, *found))

    @rule(number=NUMBERS, which=NUMBERS, share=st.integers(0, 2))
    def refund(self, *, number: int, which: int, share: int) -> None:
        if found := self.world.payments("paid"):
            payment = self.pick(number, *found)
            self.world.refund(payment, self.pick(which, *self.world.parts(payment)), share)

    @rule(number=NUMBERS)
    def dispute(self, *, number: int) -> None:
        if found := [one for one in self.world.payments("paid") if not one.refunded_minor]:
            self.world.dispute(self.pick(number, *found))

    @rule(number=NUMBERS, status=st.sampled_from(["won", "lost"]))
    def decide(self, *, number: int, status: str) -> None:
        self.world.decide(number, status)

    @rule(minutes=STEPS)
    def pass_time(self, *, minutes: int) -> None:
        self.world.pass_time(minutes=minutes)

    @rule()
    def tick(self) -> None:
        self.world.tick()

    @rule(number=NUMBERS)
    def run_job(self, *, number: int) -> None:
        self.world.run_job(number)

    @rule()
    def run_jobs(self) -> None:
        self.world.run_jobs_once()

    @rule(number=NUMBERS)
    def lose_job(self, *, number: int) -> None:
        """A worker dies with it; what was planned is found by the sweep."""
        jobs = [job for job in self.world.jobs() if job.task_name != "payments.handle_event"]
        if jobs:
            self.world.lose_job(self.pick(number, *jobs).id)

    @rule(path=PATHS, moment=st.sampled_from([Moment.BEFORE, Moment.AFTER, Moment.AFTER, Moment.BUSY]))
    def fail(self, *, path: str, moment: Moment) -> None:
        self.world.fail(path, moment)

    @rule()
    def onboard(self) -> None:
        """What was earned by a provider without an account is passed on from now on."""
        self.world.onboard("deposit")

    def teardown(self) -> None:
        with self.stack:
            settle(self.world)
            self.count()
            if found := lies(self.world):
                raise AssertionError("\n".join(found))

    def count(self) -> None:
        """Add up what happened in this life."""
        self.seen["lives"] += 1
        for kind in ("payment_intent", "refund", "transfer", "dispute"):
            self.seen[f"{kind}s at the gateway"] += len(self.world.gateway_objects(kind))
        self.seen["refusals"] += len(self.world.refusals)
        for payment in self.world.payments(*ALL):
            self.seen[f"payments {payment.state}"] += 1
