"""JSON shapes of the waitlist."""

from typing import Any

import marshmallow as ma

from backend.domains.pricing.schemas import party_field, slot_id_field
from backend.domains.waitlist.models import WaitlistEntry
from backend.web.fields import InstantField, Schema


class JoinSchema(Schema):
    """Which slot to wait for, and for how many seats."""

    slot_id = slot_id_field(required=True)
    party = party_field(load_default=1)


class EntrySchema(Schema):
    """An entry of the waitlist; `hold_id` and `offer_expires_at` are told while seats are offered."""

    id = ma.fields.String(required=True)
    status = ma.fields.String(required=True)
    slot_id = ma.fields.String(required=True)
    provider = ma.fields.String(required=True)
    product = ma.fields.String(required=True)
    starts_at = InstantField(required=True)
    ends_at = InstantField(required=True)
    party = ma.fields.Integer(required=True)
    hold_id = ma.fields.String(required=True, allow_none=True)
    offer_expires_at = InstantField(required=True, allow_none=True)
    created_at = InstantField(required=True)

    @ma.pre_dump
    def spread(self, entry: WaitlistEntry, **_: Any) -> dict[str, Any]:
        """The columns under the names of the API."""
        return {
            **{name: getattr(entry, name) for name in self.fields if hasattr(entry, name)},
            "provider": entry.provider_id,
            "product": entry.product_id,
        }


class EntryPageSchema(Schema):
    """A page of waitlist entries."""

    items = ma.fields.List(ma.fields.Nested(EntrySchema), required=True)
    next = ma.fields.String(required=True, allow_none=True)
