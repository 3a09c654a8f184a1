"""Ways of delivery by the shipped rules."""

from collections.abc import Mapping
from dataclasses import replace

import pytest

from backend.domains.catalog.entities import PricePer, Product
from backend.domains.pricing.shipping import (
    Parcel,
    ShippingOption,
    chosen_option,
    shipping_options,
    weight_of,
)
from backend.infra.rule_files import read_sources
from backend.kernel.money import Money
from tests.conftest import NOW
from tests.factories.coupons import eur
from tests.factories.rules import SHIPPED, without

SMALL = Parcel(weight_grams=800, goods_total=eur("30.00"))


@pytest.fixture(scope="module")
def book():
    return read_sources(SHIPPED)


def options_by(files: Mapping[str, str], parcel: Parcel) -> dict[str, ShippingOption]:
    return {option.key: option for option in shipping_options(read_sources(files), parcel, at=NOW)}


def prices(book, parcel: Parcel) -> dict[str, str]:
    """What each option costs, or `-` where it is refused."""
    found = shipping_options(book, parcel, at=NOW)
    return {option.key: "-" if option.refused_because else str(option.price) for option in found}


class TestShippingOptions:
    def test_of_a_small_parcel_are_all_to_be_had(self, book) -> None:
        assert prices(book, SMALL) == {"standard": "4.90 EUR", "express": "12.90 EUR", "pickup": "0.00 EUR"}

    def test_standard_is_free_for_much(self, book) -> None:
        much = replace(SMALL, goods_total=eur("50.00"))

        assert prices(book, much)["standard"] == "0.00 EUR"

    def test_know_loyal_customers(self, book) -> None:
        assert prices(book, replace(SMALL, loyalty_tier="platinum"))["express"] == "6.90 EUR"

    def test_have_amounts_in_other_currencies(self, book) -> None:
        in_yen = Parcel(weight_grams=800, goods_total=Money(3000, "JPY"))

        assert prices(book, in_yen) == {"standard": "700 JPY", "express": "1800 JPY", "pickup": "0 JPY"}

    def test_are_never_free_for_want_of_an_amount(self, book) -> None:
        in_francs = Parcel(weight_grams=800, goods_total=Money(3000, "CHF"))

        assert prices(book, in_francs) == {"standard": "-", "express": "-", "pickup": "0.00 CHF"}

    def test_say_why_one_is_refused_and_by_which_rule(self, book) -> None:
        _, express, _ = shipping_options(book, replace(SMALL, country="BR"), at=NOW)

        assert express.refused_because == (
            "Express delivery is for addresses in the European Union; choose standard delivery."
        )
        assert express.rule is not None
        assert express.rule.id == "express-in-europe"

    def test_that_staff_took_out_are_gone(self) -> None:
        text, _, _ = SHIPPED["rules/shipping.yaml"].partition("  - id: express-is-light")
        vocabulary = SHIPPED["rules/vocabulary.yaml"].replace(
            "[standard, express, pickup]", "[standard, pickup]"
        )
        rest = "  - {id: standard, about: Standard delivery., when: {shipping_option: standard}, then: {set: 4.90 EUR}}\n"
        files = {**SHIPPED, "rules/vocabulary.yaml": vocabulary, "rules/shipping.yaml": text + rest}

        assert options_by(files, SMALL).keys() == {"standard", "pickup"}

    def test_under_rules_from_before_there_were_any_are_to_collect(self) -> None:
        found = options_by(without("shipping", "rules/shipping.yaml"), SMALL)

        assert {key: option.price for key, option in found.items()} == {"pickup": eur("0.00")}


class TestChosenOption:
    def test_is_the_wanted_one(self, book) -> None:
        chosen = chosen_option(shipping_options(book, SMALL, at=NOW), "express")

        assert chosen is not None
        assert chosen.key == "express"

    @pytest.mark.parametrize("wanted", [None, "express", "by drone"])
    def test_is_else_the_first_that_is_possible(self, book, wanted: str | None) -> None:
        abroad = replace(SMALL, country="BR")

        chosen = chosen_option(shipping_options(book, abroad, at=NOW), wanted)

        assert chosen is not None
        assert chosen.key == "standard"

    def test_is_none_where_nothing_is_possible(self) -> None:
        refused = ShippingOption("standard", "Standard delivery", eur("0.00"), "No.")

        assert chosen_option([refused], "standard") is None


class TestWeight:
    @pytest.mark.parametrize(
        ("grams", "kind", "weight"), [(350, "retail", 1050), (None, "retail", 0), (350, "slot", 0)]
    )
    def test_is_of_the_goods_whose_weight_is_known(self, grams: int | None, kind: str, weight: int) -> None:
        product = Product(
            id="prd_1",
            kind=kind,
            name="Headphones",
            description="",
            provider_id=None,
            category="audio",
            duration_minutes=None,
            price=eur("30.00"),
            price_per=PricePer.UNIT,
            cost=None,
            max_party=1,
            is_active=True,
            weight_grams=grams,
        )

        assert weight_of([(product, 3)]) == weight
