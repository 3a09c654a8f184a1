"""The lines of an order, and what explains its price, as they are stored."""

from collections.abc import Iterator, Sequence
from typing import Any

from backend.domains.checkout.cart_prices import Quoted
from backend.domains.checkout.line_kinds import CHARGE, GOODS, SLOT, TRAVEL
from backend.domains.checkout.lookup import FoundItem
from backend.domains.checkout.models import Order, OrderLine
from backend.domains.pricing.entities import Line, OrderPrice
from backend.domains.pricing.records import (
    instalment_document,
    line_document,
    money_document,
    tax_document,
)


def item_lines(order: Order, quoted: Quoted, booking_ids: Sequence[str]) -> Iterator[OrderLine]:
    """A line for each item; `booking_ids` are those of its slots, in their order."""
    booked = iter(booking_ids)
    for position, (found, price) in enumerate(quoted.items, start=1):
        item, product = found.item, found.product
        yield OrderLine(
            order_id=order.id,
            position=position,
            kind=_kind(found),
            name=_name(found),
            product_id=None if product is None else product.id,
            slot_id=item.slot_id,
            booking_id=None if item.slot_id is None else next(booked),
            quantity=item.quantity,
            party=item.party,
            bargain_id=item.bargain_id,
            amount_minor=price.total.minor,
            currency=price.total.currency,
            detail=[line_document(line) for line in price.lines],
        )


def _name(found: FoundItem) -> str:
    """What the item is called for ever, whatever becomes of its product: of a journey, when it is, too."""
    if found.product is None or found.product.travel is None:
        return found.name
    return f"{found.name} ({found.product.travel.title})"


def _kind(found: FoundItem) -> str:
    if found.item.slot_id is not None:
        return SLOT
    return TRAVEL if found.product is not None and found.product.travel is not None else GOODS


def charge_lines(order: Order, quoted: Quoted) -> Iterator[OrderLine]:
    """A line for each amount on the order as a whole, such as delivery."""
    for position, line in enumerate(quoted.price.charges.lines, start=len(quoted.items) + 1):
        yield OrderLine(
            order_id=order.id,
            position=position,
            kind=CHARGE,
            name=line.label,
            quantity=1,
            party=1,
            amount_minor=line.amount.minor,
            currency=line.amount.currency,
            detail=[line_document(line)],
        )


def price_document(price: OrderPrice) -> dict[str, Any]:
    """What explains a price beside its lines; `part` is the line that a tax is of, charges being the last."""
    return {
        "taxes": [
            {**tax_document(tax), "part": number}
            for number, part in enumerate(price.parts, start=1)
            for tax in part.taxes
        ],
        "coupons": coupons_document(price),
        "due_now": money_document(price.due_now),
        "due_later": [instalment_document(due) for due in price.due_later],
    }


def coupons_document(price: OrderPrice) -> list[dict[str, Any]]:
    """The coupons that are used, and what each takes off."""
    return [
        {"code": one.code, "label": one.label, "discount": money_document(one.discount)}
        for one in price.redemption.redeemed
    ]


def lines_document(lines: Sequence[Line]) -> list[dict[str, Any]]:
    """The lines of a price."""
    return [line_document(line) for line in lines]
