"""Changing the catalogue: every verb is staff's, needs the version they saw, and is in the audit log.

Nothing is deleted: what was sold once must be explained for ever. Retired things leave the lists.
"""

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, replace
from datetime import date
from typing import Any, Final, TypeVar

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from backend.domains.catalog.drafts import CategoryDraft, ProductDraft, ProviderDraft
from backend.domains.catalog.entities import Category, Product, Provider
from backend.domains.catalog.models import CategoryRow, ProductPriceRow, ProductRow, ProviderRow
from backend.domains.catalog.product_values import invalid, product_values
from backend.domains.catalog.rows import category_of, product_of, provider_of
from backend.domains.catalog.service import CatalogService
from backend.domains.catalog.was_price import Priced, was_price
from backend.infra.audit import AuditLog
from backend.infra.clock import Clock
from backend.infra.postgres import DbSession, violated
from backend.kernel import ids
from backend.kernel.errors import ConflictError, NotFoundError
from backend.kernel.money import Money
from backend.kernel.time import ZoneError, zone
from backend.kernel.versions import Edit

RowT = TypeVar("RowT", CategoryRow, ProviderRow, ProductRow)
ThingT = TypeVar("ThingT", Category, Provider, Product)

# Constraints of the database that a draft can break: the field, and what to say of it.
_UNKNOWN: Final = {
    "fk_categories_parent": ("parent", "There is no such category."),
    "fk_providers_category": ("category", "There is no such category."),
    "fk_providers_user_id": ("user_id", "There is no such user."),
    "fk_products_category": ("category", "There is no such category."),
}
_CONFLICTS: Final = {
    "categories_pkey": "There is a category with this slug already; slugs name categories for ever.",
    "fk_products_provider_id_currency": (
        "This provider has products priced in the present currency, so it cannot change."
    ),
    "fk_products_subcategory_category": (
        "Products are filed under this subcategory, so it stays where it is in the tree."
    ),
}
_FOR_EVER: Final = {
    "kind": "A product keeps its kind; create another one instead.",
    "provider_id": "A product stays its provider's; create another one instead.",
}
_NOUNS: Final[dict[type[object], str]] = {
    CategoryRow: "category",
    ProviderRow: "provider",
    ProductRow: "product",
}


@dataclass(frozen=True)
class CatalogEditing:
    """Creates, changes and retires. Errors: NotFoundError, StaleError, InvalidError, ConflictError.

    `review` is shown each product that is created or changed.
    """

    session: DbSession
    clock: Clock
    audit: AuditLog
    catalog: CatalogService
    review: Callable[[Product], None]

    def create_category(self, *, slug: str, draft: CategoryDraft, actor_id: str | None) -> Category:
        """A new category, named by `slug` for ever."""
        row = CategoryRow(slug=slug, version=1, **asdict(draft))
        return self._create(row, category_of, slug, actor_id)

    def change_category(self, *, slug: str, draft: CategoryDraft, edit: Edit) -> Category:
        """Replace all of a category but its slug."""
        self._refuse_circle(slug, draft.parent)
        row = self._locked(CategoryRow, slug, edit)
        return self._change(row, asdict(draft), category_of, slug, edit)

    def retire_category(self, *, slug: str, edit: Edit) -> None:
        """Take a category out of the tree; its children become roots."""
        row = self._locked(CategoryRow, slug, edit)
        self._change(row, {"is_active": False}, category_of, slug, edit)

    def create_provider(self, *, draft: ProviderDraft, actor_id: str | None) -> Provider:
        """A new provider. It offers nothing until it has a schedule and products."""
        _check_zone(draft.timezone)
        row = ProviderRow(
            id=ids.new_id(ids.PROVIDER), created_at=self.clock.now(), version=1, **asdict(draft)
        )
        return self._create(row, provider_of, row.id, actor_id)

    def change_provider(self, *, provider_id: str, draft: ProviderDraft, edit: Edit) -> Provider:
        """Replace all that is known of a provider."""
        _check_zone(draft.timezone)
        row = self._locked(ProviderRow, provider_id, edit)
        return self._change(row, asdict(draft), provider_of, provider_id, edit)

    def retire_provider(self, *, provider_id: str, edit: Edit) -> None:
        """Offer nothing of this provider any more; what is booked stays booked."""
        row = self._locked(ProviderRow, provider_id, edit)
        self._change(row, {"is_active": False}, provider_of, provider_id, edit)

    def create_product(self, *, draft: ProductDraft, actor_id: str | None) -> Product:
        """A new product. A retail one has no units yet: see `StockKeeping.receive`."""
        values = self._product_values(draft)
        row = ProductRow(
            id=ids.new_id(ids.PRODUCT),
            created_at=self.clock.now(),
            priced_by=actor_id,
            version=1,
            **values,
        )
        return self._reviewed(self._create(row, product_of, row.id, actor_id))

    def change_product(self, *, product_id: str, draft: ProductDraft, edit: Edit) -> Product:
        """Replace all that is known of a product; it stays its provider's."""
        values = self._product_values(draft)
        row = self._locked(ProductRow, product_id, edit)
        for name in ("kind", "provider_id"):
            if values[name] != getattr(row, name):
                raise invalid(name, _FOR_EVER[name])
        changes = values | self._price(row, values, edit)
        return self._reviewed(self._change(row, changes, product_of, product_id, edit))

    def retire_product(self, *, product_id: str, edit: Edit) -> None:
        """Sell it no more; what is booked stays booked."""
        row = self._locked(ProductRow, product_id, edit)
        self._change(row, {"is_active": False}, product_of, product_id, edit)

    def _reviewed(self, product: Product) -> Product:
        self.review(product)
        return product

    def _create(
        self, row: RowT, read: Callable[[RowT], ThingT], subject: str, actor_id: str | None
    ) -> ThingT:
        self.session.add(row)
        self._flush()
        thing = read(row)
        action = f"{_NOUNS[type(row)]}.created"
        self.audit.record(actor_id=actor_id, action=action, subject=subject, after=_recorded(thing))
        return thing

    def _change(
        self,
        row: RowT,
        values: dict[str, Any],
        read: Callable[[RowT], ThingT],
        subject: str,
        edit: Edit,
    ) -> ThingT:
        before = read(row)
        for name, value in values.items():
            setattr(row, name, value)
        row.version += 1
        self._flush()
        after = read(row)
        retired = before.is_active and after == replace(before, is_active=False, version=row.version)
        action = f"{_NOUNS[type(row)]}.{'retired' if retired else 'changed'}"
        self.audit.record(
            actor_id=edit.actor_id,
            action=action,
            subject=subject,
            before=_recorded(before),
            after=_recorded(after),
        )
        return after

    def _locked(self, kind: type[RowT], key: str, edit: Edit) -> RowT:
        row = self.session.get(kind, key, with_for_update=True, populate_existing=True)
        if row is None:
            raise NotFoundError(f"There is nothing named {key} here.")
        edit.expect(row.version)
        return row

    def _flush(self) -> None:
        try:
            self.session.flush()
        except IntegrityError as error:
            constraint = violated(error)
            if constraint in _UNKNOWN:
                raise invalid(*_UNKNOWN[constraint]) from error
            if constraint in _CONFLICTS:
                raise ConflictError(_CONFLICTS[constraint]) from error
            raise

    def _product_values(self, draft: ProductDraft) -> dict[str, Any]:
        providers = self.catalog.providers(provider_ids=[draft.provider_id]) if draft.provider_id else {}
        category = self.session.get(CategoryRow, draft.subcategory) if draft.subcategory else None
        return product_values(
            draft,
            provider=providers.get(draft.provider_id or ""),
            subcategory=category_of(category) if category else None,
        )

    def _price(self, row: ProductRow, values: Mapping[str, Any], edit: Edit) -> dict[str, Any]:
        """The columns that a change of the price changes with it; none if it stays."""
        if (row.price_minor, row.currency) == (values["price_minor"], values["currency"]):
            return {}
        history = self.session.scalars(
            select(ProductPriceRow)
            .where(ProductPriceRow.product_id == row.id)
            .order_by(ProductPriceRow.number)
        )
        now = self.clock.now()
        prices = [Priced(Money(was.price_minor, was.currency), was.valid_from) for was in history]
        reduced = was_price([*prices, Priced(Money(values["price_minor"], values["currency"]), now)])
        return {
            "priced_at": now,
            "priced_by": edit.actor_id,
            "was_price_minor": reduced.price.minor if reduced else None,
            "reduced_since": reduced.since if reduced else None,
        }

    def _refuse_circle(self, slug: str, parent: str | None) -> None:
        """A category must not be below itself. All are locked, so that two edits cannot close a circle."""
        rows = (
            self.session.query(CategoryRow).order_by(CategoryRow.slug).with_for_update().populate_existing()
        )
        parents = {row.slug: row.parent for row in rows}
        while parent is not None:
            if parent == slug:
                raise invalid("parent", "A category cannot be below itself.")
            parent = parents.get(parent)


def _check_zone(name: str) -> None:
    try:
        zone(name)
    except ZoneError as error:
        raise invalid("timezone", f"{error}.") from error


def _recorded(thing: Category | Provider | Product) -> dict[str, Any]:
    """A thing as the audit log keeps it: JSON."""
    return {name: _plain(value) for name, value in asdict(thing).items()}


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _plain(one) for name, one in value.items()}
    return value.isoformat() if isinstance(value, date) else value
