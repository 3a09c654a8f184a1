"""Baskets to look at coupons for: what a caller names item by item, or what is in the caller's cart."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from backend.domains.availability.slot_ids import parse_slot_id
from backend.domains.catalog.entities import EXTERNAL, Category, PricePer, Product
from backend.domains.catalog.service import CatalogService
from backend.domains.coupons.eligibility import VISITOR, Basket, BasketLine, Shopper
from backend.domains.identity.service import UserService
from backend.kernel.errors import InvalidError, NotFoundError
from backend.kernel.money import Money

OrdersMade = Callable[[str], int]
"""How many orders and bookings a user has made, those that were cancelled left out."""


@dataclass(frozen=True, slots=True)
class Item:
    """Some of a product, or a slot of it; `amount` is the price that the caller was shown for all of it.

    No coupon comes on top of a price that was `agreed` on.
    """

    product_id: str | None = None
    slot_id: str | None = None
    quantity: int = 1
    party: int = 1
    amount: Money | None = None
    agreed: bool = False


class CartBaskets(Protocol):
    """Where carts are kept."""

    def basket_of(self, *, user_id: str | None, now: datetime) -> Basket | None:
        """What is in the cart of the user, or of the visitor behind this request; None without a cart."""
        ...


@dataclass(frozen=True)
class Baskets:
    """Builds baskets at list prices; the price that counts is made by a quote."""

    catalog: CatalogService
    users: UserService
    orders_made: OrdersMade
    carts: CartBaskets

    def shopper(self, *, user_id: str | None) -> Shopper:
        """What coupons may know of the user."""
        if user_id is None:
            return VISITOR
        user = self.users.user(user_id)
        return Shopper(user.id, user.loyalty_tier, user.country, self.orders_made(user.id))

    def of_items(
        self, items: Sequence[Item], *, shipping: Money | None, user_id: str | None, now: datetime
    ) -> Basket:
        """The basket of these items. NotFoundError, InvalidError (two currencies, or sold by a partner)."""
        wanted = [_product_id(item) for item in items]
        products = self.catalog.products(product_ids=set(wanted))
        for product_id in wanted:
            if product_id not in products:
                raise NotFoundError(f"There is no product {product_id}.")
        _refuse_external(products.values())
        tree = {category.slug: category for category in self.catalog.categories()}
        lines = tuple(
            _line(item, products[product_id], tree) for item, product_id in zip(items, wanted, strict=True)
        )
        currency = _one_currency(lines, shipping)
        return Basket(lines, shipping or Money.zero(currency), self.shopper(user_id=user_id), now)

    def of_cart(self, *, user_id: str | None, now: datetime) -> Basket:
        """The caller's cart. InvalidError when there is none."""
        basket = self.carts.basket_of(user_id=user_id, now=now)
        if basket is None:
            sentence = "There is no cart of yours; name the items that you want to buy."
            raise InvalidError(sentence, errors={"items": [sentence]})
        return basket


def category_path(slugs: Iterable[str | None], tree: Mapping[str, Category]) -> tuple[str, ...]:
    """These categories and all above them, each once, from the nearest on."""
    path: list[str] = []
    for slug in slugs:
        above = slug
        while above is not None and above not in path:
            path.append(above)
            above = tree[above].parent if above in tree else None
    return tuple(path)


def _refuse_external(products: Iterable[Product]) -> None:
    for product in products:
        if product.kind == EXTERNAL:
            sentence = f"{product.name} is sold by {product.partner}, where our coupons take nothing off."
            raise InvalidError(sentence, errors={"items": [sentence]})


def _product_id(item: Item) -> str:
    if item.product_id is not None:
        return item.product_id
    parsed = parse_slot_id(item.slot_id or "")
    if parsed is None:
        raise NotFoundError(f"There is no slot {item.slot_id}.")
    return parsed[0]


def _line(item: Item, product: Product, tree: Mapping[str, Category]) -> BasketLine:
    number = item.party if product.price_per is PricePer.PERSON else item.quantity
    shown = product.price * number if item.amount is None else item.amount
    return BasketLine(
        product_id=product.id,
        kind=product.kind,
        categories=category_path([product.subcategory, product.category], tree),
        quantity=item.quantity,
        amount=Money.zero(shown.currency) if item.agreed else shown,
        agreed=item.agreed,
    )


def _one_currency(lines: Iterable[BasketLine], shipping: Money | None) -> str:
    amounts = [line.amount for line in lines] + ([] if shipping is None else [shipping])
    currencies = sorted({amount.currency for amount in amounts})
    if len(currencies) > 1:
        sentence = f"The items are in {' and '.join(currencies)}; coupons are for an order in one currency."
        raise InvalidError(sentence, errors={"items": [sentence]})
    return currencies[0]
