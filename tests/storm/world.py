"""A small market with its customers, its gateway and its worker, in which anything may happen in any order.

Every verb is one request, one job or one act at the gateway, in a transaction of its own. What a customer
may be refused is refused quietly; what must never be raised is raised.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any, Final

import svcs
from flask import Flask
from sqlalchemy import text
from werkzeug.test import Client

from backend import wiring
from backend.domains.availability.service import AvailabilityService
from backend.domains.bookings.access import Actor
from backend.domains.bookings.jobs import lapse_unanswered
from backend.domains.bookings.lifecycle import BookingLifecycle
from backend.domains.bookings.service import BookingService
from backend.domains.checkout.carts import CartOwner, CartStore
from backend.domains.checkout.contents import Contents
from backend.domains.checkout.orders import OrderService
from backend.domains.checkout.placing import Checkout, CheckoutWish
from backend.domains.payments import states
from backend.domains.payments.accounts import PayoutAccounts
from backend.domains.payments.gateway import GatewayDownError
from backend.domains.payments.intents import MismatchError
from backend.domains.payments.jobs import look_at_unsettled, sweep
from backend.domains.payments.opening import PaymentDesk
from backend.domains.payments.returns import PaymentReturns
from backend.domains.pricing.service import QuoteService
from backend.domains.pricing.shipping import PICKUP
from backend.infra.clock import Clock
from backend.infra.postgres import db
from backend.kernel.errors import ClimbUpError
from backend.kernel.money import Money
from backend.local_stripe.faults import Moment
from backend.local_stripe.local import LocalStripe
from tests.conftest import NOW
from tests.factories.bookings import Shop, make_class, make_consultant
from tests.factories.catalog import make_retail
from tests.factories.coupons import make_coupon
from tests.factories.identity import make_user
from tests.factories.payments import AUTH, authenticate, decide, dispute, onboard, posting
from tests.fakes.clock import FakeClock
from tests.storm.connection import connection_of
from tests.storm.records import Records

GOOD: Final = "pm_card_visa"
DECLINED: Final = "pm_card_chargeDeclined"
ASKING: Final = "pm_card_authenticationRequired"
STOCK: Final = 6
# Errors that no order of events may bring about.
NEVER: Final = (MismatchError, states.TransitionError)
ARRIVED: Final = 200
BACK: Final = "https://shop.example/back"


@dataclass(frozen=True, slots=True)
class Wish:
    """What somebody puts into a cart: units of the goods, and slots with their parties."""

    units: int = 0
    slots: tuple[tuple[str, int], ...] = ()
    coupon: bool = False


@dataclass
class World(Records):
    """What stands: customers, two providers with an account at the gateway and one without, and goods."""

    app: Flask
    clock: FakeClock
    local: LocalStripe
    customers: list[str] = field(default_factory=list)
    shops: dict[str, Shop] = field(default_factory=dict)
    slots: dict[str, list[str]] = field(default_factory=dict)
    goods: str = ""
    coupon: str = ""
    refusals: list[str] = field(default_factory=list)
    delivered: set[str] = field(default_factory=set)

    @classmethod
    def build(cls, app: Flask, clock: FakeClock, local: LocalStripe) -> "World":
        """Make everything that stays the same in all runs. Needs an application context."""
        world = cls(app, clock, local)
        world.customers = [make_user().id for _ in range(2)]
        world.shops = {
            "instant": make_consultant(),
            "request": make_class(seats=20),
            "deposit": make_class(seats=20, category="tours"),
        }
        ahead = {"instant": 3, "request": 5, "deposit": 40}
        world.slots = {
            kind: world.slots_on(shop, clock.now().date() + timedelta(days=ahead[kind]))
            for kind, shop in world.shops.items()
        }
        world.goods = make_retail(stock=STOCK).id
        world.coupon = make_coupon().code
        return world

    def slots_on(self, shop: Shop, day: date) -> list[str]:
        """The slots of a shop on a day."""
        found = svcs.flask.get(AvailabilityService).slots(
            provider_ids=[shop.provider.id],
            first=day,
            last=day + timedelta(days=1),
            party=1,
            now=self.clock.now(),
        )
        return [slot.id for slot in found][:3]

    @contextmanager
    def run(self) -> Iterator["World"]:
        """One life of the market: at its end everything is undone."""
        self.clock.set(NOW)
        self.local.clear()
        self.refusals.clear()
        self.delivered.clear()
        before = db.engines[None]
        with connection_of(before) as connection:
            transaction = connection.begin_nested() if connection.in_transaction() else connection.begin()
            db.engines[None] = connection
            try:
                for kind in ("instant", "request"):
                    self.onboard(kind)
                yield self
            finally:
                db.session.remove()
                db.engines[None] = before
                transaction.rollback()

    # Requests

    def check_out(self, customer: int, wish: Wish) -> None:
        """Order a cart, to be paid by card."""
        owner = CartOwner(self.customers[customer], None)

        def fill(before: Contents) -> Contents:
            cart = before.emptied()
            for slot_id, party in wish.slots:
                cart = cart.with_slot(slot_id, party)
            if wish.units:
                cart = cart.with_product(self.goods, wish.units)
            return cart.with_codes([self.coupon] if wish.coupon else [])

        def act() -> None:
            svcs.flask.get(CartStore).change(owner, fill)
            svcs.flask.get(Checkout).place(
                owner=owner,
                user_id=self.customers[customer],
                wish=CheckoutWish(payment_method="card", shipping_option=PICKUP, contact={}),
                now=self.clock.now(),
            )

        self.request(act)

    def book(self, customer: int, slot_id: str, party: int, *, as_request: bool) -> None:
        """Book a slot by itself, to be paid by card."""
        user_id, now = self.customers[customer], self.clock.now()

        def act() -> None:
            quote = svcs.flask.get(QuoteService).make(
                user_id=user_id, slot_id=slot_id, party=party, currency=None, now=now
            )
            svcs.flask.get(BookingService).book(
                user_id=user_id,
                quote_token=quote.token,
                payment_method="card",
                contact={},
                max_total=None,
                now=now,
                as_request=as_request,
            )

        self.request(act)

    def initiate(self, payment: Any) -> None:
        """The customer opens the page on which they pay."""
        self.request(lambda: self._desk().open(**self._who(payment)))

    def confirm(self, payment: Any, card: str) -> None:
        """The customer pays through us."""
        self.request(lambda: self._desk().confirm(**self._who(payment), payment_method=card, return_url=BACK))

    def verify(self, payment: Any) -> None:
        """The customer asks how it went."""
        self.request(lambda: self._desk().verify(**self._who(payment)))

    def answer(self, booking: Any, decision: str) -> None:
        """The provider answers for a request."""
        self.request(
            lambda: svcs.flask.get(BookingLifecycle).respond(
                booking_id=booking.id,
                decision=decision,
                reason="",
                actor=Actor("staff", is_staff=True),
                now=self.clock.now(),
            )
        )

    def cancel_booking(self, booking: Any) -> None:
        """The customer cancels a booking."""
        self.request(
            lambda: svcs.flask.get(BookingLifecycle).cancel(
                booking_id=booking.id, actor=Actor(booking.user_id), version=None, now=self.clock.now()
            )
        )

    def cancel_order(self, order: Any) -> None:
        """The customer cancels an order."""
        self.request(
            lambda: svcs.flask.get(OrderService).cancel(
                order_id=order.id, actor=Actor(order.user_id), version=None, now=self.clock.now()
            )
        )

    def refund(self, payment: Any, part: Any, share: int) -> None:
        """Staff give a part, or half of it, or all back."""
        amount = Money(max(1, part.amount_minor // share), payment.currency) if share else None
        self.request(
            lambda: svcs.flask.get(PaymentReturns).refund(
                payment_id=payment.id,
                part=part.part if share else None,
                amount=amount,
                reason="Sorry.",
                actor_id=payment.user_id,
                now=self.clock.now(),
            )
        )

    # The gateway and the people at it

    def pay_in_browser(self, payment: Any, card: str) -> None:
        """The customer pays at the gateway, of which we are not told; perhaps they are not, either."""
        path = f"/v1/payment_intents/{payment.intent_id}/confirm"
        form = {"payment_method": card, "return_url": BACK}
        Client(self.local.app).post(path, data=form, headers=AUTH)

    def authenticate(self, payment: Any, *, succeeds: bool) -> None:
        """The customer answers their bank's question, if there is one."""
        intent = self.gateway_object("payment_intent", payment.intent_id)
        if intent["status"] == "requires_action":
            action = intent["next_action"]
            url = (action.get("redirect_to_url") or {}).get("url") or action["use_stripe_sdk"]["stripe_js"]
            authenticate(self.local, url, succeeds=succeeds)

    def dispute(self, payment: Any) -> None:
        """The customer's bank takes the payment back."""
        if not self.gateway_objects("dispute", payment_intent=payment.intent_id):
            dispute(self.local, payment.intent_id)

    def decide(self, number: int, status: str) -> None:
        """A bank decides."""
        waiting = [one for one in self.gateway_objects("dispute") if one["status"] == "needs_response"]
        if waiting:
            decide(self.local, waiting[number % len(waiting)]["id"], status)

    def deliver(self, number: int) -> None:
        """One of all events arrives, perhaps not for the first time."""
        if events := self.local.events():
            self._deliver(events[number % len(events)]["id"])

    def deliver_rest(self) -> None:
        """All events arrive that did not yet."""
        for event in self.local.events():
            if event["id"] not in self.delivered:
                self._deliver(event["id"])

    def _deliver(self, event_id: str) -> None:
        sent = self.local.deliver(event_id, post=self._post)
        assert sent.status == ARRIVED, sent
        self.delivered.add(event_id)

    def onboard(self, kind: str) -> None:
        """A provider completes their account at the gateway."""
        provider = self.shops[kind].provider.id

        def act() -> None:
            accounts = svcs.flask.get(PayoutAccounts)
            made = accounts.onboard(
                owner=f"provider:{provider}",
                email="p@example.com",
                country="FR",
                return_url=BACK,
                refresh_url=BACK,
            )
            assert made.account.account_id is not None
            onboard(self.local, made.account.account_id)
            accounts.refresh(account_id=made.account.account_id)

        self.request(act)

    def fail(self, path: str, moment: Moment) -> None:
        """The next request to the gateway of this kind goes wrong."""
        self.local.fail(path, moment)

    # Time and the worker

    def pass_time(self, **step: float) -> None:
        """So much time passes."""
        self.clock.advance(**step)

    def tick(self) -> None:
        """What runs every few minutes runs."""
        for run in (sweep, look_at_unsettled, lapse_unanswered):
            self.job(run)

    def jobs(self) -> list[Any]:
        """The jobs of payments that are due."""
        return self.rows(
            "SELECT id, task_name, args FROM procrastinate_jobs WHERE status = 'todo'"
            " AND task_name LIKE 'payments.%' AND (scheduled_at IS NULL OR scheduled_at <= :now) ORDER BY id",
            now=self.clock.now(),
        )

    def run_job(self, number: int) -> None:
        """One of the jobs runs; when the gateway does not answer, it stays."""
        if due := self.jobs():
            job = due[number % len(due)]
            tasks = {task.name: task.run for task in wiring.tasks()}
            if self.job(lambda: tasks[job.task_name](**job.args)):
                self.lose_job(job.id)

    def run_jobs(self) -> None:
        """All jobs run, with those that follow from them."""
        for _ in range(200):
            if not self.jobs():
                return
            self.run_job(0)
        raise AssertionError(f"There is no end of jobs: {self.jobs()}")

    def run_jobs_once(self) -> None:
        """What is due now runs; another worker may be at it, too."""
        for _ in self.jobs():
            self.run_job(0)

    def lose_job(self, job_id: int) -> None:
        """A job is gone: it is done, or its worker died."""
        with self.app.app_context():
            db.session.execute(text("DELETE FROM procrastinate_jobs WHERE id = :id"), {"id": job_id})
            db.session.commit()

    def request(self, act: Callable[[], object]) -> None:
        """Do it as the web shell does: commit, or roll back what is refused."""
        with self.app.app_context():
            try:
                act()
                db.session.commit()
                self._require_sound()
            except NEVER:
                raise
            except ClimbUpError as error:
                db.session.rollback()
                self.refusals.append(type(error).__name__)

    def job(self, act: Callable[[], object]) -> bool:
        """Do it as the worker does; whether the gateway answered."""
        with self.app.app_context():
            try:
                act()
                db.session.commit()
                self._require_sound()
            except GatewayDownError:
                db.session.rollback()
                return False
            return True

    def _require_sound(self) -> None:
        """What the database checks at a real commit is checked now."""
        db.session.execute(text("SET CONSTRAINTS ALL IMMEDIATE"))
        db.session.execute(text("SET CONSTRAINTS ALL DEFERRED"))
        db.session.commit()

    def _desk(self) -> PaymentDesk:
        return svcs.flask.get(PaymentDesk)

    def _who(self, payment: Any) -> dict[str, Any]:
        now = svcs.flask.get_abstract(Clock).now()
        return {"payment_id": payment.id, "user_id": payment.user_id, "now": now}

    def _post(self, url: str, body: bytes, headers: dict[str, str]) -> int:
        return posting(self.app.test_client())(url, body, headers)
