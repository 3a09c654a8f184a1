"""JSON shapes of shadows and of what they found."""

from datetime import timedelta
from typing import Any

import marshmallow as ma

from backend.domains.rules.schemas import LONGEST_NOTE, DraftSchema, version_field
from backend.domains.shadow.records import report_document, shadow_document
from backend.domains.shadow.service import LONGEST, Shadow, ShadowReport, ShadowStatus
from backend.domains.shadow.tally import RESULTS
from backend.kernel import ids
from backend.web.fields import InstantField, Schema, WrittenSchema, id_field, money_field

_MINUTE = timedelta(minutes=1)


class ShadowArgs(Schema):
    """The draft, for how many minutes, for how many of a hundred quotes, and why."""

    draft = ma.fields.Nested(DraftSchema, required=True)
    minutes = ma.fields.Integer(required=True, strict=True, validate=ma.validate.Range(1, LONGEST // _MINUTE))
    sample = ma.fields.Integer(
        strict=True,
        load_default=100,
        validate=ma.validate.Range(1, 100),
        metadata={"description": "percent of quotes"},
    )
    note = ma.fields.String(required=True, validate=ma.validate.Length(1, LONGEST_NOTE))


class ShadowSchema(WrittenSchema):
    """A shadow; `ended_at` and `because` are null while it runs."""

    id = id_field(ids.SHADOW, required=True)
    version = version_field(required=True)
    status = ma.fields.String(
        required=True, validate=ma.validate.OneOf([status.value for status in ShadowStatus])
    )
    sample = ma.fields.String(required=True, metadata={"example": "10%"})
    author = ma.fields.String(required=True)
    note = ma.fields.String(required=True)
    started_at = InstantField(required=True)
    ends_at = InstantField(required=True)
    ended_at = InstantField(required=True, allow_none=True)
    because = ma.fields.String(required=True, allow_none=True)

    @staticmethod
    def write(shadow: Shadow) -> dict[str, Any]:
        """A flat view."""
        return shadow_document(shadow)


class ShadowSumSchema(Schema):
    """What the quotes that both sides sell come to, in one currency."""

    quotes = ma.fields.Integer(required=True)
    today = money_field(required=True)
    draft = money_field(required=True)
    difference = money_field(required=True)


class ShadowRuleSchema(Schema):
    """A rule that made a difference; null stands for a line without a rule."""

    decision = ma.fields.String(required=True)
    rule = ma.fields.String(required=True, allow_none=True)
    quotes = ma.fields.Integer(required=True)
    difference = money_field(required=True)


class ShadowFailureSchema(Schema):
    """Why the draft could not price quotes."""

    reason = ma.fields.String(required=True)
    quotes = ma.fields.Integer(required=True)


class ShadowMoverSchema(Schema):
    """A quote whose price would change much; POST /api/rules/try shows it line by line."""

    quote_id = id_field(ids.QUOTE, required=True)
    today = money_field(required=True)
    draft = money_field(required=True)
    difference = money_field(required=True)


class ShadowReportSchema(WrittenSchema):
    """What the processes found so far, up to `stored_at`."""

    shadow = ma.fields.Nested(ShadowSchema, required=True)
    processes = ma.fields.Integer(required=True)
    stored_at = InstantField(required=True, allow_none=True)
    results = ma.fields.Dict(
        keys=ma.fields.String(validate=ma.validate.OneOf(RESULTS)), values=ma.fields.Integer(), required=True
    )
    currencies = ma.fields.List(ma.fields.Nested(ShadowSumSchema), required=True)
    rules = ma.fields.List(ma.fields.Nested(ShadowRuleSchema), required=True)
    failures = ma.fields.List(ma.fields.Nested(ShadowFailureSchema), required=True)
    movers = ma.fields.List(ma.fields.Nested(ShadowMoverSchema), required=True)

    @staticmethod
    def write(report: ShadowReport) -> dict[str, Any]:
        """The whole report."""
        return report_document(report)
