"""Random rules and facts of every type, thick with boundary values, for comparing the two matchers."""

from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from random import Random
from typing import Any, Final

from backend.engine.conditions import AllOf, AnyOf, Condition, FactTest
from backend.engine.matcher import Candidate
from backend.engine.unary_tests import (
    Anything,
    Compare,
    Equals,
    Has,
    Interval,
    Missing,
    Not,
    OneOf,
    Present,
    UnaryTest,
)
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
    PERCENT,
    TEXT,
    TIME,
    ValueType,
)
from backend.engine.vocabulary import Fact, Facts, Vocabulary
from backend.kernel.money import Money

KINDS: Final = ("slot", "stay", "flight")
WEEKDAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_TEXTS: Final = (
    *(
        "",
        " ",
        "a",
        "A",
        "5",
        "5.0",
        "true",
        "null",
        "Zürich",
        "東京",
        "🙂",
        "e\u0301",
        "\u00e9",
        "\x00",
        "\x00a",
    ),
    *('"', "'", "\\", "\n", "a\u202eb", "\ud800", "x" * 70_000, "x" * 70_000 + "y", "f0"),
)
_INTEGERS: Final = (
    *(-(2**63) - 1, -(2**63), -1, 0, 1, 2, 5, 12, 2**31, 2**53, 2**53 + 1, 2**63 - 1, 2**63, 2**64, 10**30),
)
_DECIMALS: Final = tuple(
    Decimal(text)
    for text in (
        "-1E+3",
        "-0.1",
        "-0",
        "0",
        "1E-5",
        "0.00001",
        "0.1",
        "0.10",
        "0.3",
        "1",
        "1.5",
        "9" * 25,
        "1E+20",
    )
)
_MINORS: Final = (-1, 0, 1, 999, 1000, 10**18)
_ZONES: Final = (UTC, *(datetime.fromisoformat(f"2026-01-01T00:00{o}").tzinfo for o in ("+05:30", "-08:00")))


def _instant(random: Random) -> datetime:
    base = datetime(2026, 3, 29, 0, 59, 59, tzinfo=UTC) + timedelta(seconds=random.randint(-1, 3))
    return base.astimezone(random.choice(_ZONES))


_VALUES: Final[dict[str, tuple[ValueType, Callable[[Random], Any]]]] = {
    "town": (TEXT, lambda random: random.choice(_TEXTS)),
    "weekday": (ENUM, lambda random: random.choice(WEEKDAYS)),
    "tier": (ENUM, lambda random: random.choice(KINDS)),
    "party": (INTEGER, lambda random: random.choice(_INTEGERS)),
    "score": (NUMBER, lambda random: random.choice(_DECIMALS)),
    "share": (PERCENT, lambda random: Decimal(random.randint(-2, 12)) / 4),
    "base": (MONEY, lambda random: Money(random.choice(_MINORS), random.choice(("EUR", "JPY", "KWD")))),
    "day": (DATE, lambda random: date(2026, 2, 27) + timedelta(days=random.randint(0, 4))),
    "clock": (TIME, lambda random: random.choice((time.min, time(17), time(17, 0, 1), time(20), time.max))),
    "moment": (DATETIME, _instant),
    "lead": (DURATION, lambda random: timedelta(microseconds=random.choice((-1, 0, 1, 10**6, 864 * 10**8)))),
    "staff": (BOOLEAN, lambda random: random.random() < 0.5),
    "tags": (LIST, lambda random: tuple(random.sample(_TEXTS, random.randint(0, 4)))),
}


def _vocabulary() -> Vocabulary:
    allowed = {"kind": KINDS, "weekday": WEEKDAYS, "tier": KINDS}
    types = {"kind": ENUM, **{name: kind for name, (kind, _) in _VALUES.items()}}
    return Vocabulary({n: Fact(n, kind, values=allowed.get(n, ())) for n, kind in types.items()})


VOCABULARY: Final = _vocabulary()


def random_facts(random: Random) -> Facts:
    """Facts of which some are missing, by absence or as None."""
    facts: dict[str, object] = {"kind": random.choice((*KINDS, None))}
    for name, (_, value) in _VALUES.items():
        fate = random.random()
        if fate > 0.1:
            facts[name] = value(random) if fate > 0.2 else None
    return facts


def random_rules(random: Random) -> list[Candidate]:
    """Rules of one decision: few or many, of some kinds or of all, nested up to three deep."""
    count = random.choice((1, 3, 10, 30, 120))
    return [Candidate(random_condition(random, depth=3), _applies_to(random)) for _ in range(count)]


def _applies_to(random: Random) -> dict[str, frozenset[str]]:
    chosen = {"kind": frozenset(random.sample(KINDS, random.randint(1, 2)))} if random.random() < 0.7 else {}
    if random.random() < 0.1:
        chosen["tier"] = frozenset(random.sample(KINDS, 2))
    return chosen


def random_condition(random: Random, *, depth: int) -> Condition:
    """A test, or `all` or `any` of conditions one level less deep."""
    if depth == 0 or random.random() < 0.3:
        name = random.choice(list(_VALUES))
        return FactTest(name, random_test(random, name))
    parts = tuple(random_condition(random, depth=depth - 1) for _ in range(random.randint(0, 4)))
    return AnyOf(parts) if parts and random.random() < 0.5 else AllOf(parts)


def random_test(random: Random, name: str) -> UnaryTest:
    """A test that the fact's type allows."""
    kind, value = _VALUES[name]
    if random.random() < 0.15:
        return random.choice((Anything(), Missing(), Present()))
    test: UnaryTest
    if kind is LIST:
        test = Has(random.choice(_TEXTS))
    elif kind.ordered and random.random() < 0.6:
        test = _ordered_test(random, lambda: value(random))
    elif random.random() < 0.5:
        test = Equals(value(random))
    else:
        test = OneOf(tuple(value(random) for _ in range(random.randint(1, 6))))
    return Not(test) if random.random() < 0.25 else test


def _ordered_test(random: Random, value: Callable[[], Any]) -> UnaryTest:
    if random.random() < 0.5:
        return Compare(random.choice(("<", "<=", ">", ">=")), value())
    return Interval(value(), value(), random.random() < 0.5, random.random() < 0.5)
