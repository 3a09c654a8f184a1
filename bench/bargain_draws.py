"""Populations drawn by a seed: distributions of values of many families, and mixtures of kinds of customers.

Nothing of the negotiator was set for one of them; `python -m bench.bargain many` looks at twelve.
"""

from dataclasses import replace
from random import Random
from typing import Final

from bench.bargain_buyers import FRESH_KINDS, KINDS, Kind
from bench.bargain_values import (
    Reaches,
    Values,
    exponential,
    logistic,
    lognormal,
    mixed,
    normal,
    pareto,
    triangle,
    uniform,
    weibull,
)

FAMILIES: Final = 10
STRATEGIC: Final = (8, 30)


def distributions(seed: int) -> list[Values]:
    """Ten families of those below, each with parameters of its own."""
    rng = Random(f"values {seed}")
    drawn = {
        "uniform": uniform(rng.uniform(0.1, 0.6), rng.uniform(0.85, 1.6)),
        "normal": normal(rng.uniform(0.65, 1.1), rng.uniform(0.06, 0.3)),
        "lognormal": lognormal(rng.uniform(0.65, 1.1), rng.uniform(0.15, 0.5)),
        "exponential": exponential(rng.uniform(0.3, 0.7), rng.uniform(0.1, 0.4)),
        "heavy tail": pareto(rng.uniform(0.45, 0.7), rng.uniform(1.3, 3.5)),
        "weibull": weibull(rng.uniform(0.75, 1.1), rng.uniform(1.5, 6)),
        "logistic": logistic(rng.uniform(0.65, 0.95), rng.uniform(0.03, 0.12)),
        "triangle": triangle(rng.uniform(0.2, 0.6), rng.uniform(0.65, 0.85), rng.uniform(0.9, 1.5)),
        "narrow": normal(rng.uniform(0.72, 0.97), rng.uniform(0.01, 0.04)),
        "two hills": _hills(rng, 2),
        "three hills": _hills(rng, 3),
        "prices of others": _points(rng, rng.randint(2, 4)),
        "round numbers": _points(rng, 8),
        "most below the floor": mixed(
            (share := rng.uniform(0.5, 0.8), uniform(0.0, 0.4)),
            (1 - share, normal(rng.uniform(0.8, 1.0), 0.1)),
        ),
        "some rich": mixed(
            (share := rng.uniform(0.6, 0.85), lognormal(0.7, 0.2)), (1 - share, lognormal(1.5, 0.3))
        ),
        "far out on both sides": mixed(
            (0.7, normal(rng.uniform(0.7, 0.95), 0.05)), (0.3, uniform(0.0, rng.uniform(1.5, 3.0)))
        ),
    }
    return [Values(name, drawn[name]) for name in sorted(rng.sample(sorted(drawn), FAMILIES))]


def kinds(seed: int) -> list[Kind]:
    """All kinds of customers, in shares that differ from seed to seed; a tenth to a third are strategic."""
    rng = Random(f"kinds {seed}")
    known = {kind.name: kind for kind in (*KINDS, *FRESH_KINDS)}
    strategic = rng.uniform(*STRATEGIC)
    weights = {name: rng.expovariate(1.0) for name in known}
    for group, whole in ((True, strategic), (False, 100 - strategic)):
        names = [name for name in known if known[name].is_strategic == group]
        total = sum(weights[name] for name in names)
        weights |= {name: whole * weights[name] / total for name in names}
    return [replace(kind, share=round(weights[name])) for name, kind in known.items() if round(weights[name])]


def _hills(rng: Random, count: int) -> Reaches:
    weights = [rng.uniform(0.5, 1.5) for _ in range(count)]
    return mixed(
        *(
            (weight / sum(weights), normal(rng.uniform(0.5, 0.7) + 0.3 * place, rng.uniform(0.03, 0.1)))
            for place, weight in enumerate(weights)
        )
    )


def _points(rng: Random, count: int) -> Reaches:
    """Values at a few prices, as others ask for them, or at round numbers."""
    places = [rng.uniform(0.5, 1.1) if count < 5 else 0.5 + 0.1 * place for place in range(count)]
    weights = [rng.expovariate(1.0) for _ in places]
    return mixed(
        *(
            (weight / sum(weights), uniform(place - 0.002, place + 0.002))
            for place, weight in zip(places, weights, strict=True)
        )
    )
