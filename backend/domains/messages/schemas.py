"""JSON of vouchers."""

from typing import Any

import marshmallow as ma

from backend.domains.bookings.schemas import STORED_STATUSES
from backend.domains.messages.vouchers import CheckedVoucher
from backend.web.fields import InstantField, Schema, money_field


class CheckedVoucherSchema(Schema):
    """What is true of the booking behind a voucher now; `is_valid`: the customer is to be served."""

    booking_id = ma.fields.String(required=True)
    status = ma.fields.String(required=True, validate=ma.validate.OneOf(STORED_STATUSES))
    is_valid = ma.fields.Boolean(required=True)
    title = ma.fields.String(required=True)
    name = ma.fields.String(required=True)
    party = ma.fields.Integer(required=True)
    provider = ma.fields.String(required=True)
    starts_at = InstantField(required=True)
    ends_at = InstantField(required=True)
    timezone = ma.fields.String(required=True)
    total = money_field(required=True)
    paid = money_field(required=True)
    due = money_field(required=True)

    @ma.pre_dump
    def spread(self, checked: CheckedVoucher, **_: Any) -> dict[str, Any]:
        """A flat view of the voucher and what is true of it."""
        own = ("booking_id", "status", "is_valid")
        of = {name: getattr(checked.voucher, name) for name in self.fields if name not in own}
        return {**of, **{name: getattr(checked, name) for name in own}}
