"""Hypothesis strategies for facts, unary tests and rules of every type, thick with boundary values."""

from datetime import UTC, date, datetime, time, timedelta, timezone
from decimal import Decimal
from typing import Any

from hypothesis import strategies as st

from backend.engine.conditions import AllOf, AnyOf, FactTest
from backend.engine.matcher import Candidate
from backend.engine.unary_tests import Anything, Compare, Equals, Has, Interval, Missing, Not, OneOf, Present
from backend.engine.values import (
    BOOLEAN,
    DATE,
    DATETIME,
    DURATION,
    ENUM,
    INTEGER,
    LIST,
    MONEY,
    NUMBER,
    TEXT,
    TIME,
)
from backend.engine.vocabulary import Fact, Vocabulary
from backend.kernel.money import Money

KINDS = ("slot", "stay", "flight")
ZONES = (UTC, timezone(timedelta(hours=5, minutes=30)), timezone(timedelta(hours=-8)))

# Few values near each other, so that facts meet the constants of rules and what lies beside them.
VALUES: dict[str, tuple[Any, st.SearchStrategy[Any]]] = {
    "town": (
        TEXT,
        st.sampled_from(
            ["", "5", "true", "null", "Zürich", "é", "é", "🙂", "\x00", '"', "\\", "\ud800", "f0"]
        )
        | st.sampled_from(["x" * 70_000, "x" * 70_000 + "y"])
        | st.text(max_size=2),
    ),
    "tier": (ENUM, st.sampled_from(KINDS)),
    "party": (
        INTEGER,
        st.sampled_from([-(2**63) - 1, -(2**63), 2**53, 2**53 + 1, 2**63 - 1, 2**63, 10**30])
        | st.integers(-2, 5),
    ),
    "score": (
        NUMBER,
        st.sampled_from(
            [Decimal("1E-5"), Decimal("0.00001"), Decimal("-0"), Decimal("1E+20"), Decimal("9" * 25)]
        )
        | st.decimals(-2, 2, places=1),
    ),
    "base": (MONEY, st.builds(Money, st.integers(-1, 3) | st.just(10**18), st.sampled_from(["EUR", "JPY"]))),
    "day": (DATE, st.dates(date(2026, 2, 27), date(2026, 3, 2))),
    "clock": (TIME, st.sampled_from([time.min, time(17), time(17, 0, 1), time(20), time.max])),
    "moment": (
        DATETIME,
        st.builds(
            lambda second, zone: datetime(2026, 3, 29, 1, 0, second, tzinfo=UTC).astimezone(zone),
            st.integers(0, 3),
            st.sampled_from(ZONES),
        ),
    ),
    "lead": (DURATION, st.builds(timedelta, microseconds=st.sampled_from([-1, 0, 1, 10**6, 864 * 10**8]))),
    "staff": (BOOLEAN, st.booleans()),
    "tags": (LIST, st.lists(st.sampled_from(["spa", "pool", "", "5"]), max_size=3).map(tuple)),
}

VOCABULARY = Vocabulary(
    {
        "kind": Fact("kind", ENUM, values=KINDS),
        **{
            name: Fact(name, kind, values=KINDS if kind is ENUM else ()) for name, (kind, _) in VALUES.items()
        },
    }
)


def facts() -> st.SearchStrategy[dict[str, Any]]:
    """Facts of which some are absent and some None."""
    optional = {name: st.none() | value for name, (_, value) in VALUES.items()}
    return st.fixed_dictionaries({}, optional={"kind": st.none() | st.sampled_from(KINDS), **optional})


def unary_tests(name: str) -> st.SearchStrategy[Any]:
    """A test that the type of the fact allows."""
    kind, value = VALUES[name]
    if kind is LIST:
        tests: st.SearchStrategy[Any] = st.builds(Has, st.sampled_from(["spa", "pool", "", "5", "sauna"]))
    else:
        tests = st.builds(Equals, value) | st.builds(
            OneOf, st.lists(value, min_size=1, max_size=6).map(tuple)
        )
    if kind.ordered:
        compare = st.builds(Compare, st.sampled_from(["<", "<=", ">", ">="]), value)
        tests |= compare | st.builds(Interval, value, value, st.booleans(), st.booleans())
    return tests | tests.map(Not) | st.sampled_from([Anything(), Missing(), Present()])


def fact_tests() -> st.SearchStrategy[FactTest]:
    return st.sampled_from(sorted(VALUES)).flatmap(
        lambda name: unary_tests(name).map(lambda test: FactTest(name, test))
    )


def conditions() -> st.SearchStrategy[Any]:
    """Tests joined by `all` and `any`."""
    return st.recursive(
        fact_tests(),
        lambda parts: (
            st.builds(AllOf, st.lists(parts, max_size=4).map(tuple))
            | st.builds(AnyOf, st.lists(parts, min_size=1, max_size=4).map(tuple))
        ),
        max_leaves=12,
    )


def candidates() -> st.SearchStrategy[list[Candidate]]:
    """The rules of one decision: of some kinds, or of all."""
    kinds = st.frozensets(st.sampled_from(KINDS), min_size=1)
    applies_to = st.fixed_dictionaries({}, optional={"kind": kinds, "tier": kinds})
    return st.lists(st.builds(Candidate, conditions(), applies_to), max_size=12)
