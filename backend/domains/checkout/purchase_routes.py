"""/api/users/purchase-history: what the caller bought."""

from typing import Any, Final

import marshmallow as ma
import svcs

from backend.domains.checkout.purchases import BOOKING, ORDER, Purchase, PurchaseHistory
from backend.web.api import Blueprint
from backend.web.auth import caller_id, signed_in
from backend.web.fields import InstantField, Schema, money_field
from backend.web.pagination import Page, PageArgs, id_behind, page_of

blueprint: Final = Blueprint("purchases", __name__, url_prefix="/api/users", description="What users bought")


class PurchaseSchema(Schema):
    """An order, or a booking that was made without one."""

    id = ma.fields.String(required=True)
    kind = ma.fields.String(required=True, validate=ma.validate.OneOf([BOOKING, ORDER]))
    status = ma.fields.String(required=True)
    items = ma.fields.List(ma.fields.String(), required=True, metadata={"description": "what was bought"})
    total = money_field(required=True)
    bought_at = InstantField(required=True)


class PurchasePageSchema(Schema):
    """A page of purchases."""

    items = ma.fields.List(ma.fields.Nested(PurchaseSchema), required=True)
    next = ma.fields.String(allow_none=True, required=True)


@blueprint.get("/purchase-history")
@signed_in
@blueprint.arguments(PageArgs, location="query")
@blueprint.response(200, PurchasePageSchema)
def purchase_history(asked: dict[str, Any]) -> Page[Purchase]:
    """The caller's orders and bookings in one list, newest first."""
    limit, before = asked["limit"], id_behind(asked["cursor"])
    history = svcs.flask.get(PurchaseHistory)
    found = history.purchases(user_id=caller_id(), before=before, limit=limit + 1)
    return page_of(found, limit=limit, key=lambda purchase: [purchase.moment])
