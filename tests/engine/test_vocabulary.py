"""Facts as code gives them and as JSON writes them."""

from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal

import pytest
from hypothesis import given

from backend.engine.values import TYPES
from backend.engine.vocabulary import Fact, FactError, Vocabulary, suggest
from backend.kernel.money import Money
from tests.engine.cases import FACTS, VOCABULARY, facts

NAIVE = datetime(2026, 1, 1)  # noqa: DTZ001 - what is refused here


class TestCheck:
    @given(facts())
    def test_lets_every_well_typed_fact_pass_unchanged(self, given_facts):
        assert VOCABULARY.check(given_facts) == given_facts

    @pytest.mark.parametrize(
        ("name", "value"),
        [
            ("party", True),
            ("party", 3.0),
            ("party", "3"),
            ("hours", 3),
            ("hours", Decimal("NaN")),
            ("hours", Decimal("Infinity")),
            ("weekday", "monday"),
            ("weekday", ["mon"]),
            ("text", 3),
            ("base", Decimal(3)),
            ("day", datetime(2026, 1, 1, tzinfo=UTC)),
            ("clock", time(9, tzinfo=UTC)),
            ("moment", NAIVE),
            ("moment", date(2026, 1, 1)),
            ("length", 3),
            ("is_new", 1),
            ("services", ["spa"]),
            ("services", (1,)),
        ],
    )
    def test_refuses_another_type_and_names_the_fact(self, name, value):
        with pytest.raises(FactError) as refused:
            VOCABULARY.check({name: value})

        assert list(refused.value.errors) == [name]
        assert f"'{name}'" in refused.value.detail

    def test_names_every_wrong_fact_at_once(self):
        with pytest.raises(FactError) as refused:
            VOCABULARY.check({"partie": 3, "party": "3", "hours": Decimal(1)})

        assert refused.value.detail == (
            "'partie' is not a known fact. Did you mean 'party'? 'party' is of type integer (3), not '3'."
        )

    def test_none_is_a_missing_fact(self):
        assert VOCABULARY.check({"party": None}) == {"party": None}

    def test_fills_in_defaults_of_missing_facts_only(self):
        vocabulary = Vocabulary(
            {"tier": Fact("tier", TYPES["enum"], values=("none", "gold"), default="none")}
        )

        assert vocabulary.check({}) == {"tier": "none"}
        assert vocabulary.check({"tier": None}) == {"tier": "none"}
        assert vocabulary.check({"tier": "gold"}) == {"tier": "gold"}


class TestReplace:
    @given(facts(), facts())
    def test_comes_to_the_same_as_checking_everything(self, before, changes):
        replaced = VOCABULARY.checked(before).replace(**changes)

        assert replaced.values == VOCABULARY.check({**before, **changes})

    def test_keeps_the_facts_when_nothing_changes(self):
        checked = VOCABULARY.checked({"party": 3})

        assert checked.replace(party=checked.values["party"]) is checked

    def test_leaves_the_facts_it_started_from_alone(self):
        checked = VOCABULARY.checked({"party": 3})

        checked.replace(party=4)

        assert checked.values == {"party": 3}

    @pytest.mark.parametrize("changes", [{"party": True}, {"partie": 3}])
    def test_refuses_what_a_check_refuses(self, changes):
        with pytest.raises(FactError):
            VOCABULARY.checked({"party": 1}).replace(**changes)

    def test_gives_a_fact_that_goes_missing_its_default(self):
        vocabulary = Vocabulary({"tier": Fact("tier", TYPES["text"], default="none")})

        assert vocabulary.checked({"tier": "gold"}).replace(tier=None).values == {"tier": "none"}


class TestParseFacts:
    def test_reads_texts_as_staff_write_them_and_what_json_has_of_its_own(self):
        raw = {
            "base": "100.00 EUR",
            "clock": "18:00",
            "party": 2,
            "hours": 2.5,
            "occupancy": "80%",
            "day": "2026-12-24",
            "moment": "2026-12-24T18:00+01:00",
            "length": "2 hours",
            "is_new": True,
            "services": ["spa"],
            "weekday": "mon",
            "text": None,
        }

        assert VOCABULARY.parse_facts(raw) == {
            "base": Money(10000, "EUR"),
            "clock": time(18),
            "party": 2,
            "hours": Decimal("2.5"),
            "occupancy": Decimal(80),
            "day": date(2026, 12, 24),
            "moment": datetime(2026, 12, 24, 17, tzinfo=UTC),
            "length": timedelta(hours=2),
            "is_new": True,
            "services": ("spa",),
            "weekday": "mon",
            "text": None,
        }

    def test_names_every_wrong_fact_at_once(self):
        with pytest.raises(FactError) as refused:
            VOCABULARY.parse_facts(
                {"partie": 3, "party": "three", "base": {"amount": 1}, "services": ["bath"]}
            )

        assert sorted(refused.value.errors) == ["base", "partie", "party", "services"]

    @given(facts())
    def test_reads_back_what_it_is_shown(self, given_facts):
        raw = {name: FACTS[name].type.write(value) for name, value in given_facts.items()}

        assert VOCABULARY.parse_facts(raw) == given_facts


class TestRange:
    MONTH = Fact("month", TYPES["integer"], lowest=1, highest=12)
    PARTY = Fact("party", TYPES["integer"], lowest=1)

    @pytest.mark.parametrize("value", ["1", "7", "12"])
    def test_lets_what_lies_in_it_pass(self, value):
        assert self.MONTH.accepts(self.MONTH.parse(value))

    @pytest.mark.parametrize(
        ("fact", "value", "said"),
        [
            (MONTH, "13", "13 is not a value of 'month', which is from 1 to 12"),
            (MONTH, "0", "0 is not a value of 'month', which is from 1 to 12"),
            (PARTY, "0", "0 is not a value of 'party', which is at least 1"),
        ],
    )
    def test_refuses_what_lies_outside_and_says_what_it_is(self, fact, value, said):
        with pytest.raises(ValueError, match=said):
            fact.parse(value)

        with pytest.raises(FactError, match=said):
            Vocabulary({fact.name: fact}).check({fact.name: int(value)})

    def test_does_not_limit_what_a_rule_compares_with(self):
        assert self.MONTH.parse_bound("13") == 13


class TestSuggest:
    def test_offers_the_nearest_word_else_a_short_list_else_nothing(self):
        assert suggest("partysize", ("party_size", "base")) == " Did you mean 'party_size'?"
        assert suggest("xyz", ("b", "a")) == " Known: a, b."
        assert suggest("xyz", tuple(f"word{n}" for n in range(30))) == ""
