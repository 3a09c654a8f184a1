"""The types of facts, as text and in Python."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.engine.values import TYPES
from backend.kernel.money import Money
from tests.engine.cases import FACTS, VALUES


class TestValueTypes:
    @given(st.data())
    def test_what_is_written_is_read_as_the_same_value(self, data):
        name = data.draw(st.sampled_from(sorted(FACTS)))
        value = data.draw(VALUES[name])
        kind = FACTS[name].type

        read = kind.parse(kind.write(value))

        assert read == value
        assert type(read) is kind.python

    @pytest.mark.parametrize("kind", TYPES.values(), ids=lambda kind: kind.name)
    def test_the_example_is_one(self, kind):
        assert type(kind.parse(kind.example)) is kind.python

    @pytest.mark.parametrize(
        ("kind", "text", "value"),
        [
            ("integer", "+3", 3),
            ("number", "-2.50", Decimal("-2.50")),
            ("percent", "12.5%", Decimal("12.5")),
            ("money", "1000 JPY", Money(1000, "JPY")),
            ("money", "-1.005 KWD", Money(-1005, "KWD")),
            ("duration", "1 week 1 day", timedelta(days=8)),
            ("duration", "90 minutes", timedelta(minutes=90)),
            ("datetime", "2026-12-24T18:00Z", datetime(2026, 12, 24, 18, tzinfo=UTC)),
            ("text", '"a, b"', "a, b"),
            ("list", "spa, pool", ("spa", "pool")),
        ],
    )
    def test_read_what_staff_write(self, kind, text, value):
        assert TYPES[kind].parse(text) == value

    @pytest.mark.parametrize(
        ("kind", "text", "message"),
        [
            ("datetime", "2026-12-24", "is not a date with a time"),
            ("datetime", "2026-12-24T18:00", "does not say its offset from UTC"),
            ("datetime", "yesterday", "is not a date with a time"),
            ("duration", "40000 days", "is longer than a hundred years"),
            ("duration", "3 days or so", "is not a length of time"),
            ("integer", "1234567890123456", "is not a whole number"),
            ("number", "1e3", "is not a number"),
            ("number", "NaN", "is not a number"),
            ("percent", "%", "is not a percentage"),
            ("money", "1,50 EUR", "has a comma"),
            ("text", '"open', "has no closing quotation mark"),
        ],
    )
    def test_refuse_the_rest_in_words(self, kind, text, message):
        with pytest.raises(ValueError, match=message):
            TYPES[kind].parse(text)
