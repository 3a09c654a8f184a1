"""From a draft of a product to its columns, once it has been found to make sense. Pure."""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import fields
from typing import Any, Final
from urllib.parse import urlsplit

from backend.domains.catalog.drafts import ProductDraft
from backend.domains.catalog.entities import (
    EXTERNAL,
    RETAIL,
    SLOT,
    Category,
    PricePer,
    Provider,
)
from backend.domains.catalog.travel import FLIGHT, STAY, TRAVEL, Flight, Stay
from backend.domains.catalog.travel_values import travel_values
from backend.kernel.errors import InvalidError
from backend.kernel.money import Money

_USUAL: Final = {
    SLOT: PricePer.BOOKING,
    RETAIL: PricePer.UNIT,
    EXTERNAL: PricePer.BOOKING,
    FLIGHT: PricePer.UNIT,
    STAY: PricePer.UNIT,
}
_MONEY: Final = ("price", "cost", "original_price")
# What somebody performs, and what is sent.
_OF_OTHERS: Final = ("provider_id", "duration_minutes", "slot_step_minutes", "weight_grams")
# What only things have that are sold here.
_OURS: Final = ("provider_id", "duration_minutes", "slot_step_minutes", "cost", "weight_grams")
# No space, quote, backslash or control character, so that it is one address wherever it is written.
_ADDRESS: Final = re.compile(r"https://[A-Za-z0-9.-]+(?:[/?#][!#-&(-;=?-\[\]_a-z~]*)?")


def product_values(
    draft: ProductDraft, *, provider: Provider | None, subcategory: Category | None
) -> dict[str, Any]:
    """The columns of a product; `provider` and `subcategory` are those that the draft names, if they exist.

    InvalidError names the field that is missing, too many, or does not go with another.
    """
    _check_provider(draft, provider)
    _check_kind(draft)
    if draft.subcategory and (subcategory is None or subcategory.parent != draft.category):
        raise invalid("subcategory", f"There is no such category below {draft.category}.")
    if draft.rating and not draft.review_count:
        raise invalid("rating", "A rating needs reviews.")
    values = {field.name: getattr(draft, field.name) for field in fields(draft)}
    travel = travel_values(values.pop("travel"))
    for name in _MONEY:
        money: Money | None = getattr(draft, name)
        del values[name]
        values[f"{name}_minor"] = None if money is None else money.minor
    return {
        **values,
        **travel,
        "specifications": dict(draft.specifications),
        "currency": draft.price.currency,
        "price_per": (draft.price_per or _USUAL[draft.kind]).value,
        "tax_class": draft.tax_class.value,
        "images": list(draft.images),
        "tags": sorted(set(draft.tags)),
    }


def _check_provider(draft: ProductDraft, provider: Provider | None) -> None:
    if draft.provider_id is not None and provider is None:
        raise invalid("provider_id", "There is no such provider.")
    currency = provider.currency if provider else draft.price.currency
    whose = "This provider's prices" if provider else "All amounts of a product"
    for name in _MONEY:
        money: Money | None = getattr(draft, name)
        if money is not None and money.currency != currency:
            raise invalid(name, f"{whose} are in {currency}.")


def _check_kind(draft: ProductDraft) -> None:
    _CHECKS[draft.kind](draft)
    if draft.kind != EXTERNAL:
        _refuse_all(draft, ("partner", "external_url"), "Only an external product has it.")
    if draft.kind not in TRAVEL and draft.travel is not None:
        name = FLIGHT if isinstance(draft.travel, Flight) else STAY
        raise invalid(name, f"Only a product of kind {name} has it.")


def _check_slot(draft: ProductDraft) -> None:
    for name in ("provider_id", "duration_minutes"):
        if getattr(draft, name) is None:
            raise invalid(name, "A slot needs it.")
    if draft.weight_grams is not None:
        raise invalid("weight_grams", "A slot has no weight.")
    if draft.price_per is PricePer.UNIT:
        raise invalid("price_per", "The price of a slot is for the booking or for a person.")


def _check_retail(draft: ProductDraft) -> None:
    _refuse_all(draft, ("duration_minutes", "slot_step_minutes"), "A retail product takes no time.")
    if draft.price_per not in {None, PricePer.UNIT}:
        raise invalid("price_per", "The price of a retail product is for a unit.")


def _check_flight(draft: ProductDraft) -> None:
    if not isinstance(draft.travel, Flight):
        raise invalid(FLIGHT, "A flight needs it, and has no stay.")
    _check_travel(draft)


def _check_stay(draft: ProductDraft) -> None:
    if not isinstance(draft.travel, Stay):
        raise invalid(STAY, "A stay needs it, and has no flight.")
    _check_travel(draft)


def _check_travel(draft: ProductDraft) -> None:
    _refuse_all(draft, _OF_OTHERS, "A journey has none: its supplier has seats or rooms to sell, and times.")
    if draft.price_per not in {None, PricePer.UNIT}:
        raise invalid("price_per", "The price of a journey is for a seat, or for a room: a unit.")


def _check_external(draft: ProductDraft) -> None:
    for name in ("partner", "external_url"):
        if getattr(draft, name) is None:
            raise invalid(name, "An external product needs it.")
    _refuse_all(draft, _OURS, "A partner sells an external product; it has none.")
    if not _is_web_page(draft.external_url or ""):
        raise invalid("external_url", "Must be an address like https://www.example.com/page, without a port.")


def _is_web_page(url: str) -> bool:
    """Whether it is an https address of ASCII letters without a user, password or port."""
    if _ADDRESS.fullmatch(url) is None:
        return False
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    return parts.hostname is not None and parts.netloc.lower() == parts.hostname


def _refuse_all(draft: ProductDraft, names: Iterable[str], message: str) -> None:
    for name in names:
        if getattr(draft, name) is not None:
            raise invalid(name, message)


_CHECKS: Final[Mapping[str, Callable[[ProductDraft], None]]] = {
    SLOT: _check_slot,
    RETAIL: _check_retail,
    EXTERNAL: _check_external,
    FLIGHT: _check_flight,
    STAY: _check_stay,
}


def invalid(field: str, message: str) -> InvalidError:
    """What is wrong with one field."""
    return InvalidError(message, errors={field: [message]})
