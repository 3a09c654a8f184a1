"""Compares the durable matcher with the compiled one over random rules and facts.

Prints how many answers were compared, how many differed, and how many of the rules asked fired (a run in
which nothing fires compares nothing). Exits with 1 on a difference.
"""

import sys
from itertools import islice
from random import Random
from time import perf_counter
from typing import Final

from backend.engine.durable_ruleset import unavailable_reason
from backend.engine.matcher_compiled import compiled
from backend.engine.matcher_durable import durable
from bench.cases import VOCABULARY, random_facts, random_rules

COMPARISONS: Final = 200_000
FACTS_PER_RULEBOOK: Final = 200
SHOWN: Final = 3


def main() -> int:
    """Compare COMPARISONS answers; 1 when any differs."""
    reason = unavailable_reason()
    if reason:
        print(f"differential: not run, {reason}")
        return 0
    seed = int(sys.argv[-1]) if sys.argv[-1].isdigit() else 1
    started, compared, fired, differences = perf_counter(), 0, 0, 0
    random = Random(seed)
    while compared < COMPARISONS:
        rules = random_rules(random)
        expected, actual = compiled(rules, vocabulary=VOCABULARY), durable(rules, vocabulary=VOCABULARY)
        for facts in islice(iter(lambda: random_facts(random), None), FACTS_PER_RULEBOOK):
            wanted, got = expected.match(facts), actual.match(facts)
            compared, fired = compared + 1, fired + len(wanted)
            if wanted != got:
                differences += 1
                if differences <= SHOWN:
                    print(f"differential: compiled {wanted}, durable {got} for {facts!r}")
    seconds = perf_counter() - started
    print(
        f"differential: {compared:,} answers compared (seed {seed}), {fired:,} rules fired, "
        f"{differences} differences, {seconds:.0f} s"
    )
    return 1 if differences else 0


if __name__ == "__main__":
    sys.exit(main())
