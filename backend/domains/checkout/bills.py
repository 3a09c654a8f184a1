"""What an order owes, item by item."""

from collections.abc import Sequence

from backend.domains.bookings.terms import claim_of
from backend.domains.checkout.cart_prices import Quoted
from backend.domains.payments.entities import Claim
from backend.domains.payments.service import LINE


def claims_of(quoted: Quoted, booking_ids: Sequence[str]) -> list[Claim]:
    """A claim for each item that costs something, and one for the charges on all of it.

    Those of slots are named by their bookings, in the order of `booking_ids`, the others by their lines.
    """
    booked = iter(booking_ids)
    claims = []
    for position, (found, price) in enumerate(quoted.items, start=1):
        is_slot = found.item.slot_id is not None
        claim = claim_of(
            price,
            part=next(booked) if is_slot else f"{LINE}{position}",
            name=found.name,
            provider=found.product.provider_id if found.product else None,
            expert=quoted.expert_id,
            asks=is_slot and price.requires_approval,
        )
        claims.append(claim)
    charges = claim_of(
        quoted.price.charges,
        part=f"{LINE}{len(quoted.items) + 1}",
        name="Delivery and payment",
        provider=None,
    )
    return [claim for claim in (*claims, charges) if claim is not None]


def asked_of(quoted: Quoted, booking_ids: Sequence[str]) -> set[str]:
    """The bookings whose providers have to approve them."""
    slots = [price for found, price in quoted.items if found.item.slot_id is not None]
    return {
        booking_id for booking_id, price in zip(booking_ids, slots, strict=True) if price.requires_approval
    }
