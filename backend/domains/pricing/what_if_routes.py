"""POST /api/rules/try: one case under today's rules and under a draft, line by line."""

from typing import Any, Final

import svcs

from backend.domains.pricing.what_if import Tried, WhatIf
from backend.domains.pricing.what_if_schemas import TriedSchema, TryArgs
from backend.kernel.roles import Role
from backend.web.api import Blueprint
from backend.web.auth import requires

blueprint: Final = Blueprint(
    "rule trials", __name__, url_prefix="/api/rules", description="What a draft would make of one case"
)


@blueprint.post("/try")
@blueprint.arguments(TryArgs)
@blueprint.response(200, TriedSchema)
@blueprint.alt_response(404, description="No such quote, or no such release to base a draft on")
@requires(Role.ANALYST, Role.RULE_EDITOR)
def try_case(asked: dict[str, Any]) -> Tried:
    """Price a case under the rules that are served and, when one is sent, under a draft. Nothing changes."""
    return svcs.flask.get(WhatIf).ask(**asked)
