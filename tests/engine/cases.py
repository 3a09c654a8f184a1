"""What tests of the engine generate: a vocabulary with every type, values, tests, conditions, facts."""

from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal

from hypothesis import strategies as st

from backend.engine.conditions import AllOf, AnyOf, FactTest
from backend.engine.unary_tests import Anything, Compare, Equals, Has, Interval, Missing, Not, OneOf, Present
from backend.engine.values import TYPES
from backend.engine.vocabulary import Fact, Vocabulary
from backend.kernel.money import Money

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
SERVICES = ("spa", "pool", "bar")
FACTS = {
    "text": Fact("text", TYPES["text"]),
    "weekday": Fact("weekday", TYPES["enum"], values=WEEKDAYS),
    "party": Fact("party", TYPES["integer"]),
    "hours": Fact("hours", TYPES["number"]),
    "base": Fact("base", TYPES["money"]),
    "occupancy": Fact("occupancy", TYPES["percent"]),
    "day": Fact("day", TYPES["date"]),
    "clock": Fact("clock", TYPES["time"]),
    "moment": Fact("moment", TYPES["datetime"]),
    "length": Fact("length", TYPES["duration"]),
    "is_new": Fact("is_new", TYPES["boolean"]),
    "services": Fact("services", TYPES["list"], values=SERVICES),
}
VOCABULARY = Vocabulary(FACTS)

_decimals = st.decimals(min_value=-100, max_value=100, places=2)
VALUES = {
    "text": st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=12).map(str.strip).filter(bool),
    "weekday": st.sampled_from(WEEKDAYS),
    "party": st.integers(-20, 20),
    "hours": _decimals,
    "base": st.builds(Money, st.integers(-300, 300), st.sampled_from(["EUR", "USD", "JPY"])),
    "occupancy": _decimals,
    "day": st.dates(date(2026, 1, 1), date(2026, 12, 31)),
    "clock": st.times().map(lambda clock: clock.replace(microsecond=0)),
    "moment": st.datetimes(datetime(2026, 1, 1), datetime(2026, 12, 31), timezones=st.just(UTC)).map(  # noqa: DTZ001 - strategies want it naive
        lambda moment: moment.replace(microsecond=0)
    ),
    "length": st.integers(0, 10**6).map(lambda seconds: timedelta(seconds=seconds)),
    "is_new": st.booleans(),
    "services": st.lists(st.sampled_from(SERVICES), max_size=3, unique=True).map(tuple),
}  # fmt: skip
SMALLEST_STEP = {
    int: 1,
    Decimal: Decimal("0.01"),
    date: timedelta(days=1),
    time: timedelta(seconds=1),
    datetime: timedelta(seconds=1),
    timedelta: timedelta(seconds=1),
}


def positive_tests(name: str) -> st.SearchStrategy:
    """Tests of a fact that a missing one fails."""
    values = VALUES[name]
    if name == "services":
        return st.sampled_from(SERVICES).map(Has)
    kinds = [values.map(Equals), st.lists(values, min_size=2, max_size=4, unique=True).map(tuple).map(OneOf)]
    if FACTS[name].type.ordered:
        kinds += [st.builds(Compare, st.sampled_from(["<", "<=", ">", ">="]), values), intervals(name)]
    return st.one_of(kinds)


@st.composite
def intervals(draw: st.DrawFn, name: str) -> Interval:
    """An interval that is not empty."""
    low, high = draw(VALUES[name]), draw(VALUES[name])
    if name == "base":
        high = Money(high.minor, low.currency)
    low, high = min(low, high), max(low, high)
    if low == high:
        return Interval(low, high, includes_low=True, includes_high=True)
    return Interval(low, high, includes_low=draw(st.booleans()), includes_high=draw(st.booleans()))


def unary_tests(name: str) -> st.SearchStrategy:
    """Any test of a fact."""
    words = st.sampled_from([Anything(), Missing(), Present()])
    return st.one_of(words, positive_tests(name), positive_tests(name).map(Not))


def fact_tests() -> st.SearchStrategy:
    """A test of any fact."""
    return st.sampled_from(sorted(FACTS)).flatmap(
        lambda name: unary_tests(name).map(lambda unary: FactTest(name, unary, wanted="as written"))
    )


def conditions() -> st.SearchStrategy:
    """Conditions nested at most three deep."""
    level = fact_tests()
    for _ in range(3):
        parts = st.lists(level, min_size=1, max_size=3).map(tuple)
        level = st.one_of(fact_tests(), parts.map(AllOf), parts.map(AnyOf))
    return level


def facts() -> st.SearchStrategy:
    """Some facts, others missing."""
    return st.fixed_dictionaries({}, optional=VALUES)
