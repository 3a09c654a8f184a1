"""Requests and responses of /api/users."""

from collections.abc import Sequence
from typing import Any

import marshmallow as ma

from backend.domains.identity.preferences import Preferences, PriceRange
from backend.domains.identity.schemas import UserSchema
from backend.kernel.money import Money
from backend.web.fields import InstantField, Schema, money_field
from backend.web.pagination import PageArgs

MOST_PREFERRED = 50
# As the fact `loyalty_tier` of the rules has them.
TIERS = ("none", "silver", "gold", "platinum")
_SLUG = ma.validate.Regexp(r"^[a-z0-9]+(-[a-z0-9]+)*$", error="Must look like `home-and-garden`.")


def _distinct(names: Sequence[str]) -> None:
    if len(set(names)) != len(names):
        raise ma.ValidationError("The same must not be there twice.")


def _not_negative(money: Money) -> None:
    if money.minor < 0:
        raise ma.ValidationError("A price must not be negative.")


class PriceRangeSchema(Schema):
    """From `min` to `max`, in one currency; null leaves an end open."""

    min = money_field(attribute="minimum", allow_none=True, load_default=None, validate=_not_negative)
    max = money_field(attribute="maximum", allow_none=True, load_default=None, validate=_not_negative)

    @ma.validates_schema(skip_on_field_errors=True)
    def check_ends(self, data: dict[str, Any], **_: Any) -> None:
        """Both ends are in one currency and in order."""
        least, most = data["minimum"], data["maximum"]
        if least is None or most is None:
            return
        if least.currency != most.currency:
            raise ma.ValidationError("Both ends must be in the same currency.", "max")
        if most < least:
            raise ma.ValidationError("The highest price must not be below the lowest.", "max")

    @ma.post_load
    def make(self, data: dict[str, Any], **_: Any) -> PriceRange:
        """The value type behind it."""
        return PriceRange(**data)


class PreferencesSchema(Schema):
    """What a user likes to see; replaced as a whole."""

    categories = ma.fields.List(
        ma.fields.String(validate=[ma.validate.Length(1, 80), _SLUG]),
        required=True,
        validate=[ma.validate.Length(max=MOST_PREFERRED), _distinct],
        metadata={"description": "slugs of categories"},
    )
    brands = ma.fields.List(
        ma.fields.String(validate=ma.validate.Length(1, 200)),
        required=True,
        validate=[ma.validate.Length(max=MOST_PREFERRED), _distinct],
    )
    price_range = ma.fields.Nested(PriceRangeSchema, load_default=PriceRange)

    @ma.post_load
    def make(self, data: dict[str, Any], **_: Any) -> Preferences:
        """The value type behind it."""
        return Preferences(
            categories=tuple(data["categories"]),
            brands=tuple(data["brands"]),
            price_range=data["price_range"],
        )


class UserSearchArgs(PageArgs):
    """`?q=` is looked for in names and e-mail addresses."""

    q = ma.fields.String(load_default=None, validate=ma.validate.Length(1, 200))


class StaffUserSchema(UserSchema):
    """A user as staff see them."""

    loyalty_set_by = ma.fields.String(
        allow_none=True, metadata={"description": "who of the staff set the tier; null when nobody did"}
    )


class LoyaltyTierSchema(Schema):
    """The tier that a user is to have."""

    tier = ma.fields.String(required=True, validate=ma.validate.OneOf(TIERS))


class StaffUserPageSchema(Schema):
    """A page of users."""

    items = ma.fields.List(ma.fields.Nested(StaffUserSchema), required=True)
    next = ma.fields.String(allow_none=True, required=True)


class OnlineUserSchema(Schema):
    """A user who is online."""

    user = ma.fields.Nested(StaffUserSchema, required=True)
    last_seen_at = InstantField(attribute="seen_at", required=True)


class OnlinePageSchema(Schema):
    """A page of users who are online."""

    items = ma.fields.List(ma.fields.Nested(OnlineUserSchema), required=True)
    next = ma.fields.String(allow_none=True, required=True)
