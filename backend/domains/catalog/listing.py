"""Lists of products as a shop shows them: filtered, sorted, page by page.

A page begins after the sort key of the last product of the page before, with the id as tie-break; what
is added or sold meanwhile moves nothing from one page to another.
"""

from collections import Counter
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Any, Final, NamedTuple, TypeVarTuple

from sqlalchemy import (
    BindParameter,
    ColumnElement,
    ScalarSelect,
    Select,
    Text,
    any_,
    bindparam,
    func,
    literal,
    or_,
    select,
    tuple_,
)
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import aliased

from backend.domains.catalog.entities import Product
from backend.domains.catalog.models import CategoryRow, ProductRow
from backend.domains.catalog.rows import PRODUCT_COLUMNS, product_of
from backend.domains.catalog.stock_models import StockLevelRow, StockReservationRow
from backend.domains.catalog.travel import CabinClass
from backend.infra.postgres import DbSession
from backend.kernel.errors import NotFoundError

Key = Sequence[str | int]
Columns = TypeVarTuple("Columns")


@dataclass(frozen=True, slots=True, kw_only=True)
class ProductFilter:
    """Which products. `category` includes those below it; every one of `tags` must be there.

    Amounts are minor units of `currency`; without a currency there are none. A journey starts at or after
    `starts_from` and before `starts_until`; what is no journey starts never.
    """

    kind: str | None = None
    category: str | None = None
    provider_id: str | None = None
    brand: str | None = None
    partner: str | None = None
    tags: tuple[str, ...] = ()
    origin: str | None = None
    destination: str | None = None
    cabin_class: CabinClass | None = None
    place: str | None = None
    nights: int | None = None
    supplier: str | None = None
    starts_from: datetime | None = None
    starts_until: datetime | None = None
    currency: str | None = None
    min_price: int | None = None
    max_price: int | None = None
    in_stock: bool | None = None
    featured: bool | None = None


class Sort(StrEnum):
    """The orders in which products are listed."""

    OLDEST = "oldest"
    NEWEST = "newest"
    PRICE = "price"
    PRICE_DOWN = "-price"
    RATING = "rating"
    NAME = "name"
    STARTS = "starts"
    FEATURED = "featured"


@dataclass(frozen=True, slots=True)
class ListedProduct:
    """A product with the units that are left of it: None where none are counted."""

    product: Product
    stock_quantity: int | None
    key: tuple[str | int, ...] = ()


class _Order(NamedTuple):
    """Columns that are sorted by, all up or all down; the last is the id."""

    columns: tuple[str, ...]
    descending: bool = False


_BY_RATING: Final = ("rating", "review_count", "id")
_ORDERS: Final = {
    Sort.OLDEST: _Order(("id",)),
    Sort.NEWEST: _Order(("id",), descending=True),
    Sort.PRICE: _Order(("price_minor", "id")),
    Sort.PRICE_DOWN: _Order(("price_minor", "id"), descending=True),
    Sort.RATING: _Order(_BY_RATING, descending=True),
    Sort.NAME: _Order(("name_key", "id")),
    # Of journeys alone: nothing else starts.
    Sort.STARTS: _Order(("starts_at", "id")),
    Sort.FEATURED: _Order(("is_featured", *_BY_RATING), descending=True),
}
_TEXTS: Final = frozenset({"id", "name_key"})
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)
# No journey is later; an instant that a cursor made up must be one.
_LAST: Final = (datetime(2200, 1, 1, tzinfo=UTC) - _EPOCH) // _MICROSECOND
# Ratings in tenths, truth as 0 or 1, and instants in microseconds, as a cursor holds texts and whole numbers.
_WRITE: Final[dict[str, Callable[[Any], Any]]] = {
    "rating": lambda value: round(value * 10),
    "is_featured": int,
    "starts_at": lambda value: (value - _EPOCH) // _MICROSECOND,
}
_READ: Final[dict[str, Callable[[Any], Any]]] = {
    "rating": lambda value: Decimal(value) / 10,
    "is_featured": bool,
    "starts_at": lambda value: _EPOCH + min(max(value, 0), _LAST) * _MICROSECOND,
}


def key_types(sort: Sort) -> tuple[type, ...]:
    """What the parts of a sort key are."""
    return tuple(str if name in _TEXTS else int for name in _ORDERS[sort].columns)


@dataclass(frozen=True)
class ProductListing:
    """Reads lists of active products with what is left of them."""

    session: DbSession

    def page(
        self, *, where: ProductFilter, sort: Sort, after: Key | None, limit: int, now: datetime
    ) -> list[ListedProduct]:
        """Up to `limit` active products in the order of `sort`, after the one with the key `after`."""
        order = _ORDERS[sort]
        columns = [getattr(ProductRow, name) for name in order.columns]
        query = filtered(listed(now), where, now).limit(limit)
        if sort is Sort.STARTS:
            query = query.where(ProductRow.starts_at.is_not(None))
        query = query.order_by(*(column.desc() if order.descending else column for column in columns))
        if after is not None:
            pairs = zip(order.columns, after, strict=True)
            bound = tuple_(*(_READ.get(name, _same)(value) for name, value in pairs))
            here = tuple_(*columns)
            query = query.where(here < bound if order.descending else here > bound)
        return [
            ListedProduct(product_of(row), left, _key(row, order))
            for row, left in self.session.execute(query)
        ]

    def one(self, *, product_id: str, now: datetime) -> ListedProduct:
        """The product with this id, a retired one too. NotFoundError when there is none."""
        found = self.session.execute(listed(now).where(ProductRow.id == product_id)).one_or_none()
        if found is None:
            raise NotFoundError(f"There is no product {product_id}.")
        return ListedProduct(product_of(found[0]), found[1])

    def found(self, *, product_ids: Collection[str], now: datetime) -> dict[str, ListedProduct]:
        """Those of the products that exist, retired ones too, by id."""
        rows = self.session.execute(_FOUND, {"ids": list(product_ids), "now": now})
        return {row.id: ListedProduct(product_of(row), row.left) for row in rows}

    def counts(self, *, now: datetime) -> Counter[str]:
        """How many listed products are filed under each category itself."""
        query = (
            select(ProductRow.filed_under, func.count())
            .where(ProductRow.is_active, _not_begun(now))
            .group_by(ProductRow.filed_under)
        )
        return Counter({slug: int(count) for slug, count in self.session.execute(query)})


def listed(now: datetime) -> Select[ProductRow, int]:
    """Products, each with the units left at `now`: those of expired reservations are among them."""
    return select(ProductRow, _left(now))


def filtered(query: Select[*Columns], where: ProductFilter, now: datetime) -> Select[*Columns]:
    """The active ones among them that `where` lets through."""
    equal = {
        ProductRow.kind: where.kind,
        ProductRow.provider_id: where.provider_id,
        ProductRow.brand: where.brand,
        ProductRow.partner: where.partner,
        ProductRow.currency: where.currency,
        ProductRow.is_featured: where.featured,
        ProductRow.origin: where.origin,
        ProductRow.destination: where.destination,
        ProductRow.cabin_class: where.cabin_class and where.cabin_class.value,
        ProductRow.nights: where.nights,
        ProductRow.supplier: where.supplier,
    }
    conditions = [
        ProductRow.is_active,
        *(column == value for column, value in equal.items() if value is not None),
        *_in_time(where, now),
    ]
    if where.place is not None:
        # Zurich and zürich are one place.
        conditions.append(func.plain_text(ProductRow.place) == func.plain_text(where.place))
    if where.category is not None:
        conditions.append(ProductRow.filed_under.in_(_below(where.category)))
    if where.tags:
        conditions.append(ProductRow.tags.contains(list(where.tags)))
    if where.min_price is not None:
        conditions.append(ProductRow.price_minor >= where.min_price)
    if where.max_price is not None:
        conditions.append(ProductRow.price_minor <= where.max_price)
    if where.in_stock is not None:
        conditions.append(_in_stock(now) if where.in_stock else ~_in_stock(now))
    return query.where(*conditions)


def _in_time(where: ProductFilter, now: datetime) -> Iterator[ColumnElement[bool]]:
    yield _not_begun(now)
    if where.starts_from is not None:
        yield ProductRow.starts_at >= where.starts_from
    if where.starts_until is not None:
        yield ProductRow.starts_at < where.starts_until


def _not_begun(now: datetime) -> ColumnElement[bool]:
    """A journey that has begun is not sold any more, and so not listed."""
    return or_(ProductRow.starts_at.is_(None), ProductRow.starts_at > now)


def _below(slug: str) -> Select[tuple[str]]:
    """The category and the active ones below it."""
    tree = select(literal(slug).label("slug")).cte("below", recursive=True)
    child = aliased(CategoryRow)
    tree = tree.union_all(select(child.slug).join(tree, child.parent == tree.c.slug).where(child.is_active))
    return select(tree.c.slug)


def _left(now: datetime | BindParameter[datetime]) -> ScalarSelect[int]:
    """The units left of a product. A subquery, which is asked for those products alone that are shown."""
    product, level, kept = (row.__table__ for row in (ProductRow, StockLevelRow, StockReservationRow))
    expired = (
        select(func.sum(kept.c.quantity))
        .where(kept.c.product_id == level.c.product_id, kept.c.expires_at <= now)
        .correlate(level)
        .scalar_subquery()
    )
    return (
        select(level.c.on_hand - level.c.reserved + func.coalesce(expired, 0))
        .where(level.c.product_id == product.c.id)
        .correlate(product)
        .scalar_subquery()
    )


def _in_stock(now: datetime) -> ColumnElement[bool]:
    """Whether some can be had; of what is not counted there is always enough."""
    return func.coalesce(_left(now), 1) > 0


# Built once, and of the table, not of the class: each look at a cart sends it, and nothing is changed in it.
_FOUND: Final = select(*PRODUCT_COLUMNS, _left(bindparam("now")).label("left")).where(
    ProductRow.__table__.c.id == any_(bindparam("ids", type_=ARRAY(Text)))
)


def _key(row: ProductRow, order: _Order) -> tuple[str | int, ...]:
    return tuple(_WRITE.get(name, _same)(getattr(row, name)) for name in order.columns)


def _same(value: Any) -> Any:
    return value
