"""JSON shapes of rules, drafts, checks, publications and proposals."""

import re
from typing import Any, Final

import marshmallow as ma

from backend.domains.rules.proposals import ProposalStatus
from backend.domains.rules.releases import PUBLISH, ROLLBACK
from backend.engine.diff import ADDED, CHANGED, REMOVED
from backend.engine.findings import Severity
from backend.kernel import ids
from backend.web.fields import InstantField, QuerySchema, Schema, id_field
from backend.web.pagination import PageArgs

LONGEST_NOTE: Final = 1000
LONGEST_NAME: Final = 200
MOST_FILES: Final = 500
_VERSION: Final = re.compile(r"sha256:[0-9a-f]{64}")
_NAME: Final = re.compile(r"rules/(?:[a-zA-Z0-9_-]+/)*[a-zA-Z0-9_-]+\.(?:yaml|csv)")


def version_field(**options: Any) -> ma.fields.String:
    """The version of a release, in full."""
    message = "Write the whole version, as GET /api/rules gives it: sha256: and 64 characters."
    example = {"example": f"sha256:{'0' * 64}"}
    return ma.fields.String(validate=ma.validate.Regexp(_VERSION, error=message), metadata=example, **options)


def _note(**options: Any) -> ma.fields.String:
    return ma.fields.String(validate=ma.validate.Length(1, LONGEST_NOTE), **options)


def _check_name(name: str) -> None:
    if len(name) > LONGEST_NAME or not _NAME.fullmatch(name):
        raise ma.ValidationError("Names of rule files look like rules/pricing.yaml or rules/tables/peak.csv.")


class DraftSchema(Schema):
    """A release with some of its files replaced (by a text), added, or left out (by null)."""

    based_on = version_field(required=True)
    files = ma.fields.Dict(
        keys=ma.fields.String(validate=_check_name),
        values=ma.fields.String(allow_none=True),
        required=True,
        validate=ma.validate.Length(max=MOST_FILES),
        metadata={"example": {"rules/peak_hours.yaml": "decision: peak_hours\n…"}},
    )


class DraftedSchema(Schema):
    """A draft."""

    draft = ma.fields.Nested(DraftSchema, required=True)


class CheckArgs(DraftedSchema):
    """A draft to check; with `gaps`, also for cases that no rule decides."""

    gaps = ma.fields.Boolean(load_default=False)


class PublishSchema(DraftedSchema):
    """A draft to publish or to propose, and why."""

    note = _note(required=True)


class RollbackSchema(Schema):
    """The release to serve again: its version, its number in the history, or how its version begins."""

    to = ma.fields.String(required=True, validate=ma.validate.Length(1, 80))
    note = _note(required=True)
    expected_current = version_field(load_default=None, allow_none=True)


class DiffArgs(Schema):
    """Two releases, each a version, a number of the history or `served`; or a draft against its base."""

    before = ma.fields.String(validate=ma.validate.Length(1, 80))
    after = ma.fields.String(validate=ma.validate.Length(1, 80))
    draft = ma.fields.Nested(DraftSchema)

    @ma.validates_schema
    def check_sides(self, data: dict[str, Any], **_: Any) -> None:
        """One of the two ways to say what is compared."""
        if set(data) not in ({"draft"}, {"before", "after"}):
            raise ma.ValidationError("Send either `before` and `after`, or `draft`.")


class ProblemOfFileSchema(Schema):
    """A mistake in a file, with its place (lines and columns count from 1)."""

    file = ma.fields.String(required=True)
    line = ma.fields.Integer(required=True)
    column = ma.fields.Integer(required=True)
    message = ma.fields.String(required=True)


class FindingSchema(ProblemOfFileSchema):
    """What comparing the rules has found; `case` shows it, and can be tried as it stands."""

    file = ma.fields.String(required=True, attribute="place.file")
    line = ma.fields.Integer(required=True, attribute="place.line")
    column = ma.fields.Integer(required=True, attribute="place.column")
    severity = ma.fields.Enum(Severity, by_value=True, required=True)
    kind = ma.fields.String(required=True)
    decision = ma.fields.String(required=True)
    rules = ma.fields.List(ma.fields.String(), required=True)
    case = ma.fields.Dict(required=True, allow_none=True)
    day = ma.fields.Date(required=True, allow_none=True)


class CheckSchema(Schema):
    """What a check has found. With `ok`, the draft may be published."""

    ok = ma.fields.Boolean(required=True)
    version = ma.fields.Function(
        lambda report: report.rulebook and report.rulebook.version,
        required=True,
        metadata={"type": ["string", "null"]},
    )
    rules = ma.fields.Integer(required=True)
    scenarios = ma.fields.Integer(required=True)
    problems = ma.fields.List(ma.fields.Nested(ProblemOfFileSchema), required=True)
    failure = ma.fields.String(required=True)
    findings = ma.fields.List(ma.fields.Nested(FindingSchema), required=True)


class ChangeSchema(Schema):
    """One thing that differs, in the words of those who write rules."""

    decision = ma.fields.String(required=True)
    rule = ma.fields.String(required=True)
    kind = ma.fields.String(required=True, validate=ma.validate.OneOf([ADDED, REMOVED, CHANGED]))
    what = ma.fields.List(ma.fields.String(), required=True)
    file = ma.fields.String(required=True)
    line = ma.fields.Integer(required=True)
    text = ma.fields.Function(str, required=True, metadata={"type": "string"})


class DiffSchema(Schema):
    """What changes from one version to another."""

    before = version_field(required=True)
    after = version_field(required=True)
    summary = ma.fields.String(required=True)
    changes = ma.fields.List(ma.fields.Nested(ChangeSchema), required=True)


class DecisionSchema(Schema):
    """One decision of the rulebook that is served."""

    name = ma.fields.String(required=True)
    about = ma.fields.String(required=True)
    owner = ma.fields.String(required=True)
    hit_policy = ma.fields.String(required=True)
    rules = ma.fields.Integer(required=True)
    scenarios = ma.fields.Integer(required=True)
    files = ma.fields.List(ma.fields.String(), required=True)


class OverviewSchema(Schema):
    """The rulebook that this process serves; `problems` says why a newer one is not served."""

    version = version_field(required=True)
    files = ma.fields.List(ma.fields.String(), required=True)
    decisions = ma.fields.List(ma.fields.Nested(DecisionSchema), required=True)
    problems = ma.fields.List(ma.fields.String(), required=True)


class FileArgs(QuerySchema):
    """Of which release: a version, a number of the history, or `served`."""

    release = ma.fields.String(load_default="served", validate=ma.validate.Length(1, 80))


class FileSchema(Schema):
    """One file of a release."""

    name = ma.fields.String(required=True)
    release = version_field(required=True)
    text = ma.fields.String(required=True)


class PublicationSchema(Schema):
    """That a release began to be served. The author is a user's id, `cli`, or `folder` for the first."""

    number = ma.fields.Integer(required=True)
    version = version_field(required=True)
    previous = version_field(required=True, allow_none=True)
    kind = ma.fields.String(required=True, validate=ma.validate.OneOf([PUBLISH, ROLLBACK]))
    author = ma.fields.String(required=True)
    note = ma.fields.String(required=True)
    at = InstantField(required=True)


class PublicationPageSchema(Schema):
    """Publications, the newest first."""

    items = ma.fields.List(ma.fields.Nested(PublicationSchema), required=True)
    next = ma.fields.String(required=True, allow_none=True)


class ReleaseSchema(Schema):
    """The texts of a release by file name."""

    version = version_field(required=True)
    created_at = InstantField(required=True)
    files = ma.fields.Dict(
        keys=ma.fields.String(), values=ma.fields.String(), required=True, attribute="sources"
    )


class ProposalsArgs(PageArgs):
    """Which proposals to list."""

    status = ma.fields.Enum(ProposalStatus, by_value=True, load_default=None)


class ProposalSchema(Schema):
    """A proposal, and what became of it."""

    id = id_field(ids.RULE_PROPOSAL, required=True)
    version = version_field(required=True)
    based_on = version_field(required=True)
    author = ma.fields.String(required=True)
    note = ma.fields.String(required=True)
    created_at = InstantField(required=True)
    status = ma.fields.String(
        required=True, validate=ma.validate.OneOf([status.value for status in ProposalStatus])
    )
    settled_at = InstantField(required=True, allow_none=True)
    settled_by = ma.fields.String(required=True, allow_none=True)
    reason = ma.fields.String(required=True, allow_none=True)
    publication = ma.fields.Integer(required=True, allow_none=True)


class ReviewSchema(Schema):
    """A proposal with what a reviewer wants to know: what it changes, and what the check says today."""

    proposal = ma.fields.Nested(ProposalSchema, required=True)
    diff = ma.fields.Nested(DiffSchema, required=True)
    check = ma.fields.Nested(CheckSchema, required=True)


class ProposalPageSchema(Schema):
    """Proposals, the newest first."""

    items = ma.fields.List(ma.fields.Nested(ProposalSchema), required=True)
    next = ma.fields.String(required=True, allow_none=True)


class DeclineProposalSchema(Schema):
    """Why a proposal is declined."""

    reason = _note(required=True)
