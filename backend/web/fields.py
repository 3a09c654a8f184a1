"""Schema parts that every domain shares: money, instants, local dates, ids, pages."""

from datetime import UTC, datetime
from typing import Any

import marshmallow as ma

from backend.kernel import ids
from backend.kernel.money import EXPONENTS, MAX_MINOR, Money


class Schema(ma.Schema):
    """Base of every request and response: unknown fields are refused by name."""

    class Meta:
        """Options of marshmallow."""

        unknown = ma.RAISE
        ordered = True


class WrittenSchema(Schema):
    """Describes what `write` answers; to dump is to call it.

    For answers with many parts: fields take several times as long to find and write each of them. That
    what is written is what the fields say is for a test to see: it must load again.
    """

    @staticmethod
    def write(value: Any) -> dict[str, Any]:
        """The JSON of one value."""
        raise NotImplementedError

    def dump(self, obj: Any, *, many: bool | None = None) -> Any:
        """The JSON of a value, or of each of `many`."""
        return [self.write(one) for one in obj] if (self.many if many is None else many) else self.write(obj)


class QuerySchema(ma.Schema):
    """Base of query strings; an unknown parameter is refused like an unknown field."""

    class Meta:
        """Options of marshmallow."""

        unknown = ma.RAISE


class MoneySchema(Schema):
    """`{"amount": 12500, "currency": "EUR"}`: whole minor units."""

    amount = ma.fields.Integer(
        required=True,
        strict=True,
        validate=ma.validate.Range(-MAX_MINOR, MAX_MINOR),
        metadata={"description": "minor units (cents, for EUR)"},
    )
    currency = ma.fields.String(required=True, validate=ma.validate.OneOf(sorted(EXPONENTS)))

    @ma.post_load
    def make(self, data: dict[str, Any], **_: Any) -> Money:
        """The value type behind it."""
        return Money(data["amount"], data["currency"])

    @ma.pre_dump
    def spread(self, money: Money | None, **_: Any) -> dict[str, Any] | None:
        """The JSON shape of a `Money`."""
        return None if money is None else {"amount": money.minor, "currency": money.currency}


def money_field(**options: Any) -> ma.fields.Nested:
    """A field that holds `Money`."""
    return ma.fields.Nested(MoneySchema, **options)


def currency_field(**options: Any) -> ma.fields.String:
    """An ISO 4217 code."""
    return ma.fields.String(validate=ma.validate.OneOf(sorted(EXPONENTS)), **options)


class InstantField(ma.fields.AwareDateTime):
    """An RFC 3339 instant; read with any offset, written in UTC with `Z`."""

    def __init__(self, **options: Any) -> None:
        super().__init__(format="iso", default_timezone=None, **options)

    def _serialize(self, value: datetime | None, attr: Any, obj: Any, **kwargs: Any) -> Any:  # noqa: ARG002
        return None if value is None else write_instant(value)


def write_instant(value: datetime) -> str:
    """An instant as every answer has it: `2026-12-07T09:00:00Z`, with milliseconds where there are some."""
    written = value.astimezone(UTC).isoformat(timespec="milliseconds" if value.microsecond else "seconds")
    return written.replace("+00:00", "Z")


def id_field(prefix: str, **options: Any) -> ma.fields.String:
    """An id with this prefix; one of another kind is refused with both named."""

    def check(text: str) -> None:
        if not ids.is_id(text, prefix):
            raise ma.ValidationError(f"Not an id of this kind: it must look like {prefix}_01kaj3….")

    return ma.fields.String(
        validate=check, metadata={"example": f"{prefix}_01kaj3zq6m8v9x2c4b5n7p8q9r"}, **options
    )


class ProblemSchema(Schema):
    """RFC 9457 problem details; some problems tell more, such as the slot that is gone."""

    class Meta(Schema.Meta):
        """Options of marshmallow."""

        unknown = ma.INCLUDE

    type = ma.fields.String(required=True)
    title = ma.fields.String(required=True)
    status = ma.fields.Integer(required=True)
    detail = ma.fields.String(required=True)
    instance = ma.fields.String(required=True)
    request_id = ma.fields.String(allow_none=True)
    errors = ma.fields.Dict(metadata={"description": "messages by field"})
