"""The steps of a customer towards buying, as the behaviour log tells them."""

from collections.abc import Mapping
from enum import IntEnum
from types import MappingProxyType
from typing import Final


class Step(IntEnum):
    """How far somebody went; a later one is nearer to a sale."""

    LOOKED = 1
    ASKED_PRICE = 2
    PUT_IN_CART = 3
    BARGAINED = 4
    BOUGHT = 5


# Events that a customer causes; those of staff, clocks and gateways say nothing about their interest.
STEPS: Final[Mapping[str, Step]] = MappingProxyType(
    {
        "product.viewed": Step.LOOKED,
        "affiliate.clicked": Step.LOOKED,
        "quote.made": Step.ASKED_PRICE,
        "quote_request.asked": Step.ASKED_PRICE,
        "cart.added": Step.PUT_IN_CART,
        "bargain.started": Step.BARGAINED,
        "bargain.offered": Step.BARGAINED,
        "booking.made": Step.BOUGHT,
        "order.placed": Step.BOUGHT,
    }
)

NAMES: Final = tuple(STEPS)
# What is noted without a transaction, and nowhere else.
SIGHTINGS: Final = ("product.viewed", "cart.added")
# What shows interest in a product: everything before the sale.
INTEREST: Final = tuple(name for name, step in STEPS.items() if step is not Step.BOUGHT)
