"""Tables of mails that were sent, and of receipts."""

from typing import Any

from sqlalchemy import ForeignKey, Index, Text, UniqueConstraint
from sqlalchemy.dialects.postgresql import CITEXT, JSONB
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


class ReceiptSeries(Base):
    """A series of receipts: its name (a year) and the last number given in it."""

    __tablename__ = "receipt_series"

    name: Mapped[str] = mapped_column(Text, primary_key=True)
    last: Mapped[int]


class IssuedReceipt(Base):
    """The receipt of an order as it was issued; the database refuses to change or delete it."""

    __tablename__ = "receipts"
    __table_args__ = (UniqueConstraint("order_id", name="uq_receipts_order_id"),)

    number: Mapped[str] = mapped_column(Text, primary_key=True)
    order_id: Mapped[str] = mapped_column(Text, ForeignKey("orders.id"))
    issued_at: Mapped[Instant]
    document: Mapped[dict[str, Any]] = mapped_column(JSONB)
