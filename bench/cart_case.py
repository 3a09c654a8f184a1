"""The cart that is priced: ten products twice each, and ten promotions that all apply.

Five take percents off two products each, three take a fixed amount off the order, one takes percents off the
whole order, and one makes delivery free. Amounts are in cents of EUR chosen so that no line needs rounding.
"""

from dataclasses import asdict, dataclass
from decimal import Decimal
from itertools import pairwise
from typing import Any, Final


@dataclass(frozen=True, kw_only=True)
class CartCase:
    """A cart and its promotions.

    `on_products`: percents, and the places in `prices` of the products that they are taken off.
    The promotions of the order apply from `minimum_order` on, before any discount.
    """

    prices: tuple[int, ...]
    quantity: int
    on_products: tuple[tuple[int, tuple[int, ...]], ...]
    fixed: tuple[int, ...]
    on_order: int
    minimum_order: int
    shipping: int
    carts: int

    @property
    def document(self) -> dict[str, Any]:
        """As JSON, for a shop that runs in a process of its own."""
        return asdict(self)

    @property
    def promotions(self) -> int:
        """How many apply; the last one is free delivery."""
        return len(self.on_products) + len(self.fixed) + 2

    @property
    def goods(self) -> int:
        """The cart at list prices."""
        return sum(self.prices) * self.quantity

    def off_products(self) -> Decimal:
        """What the percents of products take off together."""
        return sum(
            (
                Decimal(self.prices[place] * self.quantity * percent) / 100
                for percent, places in self.on_products
                for place in places
            ),
            Decimal(0),
        )

    def total_of_list_prices(self) -> int:
        """The total where every percentage is of the list price."""
        return _whole(
            self.goods - self.off_products() - sum(self.fixed) - Decimal(self.goods * self.on_order) / 100
        )

    def total_fixed_first(self) -> int:
        """The total where the order's percentage is of what all others have left."""
        left = self.goods - self.off_products() - sum(self.fixed)
        return _whole(left * (100 - self.on_order) / 100)

    def total_percents_first(self) -> int:
        """The total where the order's percentage comes before the fixed amounts."""
        left = self.goods - self.off_products()
        return _whole(left * (100 - self.on_order) / 100 - sum(self.fixed))


def _whole(amount: Decimal) -> int:
    if amount != amount.to_integral_value():
        raise ValueError(f"the case needs rounding: {amount}")
    return int(amount)


CASE: Final = CartCase(
    prices=tuple(2_000 + 500 * number for number in range(10)),
    quantity=2,
    on_products=tuple(
        (percent, pair)
        for percent, pair in zip((5, 6, 7, 8, 10), list(pairwise(range(10)))[::2], strict=True)
    ),
    fixed=(300, 400, 500),
    on_order=2,
    minimum_order=5_000,
    shipping=1_290,
    carts=16,
)
