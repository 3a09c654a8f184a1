"""Publishing and rolling back: who serves what from when on, in the caller's transaction.

A publication is one row beside an immutable release. It exists when the transaction is committed, and
never by halves; every process follows the newest one.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, Final

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert

from backend.domains.rules.checking import RuleChecks
from backend.domains.rules.models import RulePublication, RuleRelease
from backend.domains.rules.releases import PUBLISH, PUBLISHING_LOCK, ROLLBACK
from backend.domains.rules.service import UnknownReleaseError
from backend.engine.diff import RulebookDiff, compare
from backend.infra.after_commit import after_commit
from backend.infra.audit import AuditLog
from backend.infra.clock import Clock
from backend.infra.postgres import DbSession
from backend.infra.rule_files import read_sources
from backend.kernel.errors import ConflictError, InvalidError, NotFoundError

SUBJECT: Final = "rules"
"""What the audit log calls the rules."""
SERVED: Final = "served"
"""A reference to the newest publication; others are a number, a version, or how a version begins."""

_NUMBER: Final = re.compile(r"[0-9]{1,18}")
_VERSION: Final = re.compile(r"(sha256:)?(?P<start>[0-9a-f]{6,64})…?")


class RulesMovedOnError(ConflictError):
    """Somebody published since the draft was begun; `extra` holds what they changed, and the draft's diff."""

    title = "The rules have changed"


class UnknownFileError(NotFoundError):
    """The release has no file of this name."""


@dataclass(frozen=True, slots=True)
class RuleFile:
    """One file of the release with the version `release`."""

    name: str
    release: str
    text: str

    @property
    def digest(self) -> str:
        """What tells one text from another."""
        return sha256(self.text.encode()).hexdigest()


class NothingToPublishError(InvalidError):
    """The draft says what is served already."""


class SecondPersonNeededError(ConflictError):
    """Here nobody publishes alone: drafts are proposed first."""

    title = "A second person publishes"


@dataclass(frozen=True)
class RulePublishing:
    """The way of a draft into service, and back. `announce` wakes the processes that follow.

    With `second_person`, drafts are published only by way of a proposal (proposals.py).
    """

    session: DbSession
    clock: Clock
    audit: AuditLog
    checks: RuleChecks
    announce: Callable[[], None]
    second_person: bool = False

    def publish(
        self, *, sources: Mapping[str, str], note: str, author: str, expected_current: str | None
    ) -> RulePublication:
        """Serve the rulebook of these texts from the commit on.

        `expected_current` is the version on which the draft is based; None where nothing was published.
        Raises RulesRefusedError when the check finds mistakes, RulesMovedOnError when another version is
        current, NothingToPublishError when the current one says the same, SecondPersonNeededError.
        """
        if self.second_person:
            raise SecondPersonNeededError(
                "Here a second person publishes: send the draft to POST /api/rules/proposals, and ask "
                "another rule editor to publish it. A rollback needs nobody else."
            )
        return self.publish_reviewed(
            sources=sources, note=note, author=author, expected_current=expected_current
        )

    def publish_reviewed(
        self, *, sources: Mapping[str, str], note: str, author: str, expected_current: str | None
    ) -> RulePublication:
        """As `publish`, for what a second person has looked at where one is needed."""
        version = self.keep(sources)
        return self._append(
            version, kind=PUBLISH, note=note, author=author, expected=expected_current, checks=True
        )

    def keep(self, sources: Mapping[str, str]) -> str:
        """Keep the texts of a draft that may be published; its version. RulesRefusedError."""
        draft = self.checks.admit(sources)
        row = {"version": draft.version, "sources": dict(draft.sources), "created_at": self.clock.now()}
        self.session.execute(insert(RuleRelease).values(row).on_conflict_do_nothing())
        return draft.version

    def rollback(
        self, *, to: str, note: str, author: str, expected_current: str | None = None
    ) -> RulePublication:
        """Serve an earlier release again: `to` is a number of the history or a version.

        Without `expected_current` it holds whatever was published last. UnknownReleaseError, and those
        of `publish`: it is tried again, as the program may have changed since; but not analysed, as
        an operator must be able to undo.
        """
        earlier = self.checks.readable(self.sources(to))
        return self._append(
            earlier.version,
            kind=ROLLBACK,
            note=note,
            author=author,
            expected=expected_current,
            checks=expected_current is not None,
        )

    def current(self) -> RulePublication | None:
        """The newest publication; None when there was none yet."""
        query = select(RulePublication).order_by(RulePublication.number.desc()).limit(1)
        return self.session.scalars(query).one_or_none()

    def history(self, *, limit: int, before: int | None = None) -> list[RulePublication]:
        """Publications, the newest first; with `before`, those with a smaller number."""
        query = select(RulePublication).order_by(RulePublication.number.desc()).limit(limit)
        if before is not None:
            query = query.where(RulePublication.number < before)
        return list(self.session.scalars(query))

    def release(self, *, version: str) -> RuleRelease:
        """The release of a version, its number in the history, or `served`. UnknownReleaseError."""
        found = self._versions(version)
        if len(found) > 1:
            raise InvalidError(f"Several releases begin with {version}; write more of the version.")
        release = self.session.get(RuleRelease, found[0]) if found else None
        if release is None:
            raise UnknownReleaseError(
                f"There is no release {version} of the rules; the history lists those that were published."
            )
        return release

    def sources(self, reference: str) -> Mapping[str, str]:
        """The texts of a release by file name; UnknownReleaseError."""
        return self.release(version=reference).sources

    def file(self, *, reference: str, name: str) -> RuleFile:
        """One file of a release. UnknownReleaseError, UnknownFileError."""
        release = self.release(version=reference)
        if name not in release.sources:
            raise UnknownFileError(
                f"The release has no file {name}. It has {', '.join(sorted(release.sources))}."
            )
        return RuleFile(name, release.version, release.sources[name])

    def draft(self, *, based_on: str, files: Mapping[str, str | None]) -> dict[str, str]:
        """The texts of a release with some files replaced or added, and those that are None left out."""
        whole = {**self.sources(based_on), **files}
        return {name: text for name, text in whole.items() if text is not None}

    def diff(self, *, before: Mapping[str, str], after: Mapping[str, str]) -> RulebookDiff:
        """What changes from one set of texts to another. Both have been tried or checked before."""
        return compare(read_sources(before), read_sources(after))

    def difference(
        self,
        *,
        before: str | None = None,
        after: str | None = None,
        draft: Mapping[str, Any] | None = None,
    ) -> RulebookDiff:
        """What changes between two releases, or from a draft's base to the draft.

        UnknownReleaseError; RulesRefusedError for a draft that cannot be read.
        """
        if draft is not None:
            changed = self.checks.readable(self.draft(**draft)).sources
            return self.diff(before=self.sources(draft["based_on"]), after=changed)
        return self.diff(before=self.sources(before or SERVED), after=self.sources(after or SERVED))

    def _versions(self, reference: str) -> list[str]:
        """The versions, two at most, that a reference may mean."""
        if reference == SERVED:
            current = self.current()
            return [current.version] if current else []
        if _NUMBER.fullmatch(reference):
            publication = self.session.get(RulePublication, int(reference))
            if publication is not None:
                return [publication.version]
        version = _VERSION.fullmatch(reference)
        if version is None:
            return []
        query = select(RuleRelease.version).where(RuleRelease.version.like(f"sha256:{version['start']}%"))
        return list(self.session.scalars(query.limit(2)))

    def _append(
        self, version: str, *, kind: str, note: str, author: str, expected: str | None, checks: bool
    ) -> RulePublication:
        # From here to the commit nobody else publishes: what is read is what will be followed.
        self.session.execute(select(func.pg_advisory_xact_lock(PUBLISHING_LOCK)))
        current = self.current()
        served = current.version if current else None
        if checks and served != expected:
            raise self._moved_on(expected, served, version)
        if served == version:
            raise NothingToPublishError("There is nothing to publish: these rules are the ones being served.")
        publication = RulePublication(
            version=version, previous=served, kind=kind, author=author, note=note, at=self.clock.now()
        )
        self.session.add(publication)
        self.session.flush()
        self.audit.record(
            actor_id=author,
            action="rules.published" if kind == PUBLISH else "rules.rolled_back",
            subject=SUBJECT,
            before={"version": served},
            after={"version": version, "number": publication.number, "note": note},
        )
        after_commit(self.session, self.announce)
        return publication

    def _moved_on(self, expected: str | None, served: str | None, version: str) -> RulesMovedOnError:
        current = self.sources(served) if served else {}
        extra: dict[str, object] = {"current": served, "based_on": expected}
        if served and expected:
            extra["published_meanwhile"] = _lines(self.diff(before=self.sources(expected), after=current))
        if served:
            extra["diff"] = _lines(self.diff(before=current, after=self.sources(version)))
        return RulesMovedOnError(
            "Somebody published other rules since you began. See `published_meanwhile` for what they "
            "changed, put your changes on top of the current rules, and publish again.",
            extra=extra,
        )


def _lines(diff: RulebookDiff) -> list[str]:
    return [str(change) for change in diff.changes]
