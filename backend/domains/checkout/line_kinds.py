"""What a line of an order can be of."""

from typing import Final

GOODS: Final = "goods"
# Seats of a flight or rooms of a stay: counted like goods, and never sent.
TRAVEL: Final = "travel"
SLOT: Final = "slot"
# On the order as a whole.
CHARGE: Final = "charge"
