"""Random lives of a state machine, in as many processes as there are processors, each with its own stores."""

import os
import time
import traceback
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import RuleBasedStateMachine, run_state_machine_as_test

Seen = tuple[Counter[str], bool]
"""How often what happened, `lives` among it, and whether something was wrong."""


def live_everywhere(run: Callable[[int, int], Seen], *, lives: int, steps: int, fault: str) -> int:
    """Call `run(number, share)` in each process and say what happened; 1 when something was wrong in one.

    `fault` names what may be wrong, in the last line.
    """
    processes = os.cpu_count() or 1
    shares = [len(range(number, lives, processes)) for number in range(processes)]
    started = time.monotonic()
    with ProcessPoolExecutor(processes, mp_context=get_context("spawn")) as pool:
        runs = list(pool.map(run, range(processes), shares))
    seconds = time.monotonic() - started
    seen: Counter[str] = Counter()
    for one, _ in runs:
        seen.update(one)
    wrong = sum(wrong for _, wrong in runs)
    print(f"{seen.pop('lives')} lives of up to {steps} events in {seconds:.0f} s, {processes} at a time")
    for what, number in sorted(seen.items()):
        print(f"{what}: {number:,}")
    print(f"processes in which {fault} was wrong: {wrong}")
    return 1 if wrong else 0


def live(machine: type[RuleBasedStateMachine], *, lives: int, steps: int) -> bool:
    """Let a machine live so often; whether something was wrong, which is then shown."""
    run = settings(
        max_examples=lives,
        stateful_step_count=steps,
        deadline=None,
        database=None,
        phases=(Phase.generate,),
        suppress_health_check=list(HealthCheck),
    )
    try:
        run_state_machine_as_test(machine, settings=run)
    except Exception as error:  # noqa: BLE001 (whatever it is, it is shown with what led to it)
        traceback.print_exception(error, limit=-3)
        print(*getattr(error, "__notes__", ()), sep="\n")
        return True
    return False
