"""/api/admin: the demonstration's data, refused in production."""

from typing import Final

import svcs

from backend.domains.admin.demo_data import DemoData, DemoStatus
from backend.domains.admin.schemas import DemoStatusSchema
from backend.kernel.roles import Role
from backend.web.api import Blueprint
from backend.web.auth import caller_id, requires
from backend.web.clock import time_now
from backend.web.idempotency import idempotent

blueprint: Final = Blueprint(
    "admin", __name__, url_prefix="/api/admin", description="Data of the demonstration"
)


@blueprint.post("/init-data")
@requires(Role.ADMIN)
@idempotent(caller_id)
@blueprint.response(200, DemoStatusSchema)
@blueprint.alt_response(403, description="Not an admin, or in production")
def init_data() -> DemoStatus:
    """Fill an empty shop with the demonstration; one that has something stays as it is."""
    demo = svcs.flask.get(DemoData)
    demo.init(actor_id=caller_id(), now=time_now())
    return demo.status()


@blueprint.post("/reset-data")
@requires(Role.ADMIN)
@idempotent(caller_id)
@blueprint.response(200, DemoStatusSchema)
@blueprint.alt_response(403, description="Not an admin, or in production")
def reset_data() -> DemoStatus:
    """Empty the shop, whoever filled it, and fill it with the demonstration. Users and rules stay."""
    demo = svcs.flask.get(DemoData)
    demo.reset(actor_id=caller_id(), now=time_now())
    return demo.status()


@blueprint.get("/data-status")
@requires(Role.ADMIN)
@blueprint.response(200, DemoStatusSchema)
@blueprint.alt_response(403, description="Not an admin, or in production")
def data_status() -> DemoStatus:
    """What there is now."""
    return svcs.flask.get(DemoData).status()
