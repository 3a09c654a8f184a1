"""Releases: rulebooks that were served, kept so that every old price can be explained."""

from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from backend.infra.postgres import Base, Instant


class RuleRelease(Base):
    """The texts of all files of one rulebook, by file name; never changed."""

    __tablename__ = "rule_releases"

    version: Mapped[str] = mapped_column(primary_key=True)
    sources: Mapped[dict[str, str]] = mapped_column(JSONB)
    created_at: Mapped[Instant]
