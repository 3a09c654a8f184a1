"""JSON of the catalogue."""

from typing import Any

import marshmallow as ma

from backend.domains.catalog.drafts import CategoryDraft, ProductDraft, ProviderDraft
from backend.domains.catalog.entities import SLOT, PricePer
from backend.kernel import ids
from backend.kernel.money import MAX_MINOR, Money
from backend.web.fields import Schema, currency_field, id_field, money_field
from backend.web.pagination import PageArgs

Length, Range, OneOf = ma.validate.Length, ma.validate.Range, ma.validate.OneOf
MAX_MINUTES = 7 * 24 * 60


def slug_field(**options: Any) -> ma.fields.String:
    """The short name of a category."""
    shape = ma.validate.Regexp(
        r"[a-z0-9]+(-[a-z0-9]+)*\Z", error="Must look like tax-advice: lower case, digits, single hyphens."
    )
    return ma.fields.String(validate=[Length(1, 60), shape], metadata={"example": "tax-advice"}, **options)


def _name() -> ma.fields.String:
    return ma.fields.String(required=True, validate=Length(1, 200))


def _whole(least: int, most: int, **options: Any) -> ma.fields.Integer:
    return ma.fields.Integer(strict=True, validate=Range(least, most), **options)


def _not_negative(money: Money) -> None:
    if not 0 <= money.minor <= MAX_MINOR:
        raise ma.ValidationError("Must not be below zero.")


class CategoryChangeSchema(Schema):
    """A category as staff replace it."""

    name = _name()
    parent = slug_field(load_default=None, allow_none=True)
    position = _whole(-1000, 1000, load_default=0)
    is_active = ma.fields.Boolean(load_default=True)

    @ma.post_load
    def make(self, data: dict[str, Any], **_: Any) -> Any:
        """The draft that the service takes."""
        return CategoryDraft(**data)


class CategoryNewSchema(CategoryChangeSchema):
    """A category as staff create it."""

    slug = slug_field(required=True)

    @ma.post_load
    def make(self, data: dict[str, Any], **_: Any) -> Any:
        """The slug and the draft that the service takes."""
        return {"slug": data.pop("slug"), "draft": CategoryDraft(**data)}


class CategorySchema(Schema):
    """A category."""

    slug = slug_field()
    name = ma.fields.String()
    parent = slug_field(allow_none=True)
    position = ma.fields.Integer()
    is_active = ma.fields.Boolean()


class CategoryNodeSchema(CategorySchema):
    """A category with what is below it."""

    children = ma.fields.List(ma.fields.Nested("CategoryNodeSchema"))


class CategoryTreeSchema(Schema):
    """All active categories, as trees."""

    items = ma.fields.List(ma.fields.Nested(CategoryNodeSchema))


class ProviderDraftSchema(Schema):
    """A provider as staff write it."""

    name = _name()
    category = slug_field(required=True)
    experience_years = _whole(0, 100, required=True)
    timezone = ma.fields.String(required=True, validate=Length(1, 64), metadata={"example": "Europe/Paris"})
    currency = currency_field(required=True)
    user_id = id_field(ids.USER, load_default=None, allow_none=True)
    is_active = ma.fields.Boolean(load_default=True)

    @ma.post_load
    def make(self, data: dict[str, Any], **_: Any) -> ProviderDraft:
        """The draft that the service takes."""
        return ProviderDraft(**data)


class ProviderSchema(Schema):
    """Who performs a service."""

    id = id_field(ids.PROVIDER)
    name = ma.fields.String()
    category = slug_field()
    experience_years = ma.fields.Integer()
    timezone = ma.fields.String()
    currency = ma.fields.String()
    user_id = ma.fields.String(allow_none=True, metadata={"description": "null for all but staff"})
    is_active = ma.fields.Boolean()


class ProviderPageSchema(Schema):
    """A page of providers."""

    items = ma.fields.List(ma.fields.Nested(ProviderSchema))
    next = ma.fields.String(allow_none=True)


class ProviderQuerySchema(PageArgs):
    """Which providers."""

    category = slug_field(load_default=None)


class ProductDraftSchema(Schema):
    """A product as staff write it."""

    kind = ma.fields.String(load_default=SLOT, validate=OneOf([SLOT]))
    name = _name()
    description = ma.fields.String(load_default="", validate=Length(max=5000))
    provider_id = id_field(ids.PROVIDER, required=True)
    category = slug_field(required=True)
    duration_minutes = _whole(1, MAX_MINUTES, required=True)
    slot_step_minutes = _whole(1, MAX_MINUTES, load_default=None, allow_none=True)
    price = money_field(required=True, validate=_not_negative)
    price_per = ma.fields.Enum(PricePer, by_value=True, load_default=PricePer.BOOKING)
    cost = money_field(load_default=None, allow_none=True, validate=_not_negative)
    max_party = _whole(1, 10_000, load_default=1)
    is_active = ma.fields.Boolean(load_default=True)

    @ma.post_load
    def make(self, data: dict[str, Any], **_: Any) -> ProductDraft:
        """The draft that the service takes."""
        return ProductDraft(**data)


class ProductSchema(Schema):
    """What can be bought."""

    id = id_field(ids.PRODUCT)
    kind = ma.fields.String()
    name = ma.fields.String()
    description = ma.fields.String()
    provider_id = id_field(ids.PROVIDER)
    category = slug_field()
    duration_minutes = ma.fields.Integer()
    slot_step_minutes = ma.fields.Integer(allow_none=True)
    price = money_field()
    price_per = ma.fields.Enum(PricePer, by_value=True)
    cost = money_field(allow_none=True, metadata={"description": "null for all but staff"})
    max_party = ma.fields.Integer()
    is_active = ma.fields.Boolean()


class ProductPageSchema(Schema):
    """A page of products."""

    items = ma.fields.List(ma.fields.Nested(ProductSchema))
    next = ma.fields.String(allow_none=True)


class ProductQuerySchema(PageArgs):
    """Which products."""

    kind = ma.fields.String(load_default=None, validate=OneOf([SLOT]))
    category = slug_field(load_default=None)
    provider_id = id_field(ids.PROVIDER, data_key="provider", load_default=None)
