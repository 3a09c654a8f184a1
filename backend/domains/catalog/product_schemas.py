"""JSON of products."""

from typing import Any, Final

import marshmallow as ma

from backend.domains.catalog.drafts import ProductDraft
from backend.domains.catalog.entities import LISTED, SLOT, PricePer, TaxClass
from backend.domains.catalog.listing import ProductFilter, Sort
from backend.domains.catalog.schemas import name_field, not_negative, slug_field, whole_field
from backend.domains.catalog.travel import CabinClass
from backend.domains.catalog.travel_schemas import (
    MOST_NIGHTS,
    FlightDraftSchema,
    FlightSchema,
    StayDraftSchema,
    StaySchema,
    airport_field,
    travel_instant_field,
    write_flight,
    write_stay,
)
from backend.kernel import ids
from backend.kernel.money import MAX_MINOR, Money
from backend.web.fields import (
    InstantField,
    Schema,
    WrittenSchema,
    currency_field,
    id_field,
    money_field,
    write_instant,
)
from backend.web.pagination import PageArgs

Length, Range, OneOf = ma.validate.Length, ma.validate.Range, ma.validate.OneOf
MAX_MINUTES: Final = 7 * 24 * 60
MOST_GRAMS: Final = 10_000_000
MOST_REVIEWS: Final = 1_000_000_000
MOST_URL: Final = 2000

_IMAGE: Final = ma.validate.Regexp(
    r"(https://|/)[^\s\"'<>\\]+\Z", error="Must be an https:// address, or a path that begins with /."
)
_TAG: Final = ma.validate.Regexp(
    r"[a-z0-9]+(-[a-z0-9]+)*\Z", error="Must look like noise-cancelling: lower case, digits, single hyphens."
)


def _money(**options: Any) -> ma.fields.Nested:
    return money_field(validate=not_negative, **options)


def _one_decimal(rating: float) -> None:
    if round(rating, 1) != rating:
        raise ma.ValidationError("Must have one decimal at most.")


def _images(**options: Any) -> ma.fields.List[Any]:
    return ma.fields.List(
        ma.fields.String(validate=[Length(2, 500), _IMAGE]), validate=Length(max=20), **options
    )


def _specifications(**options: Any) -> ma.fields.Dict:
    return ma.fields.Dict(
        keys=ma.fields.String(validate=Length(1, 60)),
        values=ma.fields.String(validate=Length(1, 500)),
        validate=Length(max=50),
        metadata={"example": {"Colour": "black", "Battery": "30 h"}},
        **options,
    )


def _tags(**options: Any) -> ma.fields.List[Any]:
    return ma.fields.List(
        ma.fields.String(validate=[Length(1, 40), _TAG]), validate=Length(max=20), **options
    )


def _partner(**options: Any) -> ma.fields.String:
    return ma.fields.String(
        validate=Length(1, 60), metadata={"description": "a partner's name", "example": "Viator"}, **options
    )


class ProductDraftSchema(Schema):
    """A product as staff write it."""

    kind = ma.fields.String(load_default=SLOT, validate=OneOf(LISTED))
    name = name_field()
    description = ma.fields.String(load_default="", validate=Length(max=5000))
    provider_id = id_field(ids.PROVIDER, load_default=None, allow_none=True)
    category = slug_field(required=True)
    subcategory = slug_field(load_default=None, allow_none=True)
    duration_minutes = whole_field(1, MAX_MINUTES, load_default=None, allow_none=True)
    slot_step_minutes = whole_field(1, MAX_MINUTES, load_default=None, allow_none=True)
    price = _money(required=True)
    price_per = ma.fields.Enum(
        PricePer,
        by_value=True,
        load_default=None,
        allow_none=True,
        metadata={"description": "booking or person for slots, unit for retail and travel, any for external"},
    )
    cost = _money(load_default=None, allow_none=True)
    original_price = _money(
        load_default=None, allow_none=True, metadata={"description": "what its maker recommends"}
    )
    max_party = whole_field(1, 10_000, load_default=1)
    brand = ma.fields.String(load_default=None, allow_none=True, validate=Length(1, 100))
    images = _images(load_default=list)
    specifications = _specifications(load_default=dict)
    tags = _tags(load_default=list)
    rating = ma.fields.Float(load_default=0.0, validate=[Range(0, 5), _one_decimal])
    review_count = whole_field(0, MOST_REVIEWS, load_default=0)
    is_featured = ma.fields.Boolean(load_default=False)
    weight_grams = whole_field(0, MOST_GRAMS, load_default=None, allow_none=True)
    tax_class = ma.fields.Enum(TaxClass, by_value=True, load_default=TaxClass.STANDARD)
    partner = _partner(load_default=None, allow_none=True)
    external_url = ma.fields.String(
        load_default=None,
        allow_none=True,
        validate=Length(1, MOST_URL),
        metadata={"description": "the partner's page of an external product; staff alone see it"},
    )
    flight = ma.fields.Nested(FlightDraftSchema, load_default=None, allow_none=True)
    stay = ma.fields.Nested(StayDraftSchema, load_default=None, allow_none=True)
    is_active = ma.fields.Boolean(load_default=True)

    @ma.validates_schema
    def one_journey(self, data: dict[str, Any], **_: Any) -> None:
        """A journey is of one sort."""
        if data.get("flight") is not None and data.get("stay") is not None:
            raise ma.ValidationError("A product is a flight or a stay, not both.", "stay")

    @ma.post_load
    def make(self, data: dict[str, Any], **_: Any) -> ProductDraft:
        """The draft that the service takes."""
        lists = {name: tuple(data[name]) for name in ("images", "tags")}
        travel = data.pop("flight") or data.pop("stay")
        data.pop("stay", None)
        return ProductDraft(**data | lists, travel=travel)


class ProductSchema(WrittenSchema):
    """What can be bought."""

    id = id_field(ids.PRODUCT)
    kind = ma.fields.String()
    name = ma.fields.String()
    description = ma.fields.String()
    provider_id = id_field(ids.PROVIDER, allow_none=True)
    category = slug_field()
    subcategory = slug_field(allow_none=True)
    duration_minutes = ma.fields.Integer(allow_none=True)
    slot_step_minutes = ma.fields.Integer(allow_none=True)
    price = money_field()
    price_per = ma.fields.Enum(PricePer, by_value=True)
    was_price = money_field(
        allow_none=True,
        metadata={"description": "the lowest price of the 30 days before the reduction; null without one"},
    )
    reduced_since = InstantField(allow_none=True)
    original_price = money_field(allow_none=True, metadata={"description": "what its maker recommends"})
    cost = money_field(allow_none=True, metadata={"description": "null for all but staff"})
    max_party = ma.fields.Integer()
    brand = ma.fields.String(allow_none=True)
    images = _images()
    specifications = _specifications()
    tags = _tags()
    stock_quantity = ma.fields.Integer(
        allow_none=True,
        metadata={"description": "units, seats or rooms that can be had now; null where none are counted"},
    )
    rating = ma.fields.Float(metadata={"description": "0.0 to 5.0; 0.0 without reviews"})
    review_count = ma.fields.Integer()
    is_featured = ma.fields.Boolean()
    weight_grams = ma.fields.Integer(allow_none=True)
    tax_class = ma.fields.Enum(TaxClass, by_value=True)
    partner = ma.fields.String(
        allow_none=True, metadata={"description": "who sells an external product; null for all others"}
    )
    external_url = ma.fields.String(allow_none=True, metadata={"description": "null for all but staff"})
    flight = ma.fields.Nested(FlightSchema, allow_none=True, metadata={"description": "of kind flight alone"})
    stay = ma.fields.Nested(StaySchema, allow_none=True, metadata={"description": "of kind stay alone"})
    is_active = ma.fields.Boolean()

    @staticmethod
    def write(value: Any) -> dict[str, Any]:
        """The JSON of a `ListedProduct`."""
        product = value.product
        return {
            **{name: getattr(product, name) for name in _AS_IT_IS},
            **{name: _write_money(getattr(product, name)) for name in _AMOUNTS},
            "price_per": product.price_per.value,
            "tax_class": product.tax_class.value,
            "reduced_since": product.reduced_since and write_instant(product.reduced_since),
            "stock_quantity": value.stock_quantity,
            "flight": write_flight(product.travel),
            "stay": write_stay(product.travel),
        }


_AMOUNTS: Final = ("price", "was_price", "original_price", "cost")
_WRITTEN: Final = frozenset(
    {*_AMOUNTS, "price_per", "tax_class", "reduced_since", "stock_quantity", "flight", "stay"}
)
_AS_IT_IS: Final = tuple(name for name in ProductSchema().fields if name not in _WRITTEN)


def _write_money(money: Money | None) -> dict[str, Any] | None:
    return None if money is None else {"amount": money.minor, "currency": money.currency}


class ProductPageSchema(Schema):
    """A page of products."""

    items = ma.fields.List(ma.fields.Nested(ProductSchema))
    next = ma.fields.String(allow_none=True)


class TagsField(ma.fields.String):
    """Tags with commas between them."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **options: Any) -> Any:
        text: str = super()._deserialize(value, attr, data, **options)
        tags = tuple(tag for tag in text.split(",") if tag)
        for tag in tags:
            _TAG(tag)
        return tags


class ProductFilterSchema(PageArgs):
    """Which products."""

    kind = ma.fields.String(load_default=None, validate=OneOf(LISTED))
    category = slug_field(load_default=None)
    provider_id = id_field(ids.PROVIDER, data_key="provider", load_default=None)
    brand = ma.fields.String(load_default=None, validate=Length(1, 100))
    partner = _partner(load_default=None)
    tags = TagsField(load_default=())
    route = ma.fields.String(
        load_default=None,
        validate=ma.validate.Regexp(r"[A-Z]{3}-[A-Z]{3}\Z", error="Two airports, such as CDG-JFK."),
        metadata={"description": "of flights: origin and destination"},
    )
    origin = airport_field(load_default=None)
    destination = airport_field(load_default=None)
    cabin_class = ma.fields.Enum(CabinClass, by_value=True, load_default=None)
    place = ma.fields.String(
        load_default=None, validate=Length(1, 100), metadata={"description": "of stays: where the house is"}
    )
    nights = ma.fields.Integer(load_default=None, validate=Range(1, MOST_NIGHTS))
    supplier = ma.fields.String(load_default=None, validate=Length(1, 60))
    starts_from = travel_instant_field(
        load_default=None, metadata={"description": "of travel: departure or check-in at or after it"}
    )
    starts_until = travel_instant_field(
        load_default=None, metadata={"description": "of travel: departure or check-in before it"}
    )
    currency = currency_field(load_default=None)
    min_price = ma.fields.Integer(load_default=None, validate=Range(0, MAX_MINOR))
    max_price = ma.fields.Integer(load_default=None, validate=Range(0, MAX_MINOR))
    in_stock = ma.fields.Boolean(load_default=None)
    featured = ma.fields.Boolean(load_default=None)

    @ma.validates_schema
    def amounts_have_a_currency(self, data: dict[str, Any], **_: Any) -> None:
        """An amount of no currency means nothing, and amounts of several are in no order."""
        asked = [name for name in ("min_price", "max_price") if data.get(name) is not None]
        if data.get("sort") in {Sort.PRICE, Sort.PRICE_DOWN}:
            asked.append("sort")
        if asked and data.get("currency") is None:
            raise ma.ValidationError(f"Needed with {' and '.join(asked)}.", "currency")

    @ma.validates_schema
    def one_way_to_say_a_route(self, data: dict[str, Any], **_: Any) -> None:
        """A route is an origin and a destination; said twice, it could contradict itself."""
        if data.get("route") and (data.get("origin") or data.get("destination")):
            raise ma.ValidationError("Say the route, or origin and destination, not both.", "route")

    @ma.post_load
    def make(self, data: dict[str, Any], **_: Any) -> dict[str, Any]:
        """The filter that the service takes as `where`; everything else under its own name."""
        names = set(ProductFilter.__dataclass_fields__)
        route = data.pop("route")
        if route is not None:
            data["origin"], data["destination"] = route.split("-")
        return {
            **{name: value for name, value in data.items() if name not in names},
            "where": ProductFilter(**{name: value for name, value in data.items() if name in names}),
        }


class ProductQuerySchema(ProductFilterSchema):
    """Which products, in which order."""

    sort = ma.fields.Enum(Sort, by_value=True, load_default=Sort.OLDEST)


class ProductSearchSchema(ProductFilterSchema):
    """Which products, by words."""

    q = ma.fields.String(required=True, validate=Length(1, 200))
