"""Fills the catalogue with the goods of the demonstration shop, through the services, as staff would."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from backend.domains.admin.demo_goods import DEPARTMENTS, Department, Good, Shelf
from backend.domains.catalog.drafts import CategoryDraft, ProductDraft
from backend.domains.catalog.editing import CatalogEditing
from backend.domains.catalog.entities import RETAIL
from backend.domains.catalog.stock_keeping import StockKeeping
from backend.infra.clock import Clock
from backend.kernel.money import Money
from backend.kernel.versions import Edit

CURRENCY: Final = "EUR"
# The shop has had everything for a while, and reduced some of it since.
OPENED: Final = timedelta(days=90)
REDUCED: Final = timedelta(days=5)


@dataclass(frozen=True)
class _Then(Clock):
    """A clock that stands."""

    instant: datetime

    def now(self) -> datetime:
        """Always the same."""
        return self.instant


def seed_catalog(*, editing: CatalogEditing, stock: StockKeeping, actor_id: str, now: datetime) -> int:
    """Create 5 categories, 20 subcategories and their goods with stock and past prices; how many goods.

    The caller commits. ConflictError when one of the categories is there already.
    """
    shop = _Shop(
        opening=replace(editing, clock=_Then(now - OPENED)),
        reducing=replace(editing, clock=_Then(now - REDUCED)),
        stock=stock,
        actor_id=actor_id,
    )
    return sum(
        shop.furnish(department, position) for position, department in enumerate(DEPARTMENTS, start=10)
    )


@dataclass(frozen=True)
class _Shop:
    """The services at the instants at which they are used."""

    opening: CatalogEditing
    reducing: CatalogEditing
    stock: StockKeeping
    actor_id: str

    def furnish(self, department: Department, position: int) -> int:
        """A category with all that is in it; how many goods."""
        draft = CategoryDraft(name=department.name, position=position)
        self.opening.create_category(slug=department.slug, draft=draft, actor_id=self.actor_id)
        for place, shelf in enumerate(department.shelves):
            below = CategoryDraft(name=shelf.name, parent=department.slug, position=place)
            self.opening.create_category(slug=shelf.slug, draft=below, actor_id=self.actor_id)
            for good in shelf.goods:
                self._add(good, _draft(good, department, shelf))
        return sum(len(shelf.goods) for shelf in department.shelves)

    def _add(self, good: Good, draft: ProductDraft) -> None:
        before = replace(draft, price=Money.of(good.was or good.price, CURRENCY))
        product = self.opening.create_product(draft=before, actor_id=self.actor_id)
        if good.was:
            edit = Edit(self.actor_id, product.version)
            self.reducing.change_product(product_id=product.id, draft=draft, edit=edit)
        if good.stock:
            self.stock.receive(
                product_id=product.id, quantity=good.stock, reason="Opening stock", actor_id=self.actor_id
            )


def _draft(good: Good, department: Department, shelf: Shelf) -> ProductDraft:
    file = good.name.lower().replace("'", "").replace(",", "").replace(" ", "-")
    return ProductDraft(
        kind=RETAIL,
        name=good.name,
        description=f"{good.name} by {good.brand}, from {department.name.lower()}: {shelf.name.lower()}.",
        category=department.slug,
        subcategory=shelf.slug,
        brand=good.brand,
        price=Money.of(good.price, CURRENCY),
        cost=Money.of(good.cost, CURRENCY),
        images=(f"/images/{file}.jpg",),
        specifications={"Brand": good.brand, "Weight": f"{good.grams} g"},
        tags=tuple(good.tags.split(",")),
        rating=good.rating,
        review_count=good.review_count,
        is_featured=good.is_featured,
        weight_grams=good.grams,
        tax_class=department.tax_class,
    )
