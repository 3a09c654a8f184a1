"""JSON of handing carts over."""

from typing import Any

import marshmallow as ma

from backend.domains.checkout.handing_over import HandOver
from backend.kernel import ids
from backend.web.fields import Schema, id_field


class HandOverSchema(Schema):
    """To whom, by id or by address, and what to say to them."""

    user_id = id_field(ids.USER, load_default=None, allow_none=True)
    customer_email = ma.fields.Email(load_default=None, allow_none=True, validate=ma.validate.Length(max=254))
    note = ma.fields.String(load_default=None, allow_none=True, validate=ma.validate.Length(1, 1000))

    @ma.validates_schema
    def check(self, data: dict[str, Any], **_: Any) -> None:
        """A cart goes to one customer."""
        if (data.get("user_id") is None) == (data.get("customer_email") is None):
            raise ma.ValidationError("Give either a user_id or a customer_email.", "user_id")

    @ma.post_load
    def make(self, data: dict[str, Any], **_: Any) -> HandOver:
        """The wish that the service takes."""
        return HandOver(**data)
