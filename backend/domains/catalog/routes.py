"""/api/categories, /api/providers, /api/products."""

from dataclasses import replace
from typing import Any, Final, TypeVar

import svcs

from backend.domains.catalog.drafts import CategoryDraft, ProductDraft, ProviderDraft
from backend.domains.catalog.editing import CatalogEditing
from backend.domains.catalog.entities import Category, Product, Provider
from backend.domains.catalog.schemas import (
    CategoryChangeSchema,
    CategoryNewSchema,
    CategorySchema,
    CategoryTreeSchema,
    ProductDraftSchema,
    ProductPageSchema,
    ProductQuerySchema,
    ProductSchema,
    ProviderDraftSchema,
    ProviderPageSchema,
    ProviderQuerySchema,
    ProviderSchema,
)
from backend.domains.catalog.service import CatalogService
from backend.domains.catalog.tree import CategoryNode, tree_of
from backend.kernel.roles import STAFF, Role
from backend.web.api import Blueprint
from backend.web.auth import caller_id, optional_caller, requires
from backend.web.etags import IF_MATCH, etag_of, this_edit
from backend.web.idempotency import idempotent
from backend.web.pagination import Page, decode_cursor, page_of

categories: Final = Blueprint(
    "categories", __name__, url_prefix="/api/categories", description="The tree of what is offered"
)
providers: Final = Blueprint(
    "providers", __name__, url_prefix="/api/providers", description="Who performs it, and when"
)
products: Final = Blueprint(
    "products", __name__, url_prefix="/api/products", description="What can be bought"
)

_Tagged = tuple[Any, dict[str, str]]
Thing = TypeVar("Thing", Category, Provider, Product)
Listed = TypeVar("Listed", Provider, Product)


@categories.get("/")
@categories.response(200, CategoryTreeSchema)
def list_categories() -> dict[str, list[CategoryNode]]:
    """All active categories, as trees."""
    return {"items": tree_of(svcs.flask.get(CatalogService).categories())}


@categories.get("/<slug>")
@categories.response(200, CategorySchema)
@categories.alt_response(404, description="No such category")
def get_category(slug: str) -> _Tagged:
    """One category, with its ETag."""
    return _tagged(svcs.flask.get(CatalogService).category(slug=slug))


@categories.post("/")
@idempotent(caller_id)
@categories.arguments(CategoryNewSchema)
@categories.response(201, CategorySchema)
@requires(Role.SUPPORT)
def create_category(new: dict[str, Any]) -> _Tagged:
    """Staff: create a category."""
    return _tagged(svcs.flask.get(CatalogEditing).create_category(**new, actor_id=caller_id()))


@categories.put("/<slug>")
@categories.doc(**IF_MATCH)
@categories.arguments(CategoryChangeSchema)
@categories.response(200, CategorySchema)
@categories.alt_response(404, description="No such category")
@categories.alt_response(412, description="Changed since it was read")
@requires(Role.SUPPORT)
def change_category(draft: CategoryDraft, slug: str) -> _Tagged:
    """Staff: replace all of a category."""
    editing = svcs.flask.get(CatalogEditing)
    return _tagged(editing.change_category(slug=slug, draft=draft, edit=this_edit()))


@categories.delete("/<slug>")
@categories.doc(**IF_MATCH)
@categories.response(204)
@categories.alt_response(404, description="No such category")
@categories.alt_response(412, description="Changed since it was read")
@requires(Role.SUPPORT)
def retire_category(slug: str) -> None:
    """Staff: retire a category. What was booked of it stays booked."""
    svcs.flask.get(CatalogEditing).retire_category(slug=slug, edit=this_edit())


@providers.get("/")
@providers.arguments(ProviderQuerySchema, location="query")
@providers.response(200, ProviderPageSchema)
def list_providers(query: dict[str, Any]) -> Page[Provider]:
    """Active providers, oldest first."""
    limit, after = query.pop("limit"), decode_cursor(query.pop("cursor"), parts=1)
    found = svcs.flask.get(CatalogService).list_providers(**query, after=_text(after), limit=limit + 1)
    return _page(found, limit=limit)


@providers.get("/<provider_id>")
@providers.response(200, ProviderSchema)
@providers.alt_response(404, description="No such provider")
def get_provider(provider_id: str) -> _Tagged:
    """One provider, with its ETag; a retired one too."""
    return _tagged(svcs.flask.get(CatalogService).provider(provider_id=provider_id))


@providers.post("/")
@idempotent(caller_id)
@providers.arguments(ProviderDraftSchema)
@providers.response(201, ProviderSchema)
@requires(Role.SUPPORT)
def create_provider(draft: ProviderDraft) -> _Tagged:
    """Staff: create a provider."""
    return _tagged(svcs.flask.get(CatalogEditing).create_provider(draft=draft, actor_id=caller_id()))


@providers.put("/<provider_id>")
@providers.doc(**IF_MATCH)
@providers.arguments(ProviderDraftSchema)
@providers.response(200, ProviderSchema)
@providers.alt_response(404, description="No such provider")
@providers.alt_response(412, description="Changed since it was read")
@requires(Role.SUPPORT)
def change_provider(draft: ProviderDraft, provider_id: str) -> _Tagged:
    """Staff: replace all of a provider."""
    return _tagged(
        svcs.flask.get(CatalogEditing).change_provider(provider_id=provider_id, draft=draft, edit=this_edit())
    )


@providers.delete("/<provider_id>")
@providers.doc(**IF_MATCH)
@providers.response(204)
@providers.alt_response(404, description="No such provider")
@providers.alt_response(412, description="Changed since it was read")
@requires(Role.SUPPORT)
def retire_provider(provider_id: str) -> None:
    """Staff: retire a provider. What was booked of it stays booked."""
    svcs.flask.get(CatalogEditing).retire_provider(provider_id=provider_id, edit=this_edit())


@products.get("/")
@products.arguments(ProductQuerySchema, location="query")
@products.response(200, ProductPageSchema)
def list_products(query: dict[str, Any]) -> Page[Product]:
    """Active products, oldest first."""
    limit, after = query.pop("limit"), decode_cursor(query.pop("cursor"), parts=1)
    found = svcs.flask.get(CatalogService).list_products(**query, after=_text(after), limit=limit + 1)
    return _page(found, limit=limit)


@products.get("/<product_id>")
@products.response(200, ProductSchema)
@products.alt_response(404, description="No such product")
def get_product(product_id: str) -> _Tagged:
    """One product, with its ETag; a retired one too."""
    return _tagged(svcs.flask.get(CatalogService).product(product_id=product_id))


@products.post("/")
@idempotent(caller_id)
@products.arguments(ProductDraftSchema)
@products.response(201, ProductSchema)
@requires(Role.SUPPORT)
def create_product(draft: ProductDraft) -> _Tagged:
    """Staff: create a product."""
    return _tagged(svcs.flask.get(CatalogEditing).create_product(draft=draft, actor_id=caller_id()))


@products.put("/<product_id>")
@products.doc(**IF_MATCH)
@products.arguments(ProductDraftSchema)
@products.response(200, ProductSchema)
@products.alt_response(404, description="No such product")
@products.alt_response(412, description="Changed since it was read")
@requires(Role.SUPPORT)
def change_product(draft: ProductDraft, product_id: str) -> _Tagged:
    """Staff: replace all of a product."""
    return _tagged(
        svcs.flask.get(CatalogEditing).change_product(product_id=product_id, draft=draft, edit=this_edit())
    )


@products.delete("/<product_id>")
@products.doc(**IF_MATCH)
@products.response(204)
@products.alt_response(404, description="No such product")
@products.alt_response(412, description="Changed since it was read")
@requires(Role.SUPPORT)
def retire_product(product_id: str) -> None:
    """Staff: retire a product. What was booked of it stays booked."""
    svcs.flask.get(CatalogEditing).retire_product(product_id=product_id, edit=this_edit())


def _is_staff() -> bool:
    found = optional_caller()
    return found is not None and not found.roles.isdisjoint(STAFF)


def _shown(thing: Thing) -> Thing:
    """The thing as the caller may see it: what it costs us, and who acts for it, are for staff."""
    if _is_staff():
        return thing
    if isinstance(thing, Product):
        return replace(thing, cost=None)
    if isinstance(thing, Provider):
        return replace(thing, user_id=None)
    return thing


def _tagged(thing: Thing) -> _Tagged:
    return _shown(thing), {"ETag": etag_of(thing.version)}


def _page(found: list[Listed], *, limit: int) -> Page[Listed]:
    return page_of([_shown(thing) for thing in found], limit=limit, key=lambda thing: [thing.id])


def _text(key: list[Any] | None) -> str | None:
    return None if key is None else str(key[0])
