"""What a promised price has to do with a cart: whether it was for that, and what it leaves open. Pure."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from backend.domains.checkout.contents import MOST_CODES, CartItem, Contents
from backend.domains.checkout.lookup import FoundItem
from backend.domains.pricing.wanted import Item, Wanted
from backend.kernel.errors import ConflictError

# What a promise may differ in: how it is called, and the field of POST /api/quotes.
_PROMISED: Final = {
    "shipping": ("delivery", "shipping"),
    "payment_method": ("payment", "payment_method"),
    "country": ("the country", "country"),
}
# Without these a quote leaves out what they cost.
_PRICED: Final = frozenset({"shipping", "payment_method"})
# What a promise of deals may leave to the checkout.
_OPEN: Final = (*_PROMISED, "currency", "expert_id")


class CartChangedError(ConflictError):
    """The price was promised for something else."""


def key_of(item: Item | CartItem) -> tuple[str | None, str | None, int, int]:
    """What an item is and how many of it, whatever its price."""
    return item.product_id, item.slot_id, item.quantity, item.party


def with_items_of(found: Sequence[FoundItem], promised: Wanted) -> list[FoundItem]:
    """The items of a cart at the deals that were promised. CartChangedError for other items, or deals."""
    bargains = {key_of(item): item.bargain_id for item in promised.items}
    same = sorted(map(key_of, promised.items), key=str) == sorted(
        (key_of(one.item) for one in found), key=str
    )
    if not same or any(one.item.bargain_id not in {None, bargains[key_of(one.item)]} for one in found):
        raise CartChangedError("The quote is for other items than your cart has now; check out without it.")
    return [replace(one, item=replace(one.item, bargain_id=bargains[key_of(one.item)])) for one in found]


def as_promised(contents: Contents, promised: Wanted) -> Contents:
    """The cart with what the promise says where the cart says nothing. CartChangedError where they differ."""
    bargained = _is_bargained(promised)
    if promised.expert_id != contents.expert_id and not (bargained and promised.expert_id is None):
        raise CartChangedError("The quote was made with other advice than your cart; check out without it.")
    for name, (words, field) in _PROMISED.items():
        said, meant = getattr(contents, name), getattr(promised, name)
        left_out = meant is None and (bargained or name not in _PRICED)
        if said is not None and said != meant and not left_out:
            raise CartChangedError(
                f"The quote is for {words} {meant or 'unknown'}, not {said}: ask POST /api/quotes for one"
                f" with {field} {said}, or check out without a quote."
            )
    return replace(
        contents,
        shipping=contents.shipping or promised.shipping,
        country=contents.country or promised.country,
        currency=contents.currency or promised.currency,
        codes=tuple(dict.fromkeys((*promised.codes, *contents.codes)))[:MOST_CODES],
    )


def leaves_open(promised: Wanted, wanted: Wanted) -> bool:
    """Whether a promise of deals says nothing of something that matters for their order."""
    if not _is_bargained(promised):
        return False
    return any(getattr(promised, name) is None and getattr(wanted, name) is not None for name in _OPEN)


def _is_bargained(promised: Wanted) -> bool:
    return all(item.bargain_id is not None for item in promised.items)
