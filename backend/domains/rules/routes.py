"""/api/rules: reading, checking, comparing, publishing and rolling back. proposal_routes.py has the rest."""

from typing import Any, Final

import svcs
from flask import Response, request

from backend.domains.rules.checking import CheckReport, RuleChecks
from backend.domains.rules.models import RulePublication, RuleRelease
from backend.domains.rules.overview import Overview, overview
from backend.domains.rules.publishing import RuleFile, RulePublishing
from backend.domains.rules.schemas import (
    CheckArgs,
    CheckSchema,
    DiffArgs,
    DiffSchema,
    FileArgs,
    FileSchema,
    OverviewSchema,
    PublicationPageSchema,
    PublicationSchema,
    PublishSchema,
    ReleaseSchema,
    RollbackSchema,
)
from backend.domains.rules.service import RulesService
from backend.engine.diff import RulebookDiff
from backend.kernel.roles import Role
from backend.web.api import Blueprint
from backend.web.auth import caller_id, requires
from backend.web.idempotency import idempotent
from backend.web.pagination import Page, PageArgs, number_behind, page_of

blueprint: Final = Blueprint(
    "rules", __name__, url_prefix="/api/rules", description="The rules that decide prices, and their changes"
)


@blueprint.get("")
@blueprint.response(200, OverviewSchema)
@requires(Role.ANALYST, Role.RULE_EDITOR)
def get_overview() -> Overview:
    """What is served: its version, files and decisions."""
    return overview(svcs.flask.get(RulesService))


@blueprint.get("/files/<path:name>")
@blueprint.arguments(FileArgs, location="query")
@blueprint.response(200, FileSchema)
@blueprint.alt_response(304, description="It is the text that If-None-Match names")
@blueprint.alt_response(404, description="No such file or release")
@requires(Role.ANALYST, Role.RULE_EDITOR)
def get_file(asked: dict[str, Any], name: str) -> tuple[RuleFile, dict[str, str]]:
    """One file of a release, with its ETag."""
    file = svcs.flask.get(RulePublishing).file(reference=asked["release"], name=name)
    return file, {"ETag": f'"{file.digest}"'}


@blueprint.post("/check")
@blueprint.arguments(CheckArgs)
@blueprint.response(200, CheckSchema)
@blueprint.alt_response(404, description="No such release to base a draft on")
@requires(Role.ANALYST, Role.RULE_EDITOR)
def check(asked: dict[str, Any]) -> CheckReport:
    """Read a draft, run its scenarios and compare its rules with each other. Nothing changes."""
    sources = svcs.flask.get(RulePublishing).draft(**asked["draft"])
    return svcs.flask.get(RuleChecks).check(sources, gaps=asked["gaps"])


@blueprint.post("/diff")
@blueprint.arguments(DiffArgs)
@blueprint.response(200, DiffSchema)
@blueprint.alt_response(404, description="No such release")
@requires(Role.ANALYST, Role.RULE_EDITOR)
def diff(asked: dict[str, Any]) -> RulebookDiff:
    """What changes between two releases, or from a draft's base to the draft."""
    return svcs.flask.get(RulePublishing).difference(**asked)


@blueprint.post("/publish")
@idempotent(caller_id)
@blueprint.arguments(PublishSchema)
@blueprint.response(201, PublicationSchema)
@blueprint.alt_response(404, description="No such release to base a draft on")
@blueprint.alt_response(409, description="Others published meanwhile, or a second person must")
@requires(Role.RULE_EDITOR)
def publish(asked: dict[str, Any]) -> RulePublication:
    """Check a draft and serve it from now on, in every process."""
    publishing = svcs.flask.get(RulePublishing)
    draft = asked["draft"]
    return publishing.publish(
        sources=publishing.draft(**draft),
        note=asked["note"],
        author=caller_id(),
        expected_current=draft["based_on"],
    )


@blueprint.post("/rollback")
@idempotent(caller_id)
@blueprint.arguments(RollbackSchema)
@blueprint.response(201, PublicationSchema)
@blueprint.alt_response(404, description="No such release")
@blueprint.alt_response(409, description="Others published since `expected_current`")
@requires(Role.RULE_EDITOR)
def rollback(asked: dict[str, Any]) -> RulePublication:
    """Serve an earlier release again, from now on."""
    return svcs.flask.get(RulePublishing).rollback(**asked, author=caller_id())


@blueprint.get("/history")
@blueprint.arguments(PageArgs, location="query")
@blueprint.response(200, PublicationPageSchema)
@requires(Role.ANALYST, Role.RULE_EDITOR)
def history(asked: dict[str, Any]) -> Page[RulePublication]:
    """What was served from when on, by whom and why; the newest first."""
    limit = asked["limit"]
    found = svcs.flask.get(RulePublishing).history(limit=limit + 1, before=number_behind(asked["cursor"]))
    return page_of(found, limit=limit, key=lambda publication: [publication.number])


@blueprint.get("/releases/<version>")
@blueprint.response(200, ReleaseSchema)
@blueprint.alt_response(404, description="No such release")
@requires(Role.ANALYST, Role.RULE_EDITOR)
def get_release(version: str) -> RuleRelease:
    """All texts of a release: by its version, its number in the history, or `served`."""
    return svcs.flask.get(RulePublishing).release(version=version)


@blueprint.after_request
def revalidate(response: Response) -> Response:
    """304 for a text that the client has already."""
    response.make_conditional(request)
    return response
