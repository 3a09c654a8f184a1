"""The table of mails that were sent."""

from sqlalchemy import Index, Text
from sqlalchemy.dialects.postgresql import CITEXT
from sqlalchemy.orm import Mapped, mapped_column

from backend.infra.postgres import Base, Instant


class SentMail(Base):
    """A mail that the server has taken, or refused for good: its key lets nobody be sent the same twice."""

    __tablename__ = "sent_mails"
    __table_args__ = (Index("ix_sent_mails_subject_id", "subject_id"),)

    key: Mapped[str] = mapped_column(Text, primary_key=True)
    recipient: Mapped[str] = mapped_column(CITEXT, primary_key=True)
    kind: Mapped[str] = mapped_column(Text)
    subject_id: Mapped[str] = mapped_column(Text)
    # Why the server refused it; None when it was taken.
    refusal: Mapped[str | None] = mapped_column(Text)
    at: Mapped[Instant]
