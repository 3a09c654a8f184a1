"""Customers whose true inclinations are known, and what they do: the measure of facts about behaviour.

It shares nothing with the formulas that it judges: customers come at random times, go through the steps
of a visit with chances of their own, and buy by a logistic of how keen they are at that time.
"""

import math
import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby
from operator import itemgetter

from backend.infra.events import Touch

DAY = timedelta(days=1)
# The way of a visit, and the chance of an average customer to go on from each step to the next.
WAY = (("product.viewed", 0.3), ("quote.made", 0.4), ("cart.added", 0.3), ("order.placed", 0.0))
BARGAINERS = 0.3


@dataclass(frozen=True)
class Life:
    """A customer and all that they did, oldest first."""

    user_id: str
    keenness: float
    phases: list[tuple[datetime, datetime]]
    touches: list[Touch]

    def is_interested(self, at: datetime) -> bool:
        """Whether they are in a phase of interest: what nobody but this file knows."""
        return any(start <= at < end for start, end in self.phases)

    def do(self, name: str, *, after: datetime, within: timedelta) -> bool:
        """Whether they do so in time."""
        return any(one.name == name and after < one.at <= after + within for one in self.touches)


def lives(seed: int, *, customers: int, start: datetime, days: int) -> Iterator[Life]:
    """Customers of all kinds over some days."""
    for number in range(customers):
        one = random.Random(f"{seed} {number}")
        yield _life(f"usr_{seed:03}{number:08}", one, start, days)


def _life(user_id: str, one: random.Random, start: datetime, days: int) -> Life:
    keenness = one.gauss(0, 1.2)
    # Interest comes in phases of days to weeks, in which visits follow each other.
    touches: list[Touch] = []
    phases = []
    at = start + one.random() * 20 * DAY
    while at < start + days * DAY:
        mood = keenness + one.gauss(0, 0.7)
        begins, ends = at, at + one.expovariate(1 / 12) * DAY
        while at < ends:
            visit = _visit(one, at, mood)
            touches += visit
            if visit[-1].name == "order.placed":
                ends = visit[-1].at
            at += one.expovariate(1 / 2) * DAY
        phases.append((begins, ends))
        at = ends + one.expovariate(1 / 40) * DAY
    return Life(user_id, keenness, phases, sorted(touches, key=lambda touch: touch.at))


def _visit(one: random.Random, at: datetime, mood: float) -> list[Touch]:
    done = []
    for name, chance in WAY:
        done.append(Touch(name, at))
        at += timedelta(minutes=1 + one.expovariate(1 / 5))
        if name == "quote.made" and one.random() < BARGAINERS:
            done.append(Touch("bargain.started", at))
            at += timedelta(minutes=4)
        if one.random() >= _shifted(chance, mood):
            break
    return done


def _shifted(chance: float, mood: float) -> float:
    """A chance made larger or smaller on the scale of log odds."""
    return 0.0 if not chance else 1 / (1 + (1 - chance) / chance * math.exp(-mood))


def auc(scored: list[tuple[float, bool]]) -> float:
    """The chance that one who bought has a higher score than one who did not; ties count half."""
    wins = below = 0.0
    for _, tied in groupby(sorted(scored), key=itemgetter(0)):
        outcomes = [bought for _, bought in tied]
        buyers, others = sum(outcomes), len(outcomes) - sum(outcomes)
        wins += buyers * (below + others / 2)
        below += others
    return wins / (below * (len(scored) - below))


def brier(forecasts: list[tuple[float, bool]]) -> float:
    """The mean squared error of probabilities."""
    return sum((chance - bought) ** 2 for chance, bought in forecasts) / len(forecasts)


def calibration_error(forecasts: list[tuple[float, bool]], *, bins: int = 10) -> float:
    """The expected calibration error over bins of equally many forecasts."""
    ranked = sorted(forecasts, key=itemgetter(0))
    size = -(-len(ranked) // bins)
    chunks = [ranked[i : i + size] for i in range(0, len(ranked), size)]
    gaps = [abs(sum(c for c, _ in chunk) - sum(b for _, b in chunk)) for chunk in chunks]
    return sum(gaps) / len(ranked)
