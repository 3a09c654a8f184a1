"""Reading the catalogue. Changing it is in `editing.py`."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import bindparam, select

from backend.domains.catalog.entities import SLOT, Category, Product, Provider, SlotProduct
from backend.domains.catalog.models import CategoryRow, ProductRow, ProviderRow
from backend.domains.catalog.rows import category_of, product_of, provider_of, slot_product_of
from backend.infra.postgres import DbSession
from backend.kernel.errors import NotFoundError

# Built once: every quote and every booking asks for it.
_PRODUCT_AND_PROVIDER: Final = (
    select(ProductRow, ProviderRow)
    .join(ProviderRow, ProviderRow.id == ProductRow.provider_id)
    .where(ProductRow.id == bindparam("product_id"), ProductRow.kind == SLOT)
)


@dataclass(frozen=True)
class CatalogService:
    """What is sold and who performs it. Single things are found even when retired; lists leave them out."""

    session: DbSession

    def provider(self, *, provider_id: str) -> Provider:
        """The provider with this id. NotFoundError when there is none."""
        found = self.providers(provider_ids=[provider_id])
        if not found:
            raise NotFoundError(f"There is no provider {provider_id}.")
        return found[provider_id]

    def providers(self, *, provider_ids: Collection[str]) -> dict[str, Provider]:
        """Those of the providers that exist, by id."""
        query = select(ProviderRow).where(ProviderRow.id.in_(provider_ids))
        return {row.id: provider_of(row) for row in self.session.scalars(query)}

    def providers_of(self, *, user_id: str) -> list[Provider]:
        """Those that the user acts for."""
        query = select(ProviderRow).where(ProviderRow.user_id == user_id).order_by(ProviderRow.id)
        return [provider_of(row) for row in self.session.scalars(query)]

    def product(self, *, product_id: str) -> Product:
        """The product with this id. NotFoundError when there is none."""
        found = self.products(product_ids=[product_id])
        if not found:
            raise NotFoundError(f"There is no product {product_id}.")
        return found[product_id]

    def products(self, *, product_ids: Collection[str]) -> dict[str, Product]:
        """Those of the products that exist, by id."""
        query = select(ProductRow).where(ProductRow.id.in_(product_ids))
        return {row.id: product_of(row) for row in self.session.scalars(query)}

    def journeys_over(self, *, since: datetime, until: datetime) -> list[str]:
        """The ids of the flights and stays that ended after `since`, and are over at `until`."""
        ended = ProductRow.ends_at
        return list(self.session.scalars(select(ProductRow.id).where(ended > since, ended <= until)))

    def product_and_provider(self, *, product_id: str) -> tuple[SlotProduct, Provider] | None:
        """The product of kind slot with this id and who performs it, or None when there is none."""
        row = self.session.execute(_PRODUCT_AND_PROVIDER, {"product_id": product_id}).one_or_none()
        return None if row is None else (slot_product_of(row[0]), provider_of(row[1]))

    def products_of(self, *, provider_ids: Collection[str]) -> list[SlotProduct]:
        """The active products of kind slot of these providers, in the order of their ids."""
        query = (
            select(ProductRow)
            .where(ProductRow.provider_id.in_(provider_ids), ProductRow.is_active, ProductRow.kind == SLOT)
            .order_by(ProductRow.id)
        )
        return [slot_product_of(row) for row in self.session.scalars(query)]

    def list_providers(self, *, category: str | None, after: str | None, limit: int) -> list[Provider]:
        """Up to `limit` active providers with an id after `after`, oldest first."""
        query = select(ProviderRow).where(ProviderRow.is_active).order_by(ProviderRow.id).limit(limit)
        if category is not None:
            query = query.where(ProviderRow.category == category)
        if after is not None:
            query = query.where(ProviderRow.id > after)
        return [provider_of(row) for row in self.session.scalars(query)]

    def category(self, *, slug: str) -> Category:
        """The category with this slug. NotFoundError when there is none."""
        row = self.session.get(CategoryRow, slug)
        if row is None:
            raise NotFoundError(f"There is no category {slug!r}.")
        return category_of(row)

    def categories(self) -> list[Category]:
        """The active categories, in the order in which siblings are shown."""
        query = (
            select(CategoryRow).where(CategoryRow.is_active).order_by(CategoryRow.position, CategoryRow.slug)
        )
        return [category_of(row) for row in self.session.scalars(query)]
