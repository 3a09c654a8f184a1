"""Proposals: drafts that wait for somebody who may publish them, and how each is settled, once.

A proposal is open until it is published, declined or withdrawn; then it never changes again. The database
forbids the rest (migration 0008).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from sqlalchemy import select

from backend.domains.rules.checking import CheckReport
from backend.domains.rules.models import RuleProposal, RulePublication
from backend.domains.rules.publishing import SUBJECT, NothingToPublishError, RulePublishing
from backend.engine.diff import RulebookDiff
from backend.infra.audit import AuditLog
from backend.infra.clock import Clock
from backend.infra.postgres import DbSession
from backend.kernel import ids
from backend.kernel.errors import ConflictError, DeniedError, NotFoundError


class ProposalStatus(StrEnum):
    """What became of a proposal."""

    OPEN = "open"
    PUBLISHED = "published"
    DECLINED = "declined"
    WITHDRAWN = "withdrawn"


class UnknownProposalError(NotFoundError):
    """There is no such proposal."""


class ProposalSettledError(ConflictError):
    """The proposal is not open any more."""


class SecondPersonError(DeniedError):
    """Here nobody publishes what they proposed themselves."""


@dataclass(frozen=True)
class Review:
    """A proposal with what a reviewer wants to know: what it changes, and what the check says today."""

    proposal: RuleProposal
    diff: RulebookDiff
    check: CheckReport


_ACTIONS: Final = {
    ProposalStatus.PUBLISHED: "rules.proposal_published",
    ProposalStatus.DECLINED: "rules.proposal_declined",
    ProposalStatus.WITHDRAWN: "rules.proposal_withdrawn",
}


@dataclass(frozen=True)
class RuleProposals:
    """Takes proposals and settles them, in the caller's transaction."""

    session: DbSession
    clock: Clock
    audit: AuditLog
    publishing: RulePublishing

    def propose(self, *, based_on: str, sources: Mapping[str, str], note: str, author: str) -> RuleProposal:
        """Propose the rulebook of these texts, begun from the release `based_on`.

        RulesRefusedError when it could not be published, NothingToPublishError when it changes nothing.
        """
        version = self.publishing.keep(sources)
        if version == based_on:
            raise NothingToPublishError("The draft says what the release that it is based on says.")
        proposal = RuleProposal(
            id=ids.new_id(ids.RULE_PROPOSAL),
            version=version,
            based_on=based_on,
            author=author,
            note=note,
            created_at=self.clock.now(),
            status=ProposalStatus.OPEN,
        )
        self.session.add(proposal)
        self.session.flush()
        self.audit.record(
            actor_id=author,
            action="rules.proposed",
            subject=SUBJECT,
            after={"proposal": proposal.id, "version": version, "based_on": based_on, "note": note},
        )
        return proposal

    def proposal(self, *, proposal_id: str) -> RuleProposal:
        """One proposal; UnknownProposalError."""
        found = self.session.get(RuleProposal, proposal_id)
        if found is None:
            raise _unknown(proposal_id)
        return found

    def review(self, *, proposal_id: str) -> Review:
        """One proposal, checked again; UnknownProposalError."""
        found = self.proposal(proposal_id=proposal_id)
        before, after = self.publishing.sources(found.based_on), self.publishing.sources(found.version)
        diff = self.publishing.diff(before=before, after=after)
        return Review(found, diff, self.publishing.checks.check(after))

    def proposals(
        self, *, status: ProposalStatus | None, limit: int, before: str | None
    ) -> list[RuleProposal]:
        """The newest first; with `before`, those with a smaller id."""
        query = select(RuleProposal).order_by(RuleProposal.id.desc()).limit(limit)
        if status is not None:
            query = query.where(RuleProposal.status == status)
        if before is not None:
            query = query.where(RuleProposal.id < before)
        return list(self.session.scalars(query))

    def publish(self, *, proposal_id: str, editor: str) -> RulePublication:
        """Serve what was proposed from the commit on. What `RulePublishing.publish` raises, and
        UnknownProposalError, ProposalSettledError, SecondPersonError.
        """
        proposal = self._open(proposal_id)
        if self.publishing.second_person and editor == proposal.author:
            raise SecondPersonError("A second person publishes: ask another rule editor to do it.")
        publication = self.publishing.publish_reviewed(
            sources=self.publishing.sources(proposal.version),
            note=proposal.note,
            author=editor,
            expected_current=proposal.based_on,
        )
        proposal.publication = publication.number
        self._settle(proposal, ProposalStatus.PUBLISHED, by=editor)
        return publication

    def decline(self, *, proposal_id: str, editor: str, reason: str) -> RuleProposal:
        """Settle it without publishing. UnknownProposalError, ProposalSettledError."""
        proposal = self._open(proposal_id)
        proposal.reason = reason
        return self._settle(proposal, ProposalStatus.DECLINED, by=editor)

    def withdraw(self, *, proposal_id: str, author: str) -> RuleProposal:
        """Take one's own proposal back. DeniedError for another's, and the errors of `decline`."""
        proposal = self._open(proposal_id)
        if proposal.author != author:
            raise DeniedError("Only who proposed it can withdraw it; a rule editor can decline it.")
        return self._settle(proposal, ProposalStatus.WITHDRAWN, by=author)

    def _open(self, proposal_id: str) -> RuleProposal:
        """The proposal, locked: of two who settle it at once, one finds it settled."""
        locked = select(RuleProposal).where(RuleProposal.id == proposal_id).with_for_update()
        found = self.session.scalars(locked.execution_options(populate_existing=True)).one_or_none()
        if found is None:
            raise _unknown(proposal_id)
        if found.status != ProposalStatus.OPEN:
            raise ProposalSettledError(f"This proposal is {found.status} already; nothing was changed.")
        return found

    def _settle(self, proposal: RuleProposal, status: ProposalStatus, *, by: str) -> RuleProposal:
        proposal.status = status
        proposal.settled_at = self.clock.now()
        proposal.settled_by = by
        self.session.flush()
        self.audit.record(
            actor_id=by,
            action=_ACTIONS[status],
            subject=SUBJECT,
            before={"proposal": proposal.id, "status": ProposalStatus.OPEN},
            after={"proposal": proposal.id, "status": status, "reason": proposal.reason},
        )
        return proposal


def _unknown(proposal_id: str) -> UnknownProposalError:
    return UnknownProposalError(f"There is no proposal {proposal_id}; GET /api/rules/proposals lists them.")
