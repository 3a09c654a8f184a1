"""Back-tests that somebody asked for: what to compare, how far it is, and what came out."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import DateTime, ForeignKey
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from backend.infra.postgres import Base, Instant


class State(StrEnum):
    """Where a back-test is in its life."""

    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"


UNSETTLED = (State.WAITING, State.RUNNING)


class RuleBacktest(Base):
    """One back-test over the quotes of [starts_at, ends_at). `sources` are the texts of the draft, for good.

    `result` has the shape of `documents.result_document`; `problem` says why it failed.
    """

    __tablename__ = "rule_backtests"

    id: Mapped[str] = mapped_column(primary_key=True)
    state: Mapped[str]
    author: Mapped[str]
    before_version: Mapped[str] = mapped_column(ForeignKey("rule_releases.version"))
    after_version: Mapped[str]
    sources: Mapped[dict[str, str]] = mapped_column(JSONB)
    by: Mapped[list[str]] = mapped_column(JSONB)
    starts_at: Mapped[Instant]
    ends_at: Mapped[Instant]
    done: Mapped[int]
    total: Mapped[int]
    result: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))
    problem: Mapped[str | None]
    created_at: Mapped[Instant]
    finished_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
