"""The bargain: what the negotiator earns from customers of all kinds, beside the best posted price.

`python -m bench.bargain` uses the distributions of values and the kinds of customers that were looked at
while the negotiator was made, `python -m bench.bargain fresh` those that were not; a number is the seed.
`python -m bench.bargain many` runs *moderate* alone over populations that are drawn anew for each of twelve
seeds, or of those that are given.
"""

import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from statistics import mean
from typing import Final

from backend.domains.bargain.terms import terms_of
from backend.infra.rule_files import read_folder
from backend.kernel.money import Money
from bench import bargain_draws
from bench.bargain_buyers import FRESH_KINDS, KINDS
from bench.bargain_population import Customer, Result, Run, items, population, sell
from bench.bargain_probe import ESTIMATES, distance, probe
from bench.bargain_sellers import (
    Ours,
    Seller,
    Simple,
    list_price_only,
    split_the_difference,
    three_steps,
)
from bench.bargain_values import FRESH, TUNED, Values

RULES: Final = Path(__file__).resolve().parents[1] / "rules"
CUSTOMERS: Final = 400
# The seeds of `many`; while the negotiator was made, others were looked at (101 to 108).
MANY: Final = range(201, 213)
# That each item has a cost is what the rules ask.
KNOWN: Final = Money(1, "EUR")
OURS: Final = ("aggressive", "moderate", "conservative")
# What moderate aims at, in percent of the best posted price and as a share of the way to the floor.
OVERALL, STRATEGIC, WORST, PROBED = 100, 95, 95, 0.4


@dataclass(frozen=True)
class Told:
    """A seller's run, and how far off each estimate of a prober was on average."""

    run: Run
    probed: dict[str, float]

    @property
    def worst(self) -> str:
        """The distribution from which the least was made of what was possible."""
        return min(self.run.by_values, key=lambda name: self.run.by_values[name].share)


def sellers() -> dict[str, Callable[[], Seller]]:
    """Ours by the rules that are shipped, and the simple ones."""
    book = read_folder(RULES)
    at = datetime(2026, 6, 1, 12, tzinfo=UTC)
    ours = {name: partial(Ours, terms_of(book, {"strategy": name, "cost": KNOWN}, at)) for name in OURS}
    simple = {
        "list price only": list_price_only,
        "three steps": three_steps,
        "split the difference": split_the_difference,
    }
    return {**ours, **{name: partial(Simple, answers) for name, answers in simple.items()}}


def tell(
    make: Callable[[], Seller], everybody: Sequence[Customer], values: Sequence[Values], seed: int
) -> Told:
    """What a seller makes of everybody, and then tells probers."""
    seller = make()
    run = sell(seller, everybody, seed=seed)
    seen = [
        probe(seller, item, is_patient=is_patient)
        for item, _ in items(values)
        for is_patient in (True, False)
    ]
    probed = {name: mean(distance(one, estimate) for one in seen) for name, estimate in ESTIMATES.items()}
    return Told(run, probed)


def show(told: dict[str, Told]) -> None:
    """The tables."""
    print(f"\n{'profit, % of the best posted price':36}" + "".join(f"{name:>22}" for name in told))
    _row(told, "all", lambda one: f"{one.run.all.share:.1f}")
    _row(told, "first tenth, with nothing learned", lambda one: f"{one.run.cold.share:.1f}")
    _row(told, "second half", lambda one: f"{one.run.late.share:.1f}")
    _row(told, "strategic customers", lambda one: f"{one.run.strategic.share:.1f}")
    _row(told, "worst distribution", lambda one: f"{one.run.by_values[one.worst].share:.1f} {one.worst}")
    for title, name in (("customers", "by_kind"), ("values", "by_values")):
        for row in getattr(next(iter(told.values())).run, name):
            _row(
                told, f"  {title}: {row}", lambda one, name=name, row=row: _share(getattr(one.run, name)[row])
            )
    _row(told, "deals, % of sessions", lambda one: f"{one.run.all.rate:.1f}")
    _row(told, "mean discount, %", lambda one: f"{100 * mean(one.run.all.off or [0]):.1f}")
    for name in ESTIMATES:
        _row(told, f"probed by: {name}", lambda one, name=name: f"{one.probed[name]:.2f}")
    _row(told, "violations", lambda one: str(one.run.violations))
    _row(told, "the last learning, s", lambda one: f"{one.run.learning:.1f}")


def _row(told: dict[str, Told], title: str, cell: Callable[[Told], str]) -> None:
    print(f"{title:36}" + "".join(f"{cell(one):>22}" for one in told.values()))


def _share(result: Result) -> str:
    return f"{result.share:.1f}"


def aims(moderate: Told) -> dict[str, tuple[float, float]]:
    """What moderate came to, and what it aims at."""
    run = moderate.run
    return {
        "overall": (run.all.share, OVERALL),
        "strategic customers": (run.strategic.share, STRATEGIC),
        "worst distribution": (run.by_values[moderate.worst].share, WORST),
        **{f"probed by: {name}": (off, PROBED) for name, off in moderate.probed.items()},
    }


def many(seeds: Sequence[int]) -> int:
    """Moderate over a population of its own for each seed: how many of them reach each aim."""
    make = sellers()["moderate"]
    reached = []
    for seed in seeds:
        values, kinds = bargain_draws.distributions(seed), bargain_draws.kinds(seed)
        told = tell(make, population(values, kinds, seed=seed, customers=CUSTOMERS), values, seed)
        reached.append(aims(told))
        print(f"\nseed {seed}: violations {told.run.violations}, least of {told.worst}", flush=True)
        print("; ".join(f"{name} {got:.2f}" for name, (got, _) in aims(told).items()), flush=True)
        if told.run.violations:
            return 1
    print(f"\nof {len(seeds)} populations")
    for name in reached[0]:
        got = [one[name][0] for one in reached]
        good = sum(one[name][0] >= one[name][1] for one in reached)
        print(f"{name:36} {good:>3} reach the aim; mean {mean(got):.2f}, least {min(got):.2f}")
    return 0


def main() -> int:
    """Run, print, and say what was missed."""
    seeds = [int(word) for word in sys.argv[1:] if word.isdigit()]
    if "many" in sys.argv:
        return many(seeds or MANY)
    is_fresh, seed = "fresh" in sys.argv, next(iter(seeds), 1)
    values, kinds = (FRESH, FRESH_KINDS) if is_fresh else (TUNED, KINDS)
    everybody = population(values, kinds, seed=seed, customers=CUSTOMERS)
    print(f"{len(everybody):,} sessions over {len(list(items(values)))} items, seed {seed}")
    told = {name: tell(make, everybody, values, seed) for name, make in sellers().items()}
    show(told)
    for name, (got, wanted) in aims(told["moderate"]).items():
        if got < wanted:
            print(f"moderate missed its aim, {name}: {got:.2f}, not {wanted}")
    return 1 if any(one.run.violations for one in told.values()) else 0


if __name__ == "__main__":
    sys.exit(main())
