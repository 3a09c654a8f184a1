"""The audit log: every write of staff, kept forever. The database refuses to change or delete a row."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Index, select
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column
from structlog.contextvars import get_contextvars

from backend.infra.clock import Clock
from backend.infra.postgres import Base, DbSession, Instant
from backend.kernel import ids


class AuditEntry(Base):
    """Who did what to which thing, and how it looked before and after."""

    __tablename__ = "audit_log"
    __table_args__ = (
        Index("ix_audit_log_subject", "subject", "id"),
        Index("ix_audit_log_actor_id", "actor_id", "id"),
    )

    id: Mapped[str] = mapped_column(primary_key=True)
    at: Mapped[Instant]
    actor_id: Mapped[str | None]
    action: Mapped[str]
    subject: Mapped[str]
    before: Mapped[dict[str, Any] | None] = mapped_column(JSONB)
    after: Mapped[dict[str, Any] | None] = mapped_column(JSONB)
    request_id: Mapped[str | None]


@dataclass(frozen=True)
class AuditLog:
    """Appends to the log, in the transaction of the change that it records."""

    session: DbSession
    clock: Clock

    def record(
        self,
        *,
        actor_id: str | None,
        action: str,
        subject: str,
        before: Mapping[str, Any] | None = None,
        after: Mapping[str, Any] | None = None,
    ) -> None:
        """Note that `actor_id` did `action` (a past-tense phrase such as `provider.changed`) to `subject`."""
        entry = AuditEntry(
            id=ids.new_id(ids.AUDIT),
            at=self.clock.now(),
            actor_id=actor_id,
            action=action,
            subject=subject,
            before=None if before is None else dict(before),
            after=None if after is None else dict(after),
            request_id=get_contextvars().get("request_id"),
        )
        self.session.add(entry)

    def of(self, subject: str) -> list[AuditEntry]:
        """What was done to `subject`, oldest first."""
        query = select(AuditEntry).where(AuditEntry.subject == subject).order_by(AuditEntry.id)
        return list(self.session.scalars(query))
