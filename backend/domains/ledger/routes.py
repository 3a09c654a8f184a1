"""/api/providers/{id}/statement and /api/experts/{id}/statement."""

from typing import Any, Final

import svcs
from flask import Response

from backend.domains.ledger.presentation import shown
from backend.domains.ledger.schemas import StatementArgs, StatementSchema
from backend.domains.ledger.statements import Reader, Statement, Statements
from backend.web.api import Blueprint
from backend.web.auth import caller_id, is_staff, signed_in

blueprint: Final = Blueprint(
    "statements", __name__, url_prefix="/api", description="What we owe providers and experts, and why"
)


@blueprint.get("/providers/<provider_id>/statement")
@signed_in
@blueprint.arguments(StatementArgs, location="query")
@blueprint.response(200, StatementSchema)
@blueprint.alt_response(403, description="Not the provider's user, nor staff")
@blueprint.alt_response(404, description="No such provider")
def get_provider_statement(asked: dict[str, Any], provider_id: str) -> Statement | Response:
    """What moved between us and a provider: for its own user and staff; as CSV with `format=csv`."""
    form, reader = asked.pop("format"), Reader(caller_id(), is_staff())
    return shown(
        svcs.flask.get(Statements).of_provider(provider_id=provider_id, reader=reader, **asked), form
    )


@blueprint.get("/experts/<user_id>/statement")
@signed_in
@blueprint.arguments(StatementArgs, location="query")
@blueprint.response(200, StatementSchema)
@blueprint.alt_response(403, description="Not the expert, nor staff")
@blueprint.alt_response(404, description="No such user")
def get_expert_statement(asked: dict[str, Any], user_id: str) -> Statement | Response:
    """What moved between us and an expert: for the expert and staff; as CSV with `format=csv`."""
    form, reader = asked.pop("format"), Reader(caller_id(), is_staff())
    return shown(svcs.flask.get(Statements).of_expert(user_id=user_id, reader=reader, **asked), form)
