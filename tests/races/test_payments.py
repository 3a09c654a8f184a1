"""Several who work on one payment at the same instant, each in a transaction of their own."""

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from backend.local_stripe.faults import Moment
from tests.conftest import Stores
from tests.races.deaths import Ward, ward
from tests.races.mortal import POINTS
from tests.storm.truths import lies, settle
from tests.storm.world import GOOD, World

# Slow machines take long to start processes.
pytestmark = pytest.mark.timeout(300)

LONGEST_WAIT = 60


@pytest.fixture
def here(own_stores: Stores) -> Iterator[Ward]:
    with ward(own_stores) as found:
        yield found


@pytest.fixture
def world(here: Ward) -> World:
    """A market whose providers can be paid."""
    found = World.build(here.world.app, here.world.clock, here.world.local)
    for kind in ("instant", "request", "deposit"):
        found.onboard(kind)
    return found


def booked(world: World, kind: str = "instant", *, party: int = 1) -> Any:
    """The payment of a booking that waits for it, opened at the gateway."""
    world.book(0, world.slots[kind][0], party, as_request=False)
    (payment,) = world.payments("new")
    world.initiate(payment)
    (payment,) = world.payments("awaiting")
    return payment


def at_once(*acts: Callable[[], object]) -> None:
    """Do all of them from the same instant on, and again: no one waits for another for ever."""
    start = threading.Barrier(len(acts))

    def go(act: Callable[[], object]) -> None:
        start.wait(LONGEST_WAIT)
        act()

    with ThreadPoolExecutor(len(acts)) as pool:
        for done in [pool.submit(go, act) for act in acts]:
            done.result(LONGEST_WAIT)


def ended(world: World) -> dict[str, int]:
    """What is at the gateway when all has settled, and no book is wrong."""
    settle(world)
    assert lies(world) == []
    paid = [one for one in world.gateway_objects("payment_intent") if one["status"] == "succeeded"]
    refunds = sum(one["amount"] for one in world.gateway_objects("refund"))
    return {"received": sum(one["amount_received"] for one in paid), "refunded": refunds}


class TestOnePayment:
    def test_is_confirmed_once_by_two_clients_at_once(self, world: World) -> None:
        payment = booked(world)

        at_once(*[lambda: world.confirm(payment, GOOD)] * 2)

        assert ended(world) == {"received": payment.amount_minor, "refunded": 0}
        assert world.bookings("confirmed")

    def test_is_right_when_its_event_is_handled_before_the_answer_comes(self, world: World) -> None:
        payment = booked(world)
        world.fail("/v1/payment_intents/[^/]+/confirm", Moment.AFTER)

        world.confirm(payment, GOOD)
        world.deliver_rest()
        world.run_jobs()
        (paid,) = world.payments("paid")
        world.confirm(payment, GOOD)

        assert paid.id == payment.id
        assert ended(world) == {"received": payment.amount_minor, "refunded": 0}

    def test_is_booked_once_by_its_event_and_by_who_asks_at_once(self, world: World) -> None:
        payment = booked(world)
        world.pay_in_browser(payment, GOOD)
        world.deliver_rest()

        at_once(world.run_jobs_once, lambda: world.verify(payment), lambda: world.verify(payment))

        assert ended(world) == {"received": payment.amount_minor, "refunded": 0}

    def test_is_either_paid_or_given_up_when_its_time_ends_as_it_is_made(self, world: World) -> None:
        payment = booked(world)
        world.pass_time(minutes=14, seconds=59)
        expiry = World(world.app, world.clock, world.local)

        def expire() -> None:
            world.clock.advance(seconds=2)
            expiry.tick()
            expiry.run_jobs_once()

        at_once(expire, lambda: world.confirm(payment, GOOD))

        assert ended(world)["received"] in {0, payment.amount_minor}

    def test_gives_back_no_more_than_was_paid_to_two_who_refund_at_once(self, world: World) -> None:
        payment = booked(world)
        world.confirm(payment, GOOD)
        (part,) = world.parts(payment)

        at_once(*[lambda: world.refund(payment, part, 1)] * 3)

        assert ended(world) == {"received": payment.amount_minor, "refunded": payment.amount_minor}
        assert world.refusals.count("RefundTooHighError") + world.refusals.count("NothingPaidError") == 2

    def test_of_a_request_is_taken_or_let_go_when_both_sides_answer_at_once(self, world: World) -> None:
        payment = booked(world, "request", party=10)
        world.confirm(payment, GOOD)
        (booking,) = world.bookings("pending_approval")

        at_once(lambda: world.answer(booking, "approve"), lambda: world.cancel_booking(booking))
        world.run_jobs()

        money = ended(world)
        assert money["received"] == money["refunded"]
        assert not world.bookings("pending_approval")


class TestAKilledProcess:
    @pytest.mark.parametrize(("kind", "point"), [("capture", 2), ("refund", 2)])
    def test_neither_loses_nor_doubles_anything(self, here: Ward, kind: str, point: int) -> None:
        found = here.death(kind, point)

        assert found == [], POINTS[point]
