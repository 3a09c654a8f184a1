"""JSON shapes of a case that is tried under today's rules and under a draft."""

from typing import Any

import marshmallow as ma

from backend.domains.pricing.comparison import LineComparison, PriceComparison
from backend.domains.pricing.records import line_document, money_document, price_document, rule_document
from backend.domains.pricing.schemas import (
    InstalmentSchema,
    LineSchema,
    NearMissSchema,
    RuleSchema,
    SharesSchema,
    TaxSchema,
)
from backend.domains.pricing.what_if import Tried
from backend.domains.rules.schemas import DraftSchema
from backend.kernel import ids
from backend.web.fields import InstantField, Schema, WrittenSchema, id_field, money_field

MOST_FACTS = 200


class TryArgs(Schema):
    """The facts of a case as staff write them, or a stored quote; with a draft, both sides are compared."""

    case = ma.fields.Dict(
        keys=ma.fields.String(),
        validate=ma.validate.Length(1, MOST_FACTS),
        metadata={"example": {"kind": "slot", "party": 2, "base": "100.00 EUR"}},
    )
    quote_id = id_field(ids.QUOTE)
    at = InstantField()
    draft = ma.fields.Nested(DraftSchema)

    @ma.validates_schema
    def check_case(self, data: dict[str, Any], **_: Any) -> None:
        """One of the two ways to name a case."""
        if ("case" in data) == ("quote_id" in data):
            raise ma.ValidationError("Send either `case` or `quote_id`.")


class RefusalSchema(Schema):
    """Why it is not sold."""

    reason = ma.fields.String(required=True)
    rule = ma.fields.Nested(RuleSchema, required=True)


class PriceSchema(Schema):
    """A price with everything that explains it."""

    total = money_field(required=True)
    lines = ma.fields.List(ma.fields.Nested(LineSchema), required=True)
    near_misses = ma.fields.List(ma.fields.Nested(NearMissSchema), required=True)
    refusals = ma.fields.List(ma.fields.Nested(RefusalSchema), required=True)
    requires_approval = ma.fields.Boolean(required=True)
    below_floor_by = ma.fields.Nested(RuleSchema, required=True, allow_none=True)
    taxes = ma.fields.List(ma.fields.Nested(TaxSchema), required=True)
    shares = ma.fields.Nested(SharesSchema, required=True, allow_none=True)
    due_later = ma.fields.List(ma.fields.Nested(InstalmentSchema), required=True)


class ComparedLineSchema(Schema):
    """One line on both sides; null where a side has none."""

    stage = ma.fields.String(required=True)
    label = ma.fields.String(required=True)
    rule = ma.fields.Nested(RuleSchema, required=True, allow_none=True)
    today = ma.fields.Nested(LineSchema, required=True, allow_none=True)
    draft = ma.fields.Nested(LineSchema, required=True, allow_none=True)
    difference = money_field(required=True)


class ComparedDecisionSchema(Schema):
    """A decision beside the price in which other rules fire, or do other things."""

    decision = ma.fields.String(required=True)
    today = ma.fields.List(ma.fields.String(), required=True)
    draft = ma.fields.List(ma.fields.String(), required=True)


class TriedSchema(WrittenSchema):
    """Today's price; with a draft also its price, and both line by line. `same` says that nothing differs."""

    today = ma.fields.Nested(PriceSchema, required=True)
    draft = ma.fields.Nested(PriceSchema, required=True, allow_none=True)
    lines = ma.fields.List(ma.fields.Nested(ComparedLineSchema), required=True)
    difference = money_field(required=True, allow_none=True)
    decisions = ma.fields.List(ma.fields.Nested(ComparedDecisionSchema), required=True)
    same = ma.fields.Boolean(required=True)

    @staticmethod
    def write(tried: Tried) -> dict[str, Any]:
        """Both sides and what lies between them."""
        compared = tried.comparison
        return {
            "today": price_document(tried.today, tried.vocabulary),
            "draft": price_document(compared.draft, tried.vocabulary) if compared else None,
            "lines": _lines(compared) if compared else [],
            "difference": money_document(compared.difference) if compared else None,
            "decisions": [
                {"decision": one.decision, "today": list(one.today), "draft": list(one.draft)}
                for one in tried.decisions
            ],
            "same": compared is None or (compared.is_same and not tried.decisions),
        }


def _lines(compared: PriceComparison) -> list[dict[str, Any]]:
    return [_line(line) for line in compared.lines]


def _line(line: LineComparison) -> dict[str, Any]:
    return {
        "stage": line.stage,
        "label": line.label,
        "rule": rule_document(line.rule),
        "today": line_document(line.today) if line.today else None,
        "draft": line_document(line.draft) if line.draft else None,
        "difference": money_document(line.difference),
    }
