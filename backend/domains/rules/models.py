"""Releases: rulebooks that were served, kept so that every old price can be explained; and publications."""

from sqlalchemy import BigInteger, ForeignKey, Identity, Index
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from backend.infra.postgres import Base, Instant


class RuleRelease(Base):
    """The texts of all files of one rulebook, by file name; never changed."""

    __tablename__ = "rule_releases"

    version: Mapped[str] = mapped_column(primary_key=True)
    sources: Mapped[dict[str, str]] = mapped_column(JSONB)
    created_at: Mapped[Instant]


class RulePublication(Base):
    """That a release began to be served: the newest is served now. Never changed.

    `kind` is `publish` or `rollback`; `author` a user's id, `cli`, or `folder` for the files that the
    program came with; `previous` the version that was served before.
    """

    __tablename__ = "rule_publications"

    number: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    version: Mapped[str] = mapped_column(ForeignKey("rule_releases.version"))
    previous: Mapped[str | None] = mapped_column(ForeignKey("rule_releases.version"))
    kind: Mapped[str]
    author: Mapped[str]
    note: Mapped[str]
    at: Mapped[Instant]


class RuleProposal(Base):
    """A draft that waits for somebody who may publish it. Settled once; nothing else of it ever changes.

    `status` is `open`, `published`, `declined` or `withdrawn`; `publication` the number of what came of it.
    """

    __tablename__ = "rule_proposals"
    __table_args__ = (Index("ix_rule_proposals_status", "status", "id"),)

    id: Mapped[str] = mapped_column(primary_key=True)
    version: Mapped[str] = mapped_column(ForeignKey("rule_releases.version"))
    based_on: Mapped[str] = mapped_column(ForeignKey("rule_releases.version"))
    author: Mapped[str] = mapped_column(ForeignKey("users.id"))
    note: Mapped[str]
    created_at: Mapped[Instant]
    status: Mapped[str] = mapped_column(server_default="open")
    settled_at: Mapped[Instant | None]
    settled_by: Mapped[str | None] = mapped_column(ForeignKey("users.id"))
    reason: Mapped[str | None]
    publication: Mapped[int | None] = mapped_column(ForeignKey("rule_publications.number"))
