"""Shadows as they are stored (constraints stand in the migration), and what each process found."""

from decimal import Decimal
from typing import Any

from sqlalchemy import ForeignKey, Index, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from backend.infra.postgres import Base, Instant


class ShadowRow(Base):
    """A draft that is evaluated beside the rules that answer, from `started_at` until `ends_at` at most.

    `sources` are its texts by file name, `version` names them; `sample` is the percentage of quotes. While
    `stopped_at` is empty it may run; there is one such row at most.
    """

    __tablename__ = "rule_shadows"
    __table_args__ = (
        Index(
            "uq_rule_shadows_running",
            text("(stopped_at IS NULL)"),
            unique=True,
            postgresql_where=text("stopped_at IS NULL"),
        ),
        Index("ix_rule_shadows_started_at", "started_at"),
    )

    id: Mapped[str] = mapped_column(primary_key=True)
    version: Mapped[str]
    sources: Mapped[dict[str, str]] = mapped_column(JSONB, deferred=True)
    sample: Mapped[Decimal]
    author: Mapped[str]
    note: Mapped[str]
    started_at: Mapped[Instant]
    ends_at: Mapped[Instant]
    stopped_at: Mapped[Instant | None]
    stopped_because: Mapped[str | None]


class ShadowTallyRow(Base):
    """What one process found for one shadow, all of it; `tally` has the shape of `shadow.tally`."""

    __tablename__ = "rule_shadow_tallies"

    shadow_id: Mapped[str] = mapped_column(ForeignKey("rule_shadows.id"), primary_key=True)
    process: Mapped[str] = mapped_column(primary_key=True)
    tally: Mapped[dict[str, Any]] = mapped_column(JSONB)
    stored_at: Mapped[Instant]
