"""/api/categories and /api/providers."""

from dataclasses import replace
from typing import Any, Final, TypeVar

import svcs

from backend.domains.catalog.drafts import CategoryDraft, ProviderDraft
from backend.domains.catalog.editing import CatalogEditing
from backend.domains.catalog.entities import Category, Provider
from backend.domains.catalog.listing import ProductListing
from backend.domains.catalog.schemas import (
    CategoryChangeSchema,
    CategoryNewSchema,
    CategorySchema,
    CategoryTreeSchema,
    ProviderDraftSchema,
    ProviderPageSchema,
    ProviderQuerySchema,
    ProviderSchema,
)
from backend.domains.catalog.service import CatalogService
from backend.domains.catalog.tree import CategoryNode, tree_of
from backend.kernel.roles import Role
from backend.web.api import Blueprint
from backend.web.auth import caller_id, is_staff, requires
from backend.web.clock import time_now
from backend.web.etags import IF_MATCH, etag_of, this_edit
from backend.web.idempotency import idempotent
from backend.web.pagination import Page, id_behind, page_of

categories: Final = Blueprint(
    "categories", __name__, url_prefix="/api/categories", description="The tree of what is offered"
)
providers: Final = Blueprint(
    "providers", __name__, url_prefix="/api/providers", description="Who performs it, and when"
)

_Tagged = tuple[Any, dict[str, str]]
Thing = TypeVar("Thing", Category, Provider)


@categories.get("/")
@categories.response(200, CategoryTreeSchema)
def list_categories() -> dict[str, list[CategoryNode]]:
    """All active categories, as trees, with the number of products in each."""
    catalog, listing = svcs.flask.get(CatalogService, ProductListing)
    return {"items": tree_of(catalog.categories(), listing.counts(now=time_now()))}


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
    limit, after = query.pop("limit"), id_behind(query.pop("cursor"))
    found = svcs.flask.get(CatalogService).list_providers(**query, after=after, limit=limit + 1)
    return page_of([_shown(one) for one in found], limit=limit, key=lambda one: [one.id])


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


def _shown(thing: Thing) -> Thing:
    """The thing as the caller may see it: who acts for a provider is for staff."""
    return replace(thing, user_id=None) if isinstance(thing, Provider) and not is_staff() else thing


def _tagged(thing: Thing) -> _Tagged:
    return _shown(thing), {"ETag": etag_of(thing.version)}
