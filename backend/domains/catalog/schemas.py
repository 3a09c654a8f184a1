"""JSON of categories and providers."""

from typing import Any

import marshmallow as ma

from backend.domains.catalog.drafts import CategoryDraft, ProviderDraft
from backend.kernel import ids
from backend.kernel.money import MAX_MINOR, Money
from backend.web.fields import Schema, currency_field, id_field
from backend.web.pagination import PageArgs

Length, Range = ma.validate.Length, ma.validate.Range


def slug_field(**options: Any) -> ma.fields.String:
    """The short name of a category."""
    shape = ma.validate.Regexp(
        r"[a-z0-9]+(-[a-z0-9]+)*\Z", error="Must look like tax-advice: lower case, digits, single hyphens."
    )
    return ma.fields.String(validate=[Length(1, 60), shape], metadata={"example": "tax-advice"}, **options)


def name_field() -> ma.fields.String:
    """What a thing is called."""
    return ma.fields.String(required=True, validate=Length(1, 200))


def whole_field(least: int, most: int, **options: Any) -> ma.fields.Integer:
    """A whole number between two."""
    return ma.fields.Integer(strict=True, validate=Range(least, most), **options)


def not_negative(money: Money) -> None:
    """Refuse an amount below zero, or beyond what can be added up."""
    if not 0 <= money.minor <= MAX_MINOR:
        raise ma.ValidationError("Must not be below zero.")


class CategoryChangeSchema(Schema):
    """A category as staff replace it."""

    name = name_field()
    parent = slug_field(load_default=None, allow_none=True)
    position = whole_field(-1000, 1000, load_default=0)
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

    product_count = ma.fields.Integer(metadata={"description": "active products in it and below it"})
    children = ma.fields.List(ma.fields.Nested("CategoryNodeSchema"))


class CategoryTreeSchema(Schema):
    """All active categories, as trees."""

    items = ma.fields.List(ma.fields.Nested(CategoryNodeSchema))


class ProviderDraftSchema(Schema):
    """A provider as staff write it."""

    name = name_field()
    category = slug_field(required=True)
    experience_years = whole_field(0, 100, required=True)
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
