"""JSON shapes of back-tests."""

import marshmallow as ma

from backend.domains.backtesting.models import State
from backend.domains.backtesting.presentation import FORMATS
from backend.domains.rules.schemas import DraftedSchema
from backend.kernel import ids
from backend.web.fields import InstantField, QuerySchema, Schema, id_field

MOST_FACTS = 10


class BacktestArgs(DraftedSchema):
    """A draft, the half-open period of the quotes, and the facts that make segments (a few usual ones)."""

    start = InstantField(required=True, data_key="from")
    end = InstantField(required=True, data_key="to")
    by = ma.fields.List(
        ma.fields.String(validate=ma.validate.Length(1, 100)),
        load_default=list,
        validate=ma.validate.Length(max=MOST_FACTS),
        metadata={"example": ["weekday", "month"]},
    )


class ReportArgs(QuerySchema):
    """How the report is wanted: JSON with the state, or the finished report alone."""

    format = ma.fields.String(load_default="json", validate=ma.validate.OneOf(["json", *FORMATS]))


class BacktestSchema(Schema):
    """A back-test: `done` of `total` quotes are priced; `result` is there once it is done."""

    id = id_field(ids.BACKTEST, required=True)
    state = ma.fields.String(required=True, validate=ma.validate.OneOf([state.value for state in State]))
    author = ma.fields.String(required=True)
    before_version = ma.fields.String(required=True)
    after_version = ma.fields.String(required=True)
    starts_at = InstantField(required=True, data_key="from")
    ends_at = InstantField(required=True, data_key="to")
    by = ma.fields.List(ma.fields.String(), required=True)
    done = ma.fields.Integer(required=True)
    total = ma.fields.Integer(required=True)
    result = ma.fields.Dict(
        required=True, allow_none=True, metadata={"description": "Its shape stands in docs/backtest.md"}
    )
    problem = ma.fields.String(required=True, allow_none=True)
    created_at = InstantField(required=True)
    finished_at = InstantField(required=True, allow_none=True)
