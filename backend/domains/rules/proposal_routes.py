"""/api/rules/proposals: drafts that wait for somebody who may publish them."""

from typing import Any, Final

import svcs

from backend.domains.rules.models import RuleProposal, RulePublication
from backend.domains.rules.proposals import Review, RuleProposals
from backend.domains.rules.publishing import RulePublishing
from backend.domains.rules.schemas import (
    DeclineProposalSchema,
    ProposalPageSchema,
    ProposalsArgs,
    ProposalSchema,
    PublicationSchema,
    PublishSchema,
    ReviewSchema,
)
from backend.kernel.roles import Role
from backend.web.api import Blueprint
from backend.web.auth import caller_id, requires
from backend.web.idempotency import idempotent
from backend.web.pagination import Page, id_behind, page_of

blueprint: Final = Blueprint(
    "rule_proposals",
    __name__,
    url_prefix="/api/rules/proposals",
    description="Drafts of the rules that wait for a rule editor",
)


@blueprint.post("")
@idempotent(caller_id)
@blueprint.arguments(PublishSchema)
@blueprint.response(201, ProposalSchema)
@blueprint.alt_response(404, description="No such release to base a draft on")
@requires(Role.ANALYST, Role.RULE_EDITOR)
def propose(asked: dict[str, Any]) -> RuleProposal:
    """Propose a draft. It is checked as for publishing, and its texts are kept as they are."""
    draft = asked["draft"]
    return svcs.flask.get(RuleProposals).propose(
        based_on=draft["based_on"],
        sources=svcs.flask.get(RulePublishing).draft(**draft),
        note=asked["note"],
        author=caller_id(),
    )


@blueprint.get("")
@blueprint.arguments(ProposalsArgs, location="query")
@blueprint.response(200, ProposalPageSchema)
@requires(Role.ANALYST, Role.RULE_EDITOR)
def list_proposals(asked: dict[str, Any]) -> Page[RuleProposal]:
    """Proposals, the newest first."""
    limit, before = asked["limit"], id_behind(asked["cursor"])
    found = svcs.flask.get(RuleProposals).proposals(status=asked["status"], limit=limit + 1, before=before)
    return page_of(found, limit=limit, key=lambda proposal: [proposal.id])


@blueprint.get("/<proposal_id>")
@blueprint.response(200, ReviewSchema)
@blueprint.alt_response(404, description="No such proposal")
@requires(Role.ANALYST, Role.RULE_EDITOR)
def review(proposal_id: str) -> Review:
    """One proposal, with what it changes and what the check says of it today."""
    return svcs.flask.get(RuleProposals).review(proposal_id=proposal_id)


@blueprint.post("/<proposal_id>/publish")
@idempotent(caller_id)
@blueprint.response(201, PublicationSchema)
@blueprint.alt_response(403, description="Its author, where a second person must publish")
@blueprint.alt_response(404, description="No such proposal")
@blueprint.alt_response(409, description="It is settled already, or others published meanwhile")
@requires(Role.RULE_EDITOR)
def publish(proposal_id: str) -> RulePublication:
    """Serve what was proposed from now on."""
    return svcs.flask.get(RuleProposals).publish(proposal_id=proposal_id, editor=caller_id())


@blueprint.post("/<proposal_id>/decline")
@idempotent(caller_id)
@blueprint.arguments(DeclineProposalSchema)
@blueprint.response(200, ProposalSchema)
@blueprint.alt_response(404, description="No such proposal")
@blueprint.alt_response(409, description="It is settled already")
@requires(Role.RULE_EDITOR)
def decline(asked: dict[str, Any], proposal_id: str) -> RuleProposal:
    """Settle it without publishing, and say why."""
    return svcs.flask.get(RuleProposals).decline(proposal_id=proposal_id, editor=caller_id(), **asked)


@blueprint.post("/<proposal_id>/withdraw")
@idempotent(caller_id)
@blueprint.response(200, ProposalSchema)
@blueprint.alt_response(403, description="Another's proposal")
@blueprint.alt_response(404, description="No such proposal")
@blueprint.alt_response(409, description="It is settled already")
@requires(Role.ANALYST, Role.RULE_EDITOR)
def withdraw(proposal_id: str) -> RuleProposal:
    """Take one's own proposal back."""
    return svcs.flask.get(RuleProposals).withdraw(proposal_id=proposal_id, author=caller_id())
