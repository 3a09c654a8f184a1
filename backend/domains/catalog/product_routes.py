"""/api/products."""

from dataclasses import replace
from typing import Any, Final

import svcs
from flask import request

from backend.domains.catalog.drafts import ProductDraft
from backend.domains.catalog.editing import CatalogEditing
from backend.domains.catalog.entities import Product
from backend.domains.catalog.listing import (
    ListedProduct,
    ProductFilter,
    ProductListing,
    Sort,
    key_types,
)
from backend.domains.catalog.product_schemas import (
    ProductDraftSchema,
    ProductPageSchema,
    ProductQuerySchema,
    ProductSchema,
    ProductSearchSchema,
)
from backend.domains.catalog.search import Match, ProductSearch, SearchKey
from backend.domains.catalog.service import CatalogService
from backend.infra.event_buffer import Sightings
from backend.kernel.errors import InvalidError
from backend.kernel.roles import Role
from backend.web.api import Blueprint
from backend.web.auth import caller_id, is_staff, optional_caller_id, requires
from backend.web.clock import time_now
from backend.web.etags import IF_MATCH, etag_of, this_edit
from backend.web.idempotency import idempotent
from backend.web.pagination import Page, PageArgs, key_behind, page_of

products: Final = Blueprint(
    "products", __name__, url_prefix="/api/products", description="What can be bought"
)

_Tagged = tuple[ListedProduct, dict[str, str]]


@products.get("/")
@products.arguments(ProductQuerySchema, location="query")
@products.response(200, ProductPageSchema)
def list_products(query: dict[str, Any]) -> Page[ListedProduct]:
    """Active products, filtered and sorted; those with amounts or sorted by price, in one currency.

    Flights that have departed and stays that have begun are left out.
    """
    return _page(**query)


@products.get("/category/<category>")
@products.arguments(ProductQuerySchema, location="query")
@products.response(200, ProductPageSchema)
@products.alt_response(404, description="No such category")
def list_products_of_category(query: dict[str, Any], category: str) -> Page[ListedProduct]:
    """Active products of a category and of those below it."""
    slug = svcs.flask.get(CatalogService).category(slug=category).slug
    return _page(**query | {"where": replace(query["where"], category=slug)})


@products.get("/featured")
@products.arguments(PageArgs, location="query")
@products.response(200, ProductPageSchema)
def list_featured_products(query: dict[str, Any]) -> Page[ListedProduct]:
    """What the shop recommends, the best rated first."""
    return _page(**query, where=ProductFilter(featured=True), sort=Sort.RATING)


@products.get("/search")
@products.arguments(ProductSearchSchema, location="query")
@products.response(200, ProductPageSchema)
def search_products(query: dict[str, Any]) -> Page[ListedProduct]:
    """Active products that words mean, the best match first; misspelt words find what is spelt alike."""
    key, limit = key_behind(query["cursor"], str, int, str), query["limit"]
    if key is not None and key[0] not in {match.value for match in Match}:
        raise InvalidError(
            "The cursor is of another list; start again without it.", errors={"cursor": ["Unknown cursor."]}
        )
    found = svcs.flask.get(ProductSearch).find(
        words=query["q"],
        where=query["where"],
        after=None if key is None else SearchKey(*key),
        limit=limit + 1,
        now=time_now(),
    )
    return _page_of(found, limit)


@products.get("/<product_id>")
@products.response(200, ProductSchema)
@products.alt_response(404, description="No such product")
def get_product(product_id: str) -> _Tagged:
    """One product, with its ETag; a retired one too."""
    found = _tagged(product_id)
    _note_seen(product_id)
    return found


@products.post("/")
@idempotent(caller_id)
@products.arguments(ProductDraftSchema)
@products.response(201, ProductSchema)
@requires(Role.SUPPORT)
def create_product(draft: ProductDraft) -> _Tagged:
    """Staff: create a product. Goods, flights and stays have no stock until some is received.

    A flight needs `flight`, a stay needs `stay`; all others have neither.
    """
    made = svcs.flask.get(CatalogEditing).create_product(draft=draft, actor_id=caller_id())
    return _tagged(made.id)


@products.put("/<product_id>")
@products.doc(**IF_MATCH)
@products.arguments(ProductDraftSchema)
@products.response(200, ProductSchema)
@products.alt_response(404, description="No such product")
@products.alt_response(412, description="Changed since it was read")
@requires(Role.SUPPORT)
def change_product(draft: ProductDraft, product_id: str) -> _Tagged:
    """Staff: replace all of a product but its stock."""
    svcs.flask.get(CatalogEditing).change_product(product_id=product_id, draft=draft, edit=this_edit())
    return _tagged(product_id)


@products.delete("/<product_id>")
@products.doc(**IF_MATCH)
@products.response(204)
@products.alt_response(404, description="No such product")
@products.alt_response(412, description="Changed since it was read")
@requires(Role.SUPPORT)
def retire_product(product_id: str) -> None:
    """Staff: retire a product. What was booked or ordered of it stays so."""
    svcs.flask.get(CatalogEditing).retire_product(product_id=product_id, edit=this_edit())


def _page(*, limit: int, cursor: str | None, where: ProductFilter, sort: Sort) -> Page[ListedProduct]:
    found = svcs.flask.get(ProductListing).page(
        where=where,
        sort=sort,
        after=key_behind(cursor, *key_types(sort)),
        limit=limit + 1,
        now=time_now(),
    )
    return _page_of(found, limit)


def _page_of(found: list[ListedProduct], limit: int) -> Page[ListedProduct]:
    return page_of([_shown(one) for one in found], limit=limit, key=lambda one: list(one.key))


def _tagged(product_id: str) -> _Tagged:
    now = time_now()
    found = svcs.flask.get(ProductListing).one(product_id=product_id, now=now)
    return _shown(found), {"ETag": etag_of(found.product.version)}


def _note_seen(product_id: str) -> None:
    """Tell the behaviour log who looked at it: interest in a product is how often that happens."""
    if not is_staff():
        svcs.flask.get(Sightings).note(
            name="product.viewed",
            product_id=product_id,
            user_id=optional_caller_id(),
            visitor=request.remote_addr or "",
            now=time_now(),
        )


def _shown(listed: ListedProduct) -> ListedProduct:
    """The product as the caller may see it: what it costs us, and a partner's bare address, are for staff."""
    if is_staff():
        return listed
    shown: Product = replace(listed.product, cost=None, external_url=None)
    return replace(listed, product=shown)
