"""Strategies and their terms as rules write them."""

from decimal import Decimal

import pytest

from backend.engine.bargain_effects import MostOff, Strategy
from backend.engine.effect_registry import EFFECTS


def effect(keyword: str, text: str, **flags):
    return EFFECTS[keyword].parse(text, flags)


class TestStrategy:
    def test_has_a_name_and_flags(self):
        assert effect("strategy", "moderate", combines_coupons=True) == Strategy(
            "moderate", combines_coupons=True
        )

    def test_of_another_name_is_refused(self):
        with pytest.raises(ValueError, match="write aggressive, moderate or conservative"):
            effect("strategy", "soft")


class TestMostOff:
    def test_takes_a_percentage_and_leaves_open_what_is_not_said(self):
        assert effect("most_off", "35%", curve=Decimal(2)) == MostOff(Decimal(35), curve=Decimal(2))

    @pytest.mark.parametrize(
        ("text", "flags", "said"),
        [
            ("101%", {}, "most_off is from 0 to 100, and 101 is not"),
            ("-1%", {}, "most_off is from 0 to 100"),
            ("20%", {"zone": Decimal(101)}, "zone is from 0 to 100"),
            ("20%", {"curve": Decimal(0)}, "curve is from 0.1 to 10, and 0 is not"),
            ("20%", {"firmness": Decimal(11)}, "firmness is from 0.1 to 10"),
            ("20", {}, "it needs a '%'"),
        ],
    )
    def test_refuses_what_makes_no_sense(self, text, flags, said):
        with pytest.raises(ValueError, match=said):
            effect("most_off", text, **flags)


class TestSofterAndFirmer:
    @pytest.mark.parametrize("keyword", ["softer", "firmer"])
    def test_take_a_percentage(self, keyword):
        assert effect(keyword, "20%").percent == 20

    @pytest.mark.parametrize(("keyword", "text"), [("softer", "0%"), ("softer", "95%"), ("firmer", "101%")])
    def test_refuse_what_makes_no_sense(self, keyword, text):
        with pytest.raises(ValueError, match="is more than 0% and at most"):
            effect(keyword, text)
