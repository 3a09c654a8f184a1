"""Payments in every order of events that Hypothesis thinks of; `python -m bench payments` thinks longer."""

from flask import Flask
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from backend.local_stripe.local import LocalStripe
from tests.fakes.clock import FakeClock
from tests.storm.machine import Market
from tests.storm.world import World

RUNS = settings(
    max_examples=6,
    stateful_step_count=15,
    deadline=None,
    # The same lives every time: `python -m bench payments` looks for new ones.
    derandomize=True,
    database=None,
    suppress_health_check=list(HealthCheck),
    phases=(Phase.generate, Phase.shrink),
)


def test_whatever_happens_no_cent_is_lost_and_none_is_charged_twice(
    app: Flask, shared_clock: FakeClock, local_stripe: LocalStripe
) -> None:
    Market.world = World.build(app, shared_clock, local_stripe)

    run_state_machine_as_test(Market, settings=RUNS)
