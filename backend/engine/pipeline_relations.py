"""How facts of one case hang together, so that no impossible case is shown: a date has its weekday and month,
occupancy follows from the places, hours from days. Facts are known by their names in the vocabulary.
"""  # fmt: skip

import operator
from collections.abc import Iterator, Mapping
from datetime import date
from functools import partial
from itertools import pairwise
from typing import Final

import z3

from backend.engine.pipeline_facts import ChosenFact, FactVariable, NumberFact

WEEKDAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
RELATED: Final[Mapping[str, str]] = {
    "start_date": "date",
    "month": "integer",
    "lead_days": "integer",
    "lead_hours": "number",
    "seats_total": "integer",
    "seats_taken": "integer",
    "occupancy": "percent",
}
"""The facts that are numbers here, with the type that they must have."""

NOT_PAST: Final = ("lead_days", "lead_hours")
MOST_PLACES: Final = 40
"""Up to so many places, and about each number that a rule names, occupancy follows from them."""


def relations(
    facts: Mapping[str, FactVariable], *, day: z3.ArithRef, on: date, until: date, places: set[int]
) -> Iterator[z3.BoolRef]:
    """What holds of the facts of every case that is priced on the day `day`.

    `places` are the numbers of places that rules name; days are looked at from `on` until `until`.
    """
    numbers = {name: fact.number for name, fact in facts.items() if isinstance(fact, NumberFact)}
    yield from (fact.in_range() for fact in facts.values() if isinstance(fact, NumberFact))
    yield from (numbers[name] >= 0 for name in NOT_PAST if name in numbers)
    if "start_date" in numbers:
        yield from _calendar(facts, numbers, on, until)
        yield numbers["start_date"] >= day
    if {"start_date", "lead_days"} <= numbers.keys():
        yield _together(
            facts, ("start_date", "lead_days"), numbers["lead_days"] == numbers["start_date"] - day
        )
    if {"lead_days", "lead_hours"} <= numbers.keys():
        yield _together(facts, ("lead_days", "lead_hours"), _lead(numbers))
    if {"seats_total", "occupancy"} <= numbers.keys():
        yield from _occupancy(facts, numbers, places)


def _together(facts: Mapping[str, FactVariable], names: tuple[str, ...], relation: z3.BoolRef) -> z3.BoolRef:
    """The relation, where all of the facts are known."""
    return z3.Implies(z3.And([facts[name].known() for name in names]), relation)


def _calendar(
    facts: Mapping[str, FactVariable], numbers: Mapping[str, z3.ArithRef], on: date, until: date
) -> Iterator[z3.BoolRef]:
    start = numbers["start_date"]
    yield z3.And(start >= on.toordinal(), start <= until.toordinal())
    weekday = facts.get("weekday")
    if isinstance(weekday, ChosenFact) and set(weekday.atoms.fact.values) == set(WEEKDAYS):
        position = (start + 6) % 7
        for number, name in enumerate(WEEKDAYS):
            is_day = weekday.where(partial(operator.eq, name))
            yield _together(facts, ("start_date", "weekday"), is_day == (position == number))
    if "month" in numbers:
        first = [date(on.year + at // 12, at % 12 + 1, 1) for at in range((until.year - on.year) * 12 + 13)]
        months = [
            z3.And(start >= low.toordinal(), start < high.toordinal(), numbers["month"] == low.month)
            for low, high in pairwise(first)
        ]
        yield _together(facts, ("start_date", "month"), z3.Or(months))


def _lead(numbers: Mapping[str, z3.ArithRef]) -> z3.BoolRef:
    """Whole days differ from hours by less than a day, and the hour of a change of clocks."""
    hours, days = numbers["lead_hours"], numbers["lead_days"]
    return z3.And(hours > 24 * days - 25, hours < 24 * days + 25, z3.IsInt(hours * 100))


def _occupancy(
    facts: Mapping[str, FactVariable], numbers: Mapping[str, z3.ArithRef], places: set[int]
) -> Iterator[z3.BoolRef]:
    total, share = numbers["seats_total"], numbers["occupancy"]
    taken = numbers.get("seats_taken", z3.Int("places taken"))
    near = {number for named in places for number in (named - 1, named, named + 1) if number > 0}
    sizes = sorted(near | set(range(1, MOST_PLACES + 1)))
    yield z3.Implies(facts["seats_total"].known(), z3.Or([total == size for size in sizes]))
    yield z3.And(taken >= 0)
    for size in sizes:
        full = z3.And(taken <= size, share * size == 100 * taken)
        yield z3.Implies(total == size, _together(facts, ("seats_total", "occupancy"), full))
