"""What analysing the whole price across files takes: the shipped rules, and 200 rules over five stages.

Fails when the shipped rules have a finding, or one analysis takes more than ten seconds.
"""

import random
import time
from datetime import date
from typing import Final

from backend.config import ROOT
from backend.domains.pricing.entities import STAGES
from backend.domains.pricing.price_analysis import price_findings
from backend.engine.rulebook import Rulebook
from backend.infra.rule_files import folder_sources, read_sources

TODAY: Final = date(2026, 6, 1)
AIM_SECONDS: Final = 10.0
RULES_IN_EACH: Final = 40
POLICIES: Final = ("collect", "best", "first")
_FLOOR: Final = """\
decision: floor
about: Floor.
hit_policy: first
assumes: {{cost_at_most: {cost}%}}
rules: [{{id: margin, about: Margin., when: {{kind: present}}, then: {{minimum_margin: 10%}}}}]
"""


# Markup has limits, and takes nothing off.
ANY_PERCENT = tuple(stage for stage in STAGES if stage != "markup")


def large_book(policy: str, *, cost: int) -> Rulebook:
    """200 rules of three random tests each over five stages; every fourth raises the price."""
    numbers = random.Random(7)
    files = {
        "rules/vocabulary.yaml": (ROOT / "rules/vocabulary.yaml").read_text(encoding="utf-8"),
        "rules/floor.yaml": _FLOOR.format(cost=cost),
    }
    for stage in ANY_PERCENT:
        rules = "\n".join(_rule(stage, number, numbers) for number in range(RULES_IN_EACH))
        files[f"rules/{stage}.yaml"] = (
            f"decision: {stage}\nabout: Stage.\nhit_policy: {policy}\nrules:\n{rules}\n"
        )
    return read_sources(files)


def _rule(stage: str, number: int, numbers: random.Random) -> str:
    day = numbers.choice(("mon", "tue", "wed", "thu", "fri", "sat", "sun"))
    hour, party = numbers.randint(6, 20), numbers.randint(1, 12)
    raises = number % 4 == 0 and stage != "group_discount"
    effect = f"{'surcharge' if raises else 'discount'}: {numbers.randint(1, 3)}%"
    tests = f'weekday: {day}, start_time: "[{hour:02}:00..{hour + 2:02}:00)", party: "[{party}..{party + 3})"'
    return f"  - {{id: {stage.replace('_', '-')}-{number}, about: R., when: {{{tests}}}, then: {{{effect}}}}}"


def measured(name: str, book: Rulebook) -> tuple[float, int]:
    """Print the time of one analysis and what it found."""
    start = time.perf_counter()
    findings = price_findings(book, on=TODAY)
    taken = time.perf_counter() - start
    rules = sum(len(table.rules) for table in book.decisions.values())
    kinds = ", ".join(sorted({finding.kind for finding in findings}))
    print(f"{name:<22} {rules:>4} rules {taken:7.3f} s   {len(findings)} findings {kinds}")
    return taken, len(findings)


def main() -> None:
    shipped, found = measured("shipped", read_sources(folder_sources(ROOT / "rules")))
    books = {
        f"{policy}, cost {cost} %": large_book(policy, cost=cost) for policy in POLICIES for cost in (30, 80)
    }
    slowest = max(shipped, *(measured(name, book)[0] for name, book in books.items()))
    if found:
        raise SystemExit("the shipped rules have findings")
    if slowest > AIM_SECONDS:
        raise SystemExit(f"slower than the aim of {AIM_SECONDS:.0f} s")


if __name__ == "__main__":
    main()
