from dataclasses import replace

import pytest

from backend.domains.checkout.contents import (
    MOST_ITEMS,
    MOST_QUANTITY,
    CartFullError,
    Contents,
    Kept,
    UnknownItemError,
    contents_of,
    document_of,
    new_cart,
)
from backend.kernel.errors import InvalidError

EMPTY = Contents("crt_mine")
KEPT = {"prd_1": Kept("Headphones", 5), "prd_2": Kept("Cable", None)}


def things(contents: Contents) -> dict[str, int]:
    """How many of what."""
    return {item.thing: item.quantity if item.product_id else item.party for item in contents.items}


class TestAdding:
    def test_the_same_product_again_adds_up(self) -> None:
        cart = EMPTY.with_product("prd_1", 2).with_product("prd_2", 1).with_product("prd_1", 3)

        assert things(cart) == {"prd_1": 5, "prd_2": 1}

    def test_the_same_slot_again_is_for_the_party_said_last(self) -> None:
        cart = EMPTY.with_slot("slt_1", 2).with_slot("slt_1", 3)

        assert things(cart) == {"slt_1": 3}

    def test_stops_at_the_largest_quantity(self) -> None:
        cart = EMPTY.with_product("prd_1", MOST_QUANTITY)

        with pytest.raises(CartFullError, match="at most 99"):
            cart.with_product("prd_1", 1)

    def test_stops_at_the_largest_number_of_things(self) -> None:
        cart = EMPTY
        for number in range(MOST_ITEMS):
            cart = cart.with_product(f"prd_{number}", 1)

        with pytest.raises(CartFullError, match="50 different"):
            cart.with_slot("slt_1", 1)
        assert cart.with_product("prd_7", 1).of("prd_7").quantity == 2


class TestChanging:
    def test_sets_the_quantity_of_a_product_and_the_party_of_a_slot(self) -> None:
        cart = EMPTY.with_product("prd_1", 2).with_slot("slt_1", 1)
        product, slot = cart.items

        changed = cart.with_number(product.id, quantity=7, party=None)
        changed = changed.with_number(slot.id, quantity=None, party=4)

        assert things(changed) == {"prd_1": 7, "slt_1": 4}

    def test_refuses_the_number_that_the_item_has_not(self) -> None:
        cart = EMPTY.with_product("prd_1", 2)

        with pytest.raises(InvalidError) as refused:
            cart.with_number(cart.items[0].id, quantity=None, party=2)

        assert list(refused.value.errors) == ["quantity"]

    def test_knows_its_own_items_only(self) -> None:
        with pytest.raises(UnknownItemError):
            EMPTY.with_number("itm_1", quantity=1, party=None)
        with pytest.raises(UnknownItemError):
            EMPTY.without("itm_1")

    def test_removes_one(self) -> None:
        cart = EMPTY.with_product("prd_1", 2).with_product("prd_2", 2)

        assert things(cart.without(cart.items[0].id)) == {"prd_2": 2}


class TestCodes:
    def test_are_kept_once_whatever_their_case(self) -> None:
        assert EMPTY.with_codes(["Ten", "TEN", "five"]).codes == ("Ten", "five")

    def test_are_removed_whatever_their_case(self) -> None:
        cart = EMPTY.with_codes(["Ten", "five"])

        assert cart.without_code("tEN").codes == ("five",)
        with pytest.raises(UnknownItemError):
            cart.without_code("six")

    def test_are_five_at_most(self) -> None:
        with pytest.raises(CartFullError, match="at most 5"):
            EMPTY.with_codes("abcdef")


class TestMerging:
    def test_adds_up_and_brings_the_rest_along(self) -> None:
        mine = EMPTY.with_product("prd_1", 2).with_codes(["TEN"])
        other = new_cart().with_product("prd_1", 1).with_product("prd_2", 4).with_slot("slt_1", 2)
        other = replace(other.with_codes(["FIVE", "ten"]), shipping="express", country="FR")

        merged = mine.merged_with(other, kept=KEPT)

        assert things(merged) == {"prd_1": 3, "prd_2": 4, "slt_1": 2}
        assert {code.casefold() for code in merged.codes} == {"ten", "five"}
        assert (merged.id, merged.shipping, merged.country) == ("crt_mine", "express", "FR")
        assert merged.notices == ()

    def test_keeps_what_was_said_here(self) -> None:
        mine = replace(EMPTY, shipping="pickup", currency="EUR")

        merged = mine.merged_with(replace(new_cart(), shipping="express", currency="USD"), kept={})

        assert (merged.shipping, merged.currency) == ("pickup", "EUR")

    def test_goes_no_higher_than_what_is_left_and_says_so(self) -> None:
        mine, other = EMPTY.with_product("prd_1", 4), new_cart().with_product("prd_1", 3)

        merged = mine.merged_with(other, kept=KEPT)

        assert things(merged) == {"prd_1": 5}
        assert merged.notices == ("Headphones: 5 instead of 7 in your cart, as 5 are left.",)

    def test_goes_no_higher_than_a_cart_takes(self) -> None:
        mine, other = EMPTY.with_product("prd_2", 60), new_cart().with_product("prd_2", 60)

        merged = mine.merged_with(other, kept=KEPT)

        assert things(merged) == {"prd_2": 99}
        assert merged.notices == ("Cable: 99 instead of 120 in your cart, as a cart takes 99.",)

    def test_keeps_the_larger_party_of_a_slot(self) -> None:
        merged = EMPTY.with_slot("slt_1", 2).merged_with(new_cart().with_slot("slt_1", 3), kept={})

        assert things(merged) == {"slt_1": 3}

    def test_leaves_out_what_does_not_fit_and_says_so(self) -> None:
        mine, other = EMPTY, new_cart()
        for number in range(MOST_ITEMS):
            mine = mine.with_product(f"prd_a{number}", 1)
            other = other.with_product(f"prd_b{number}" if number else "prd_a0", 1)

        merged = mine.merged_with(other, kept={})

        assert len(merged.items) == MOST_ITEMS
        assert merged.of("prd_a0").quantity == 2
        assert merged.notices == ("A cart takes 50 different things; 49 more did not fit.",)


class TestOrdering:
    def test_leaves_what_came_or_grew_meanwhile(self) -> None:
        before = EMPTY.with_product("prd_1", 2).with_slot("slt_1", 1).with_codes(["TEN"])
        meanwhile = before.with_product("prd_1", 3).with_product("prd_2", 1)

        left = meanwhile.without_ordered(before.items)

        assert things(left) == {"prd_1": 3, "prd_2": 1}
        assert left.codes == ()


class TestDocument:
    def test_is_read_as_it_was_written(self) -> None:
        cart = replace(
            EMPTY.with_product("prd_1", 2).with_slot("slt_1", 3).with_codes(["TEN"]), notices=("x",)
        )

        assert contents_of(document_of(cart)) == cart

    def test_of_another_version_of_the_program_is_read_as_far_as_it_is_known(self) -> None:
        document = {**document_of(EMPTY.with_product("prd_1", 2)), "colour": "red"}
        del document["country"]

        assert things(contents_of(document)) == {"prd_1": 2}
