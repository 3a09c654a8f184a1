from dataclasses import replace

import pytest

from backend.domains.checkout.contents import (
    MOST_ITEMS,
    MOST_QUANTITY,
    NOT_YOURS,
    BargainedError,
    CartFullError,
    Contents,
    Kept,
    UnknownItemError,
    contents_of,
    document_of,
    new_cart,
)
from backend.domains.pricing.wanted import Item
from backend.kernel.errors import InvalidError

EMPTY = Contents("crt_mine")
DEAL = Item(product_id="prd_1", quantity=2, bargain_id="bgn_1")
SLOT_DEAL = Item(slot_id="slt_1", party=3, bargain_id="bgn_2")
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


class TestDeals:
    def test_bring_what_was_bargained_for(self) -> None:
        cart = EMPTY.with_deal(DEAL).with_deal(SLOT_DEAL)

        assert things(cart) == {"prd_1": 2, "slt_1": 3}
        assert [item.bargain_id for item in cart.items] == ["bgn_1", "bgn_2"]

    def test_are_there_once(self) -> None:
        cart = EMPTY.with_deal(DEAL)

        assert cart.with_deal(DEAL) == cart

    def test_take_the_place_of_the_same_at_its_usual_price_and_say_of_how_many(self) -> None:
        before = EMPTY.with_product("prd_1", 5).with_product("prd_2", 1)

        cart = before.with_deal(DEAL)

        assert things(cart) == {"prd_1": 2, "prd_2": 1}
        assert cart.items[0].notice == "You bargained for 2, not 5."
        assert cart.items[0].id != before.items[0].id

    def test_are_for_as_many_as_were_bargained_for(self) -> None:
        cart = EMPTY.with_deal(DEAL).with_deal(SLOT_DEAL)
        goods, slot = cart.items

        for change in (
            lambda: cart.with_product("prd_1", 1),
            lambda: cart.with_slot("slt_1", 4),
            lambda: cart.with_number(goods.id, quantity=3, party=None),
            lambda: cart.with_number(slot.id, quantity=None, party=1),
        ):
            with pytest.raises(BargainedError, match="take it out of the cart"):
                change()

    def test_can_be_taken_out(self) -> None:
        cart = EMPTY.with_deal(DEAL)

        again = cart.without(cart.items[0].id).with_product("prd_1", 4)

        assert things(again) == {"prd_1": 4}

    def test_that_have_lapsed_leave_the_thing_and_say_why(self) -> None:
        cart = EMPTY.with_deal(DEAL).with_deal(SLOT_DEAL).with_lapsed({"bgn_1": "It has run out."})

        assert [(item.bargain_id, item.notice) for item in cart.items] == [
            (None, "It has run out."),
            ("bgn_2", None),
        ]
        changed = cart.with_number(cart.items[0].id, quantity=4, party=None)
        assert (changed.items[0].quantity, changed.items[0].notice) == (4, None)

    def test_of_somebody_else_are_merged_at_the_usual_price(self) -> None:
        merged = EMPTY.merged_with(new_cart().with_deal(DEAL).with_deal(SLOT_DEAL), kept=KEPT)

        assert things(merged) == {"prd_1": 2, "slt_1": 3}
        assert [(item.bargain_id, item.notice) for item in merged.items] == [(None, NOT_YOURS)] * 2

    def test_stay_as_they_are_in_a_merge(self) -> None:
        mine = EMPTY.with_deal(DEAL).with_deal(SLOT_DEAL)
        other = new_cart().with_product("prd_1", 1).with_slot("slt_1", 9)

        merged = mine.merged_with(other, kept=KEPT)

        assert merged.items == mine.items
        assert [notice.partition(" is in")[0] for notice in merged.notices] == ["Headphones", "Something"]

    def test_are_kept_by_a_program_that_does_not_know_them(self) -> None:
        document = document_of(EMPTY.with_deal(DEAL))
        document["items"][0]["from_the_future"] = 1

        assert contents_of(document) == contents_of(document_of(contents_of(document)))
