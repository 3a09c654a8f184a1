"""Bargains in every order of events that Hypothesis thinks of; `python -m bench bargain_lives` thinks longer."""

from flask import Flask
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.fakes.clock import FakeClock
from tests.storm.haggling import Haggling
from tests.storm.haggling_machine import Bargain

RUNS = settings(
    max_examples=15,
    stateful_step_count=20,
    deadline=None,
    # The same lives every time: `python -m bench bargain_lives` looks for new ones.
    derandomize=True,
    database=None,
    suppress_health_check=list(HealthCheck),
    phases=(Phase.generate,),
)


def test_whatever_happens_no_price_is_below_the_floor_and_no_bargain_has_two_ends(
    app: Flask, shared_clock: FakeClock
) -> None:
    Bargain.world = Haggling.build(app, shared_clock)

    run_state_machine_as_test(Bargain, settings=RUNS)
