"""JSON shapes of the reports of how the ledger and the gateway agree."""

from typing import Any

import marshmallow as ma

from backend.domains.payments.differences import Disagreement
from backend.domains.payments.reconciliation_models import ReconciliationRow
from backend.kernel import ids
from backend.web.fields import InstantField, Schema, WrittenSchema, id_field, money_field, write_instant


class DifferenceSchema(Schema):
    """One thing at the gateway of which the two tell different amounts."""

    kind = ma.fields.String(required=True, validate=ma.validate.OneOf([one.value for one in Disagreement]))
    source = ma.fields.String(required=True, metadata={"description": "the gateway's id of it"})
    ledger = money_field(required=True)
    gateway = money_field(required=True)
    entries = ma.fields.List(ma.fields.String(), required=True, metadata={"description": "their keys"})
    movements = ma.fields.List(ma.fields.String(), required=True)
    words = ma.fields.String(required=True)


class BalanceSchema(Schema):
    """What we had at the gateway when the report was made, as each of the two said it."""

    ledger = money_field(required=True)
    gateway = money_field(required=True)


class ReconciliationSchema(WrittenSchema):
    """A report on what moved from the instant `from` to before `to`."""

    id = id_field(ids.RECONCILIATION, required=True)
    since = InstantField(required=True, data_key="from")
    before = InstantField(required=True, data_key="to")
    made_at = InstantField(required=True)
    movements = ma.fields.Integer(required=True, metadata={"description": "things that moved at the gateway"})
    entries = ma.fields.Integer(required=True, metadata={"description": "things that moved in the ledger"})
    fees_booked = ma.fields.Integer(required=True)
    payouts_booked = ma.fields.Integer(required=True)
    differences = ma.fields.List(ma.fields.Nested(DifferenceSchema), required=True)
    balances = ma.fields.List(ma.fields.Nested(BalanceSchema), required=True)

    @staticmethod
    def write(row: ReconciliationRow) -> dict[str, Any]:
        """The report as it was kept."""
        return {
            "id": row.id,
            "from": write_instant(row.since),
            "to": write_instant(row.before),
            "made_at": write_instant(row.made_at),
            "movements": row.movements,
            "entries": row.entries,
            "fees_booked": row.fees_booked,
            "payouts_booked": row.payouts_booked,
            "differences": row.differences,
            "balances": row.balances,
        }


class ReconciliationPageSchema(Schema):
    """A page of reports."""

    items = ma.fields.List(ma.fields.Nested(ReconciliationSchema), required=True)
    next = ma.fields.String(allow_none=True, required=True)
