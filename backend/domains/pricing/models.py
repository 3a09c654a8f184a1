"""Quotes as they are stored: what was asked, what was answered, and by which release of the rules."""

from typing import Any

from sqlalchemy import ForeignKey, Index, desc
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from backend.infra.postgres import Base, Instant, Minor


class QuoteRow(Base):
    """One quote; never changed.

    That of a slot has all four columns of it, and `case` and `price` as in `pricing.records`; that of an
    order has `wanted` instead, and shapes of `pricing.order_records`.
    """

    __tablename__ = "quotes"
    __table_args__ = (
        Index("ix_quotes_user_id", "user_id", desc("created_at")),
        Index("ix_quotes_created_at", "created_at"),
    )

    id: Mapped[str] = mapped_column(primary_key=True)
    user_id: Mapped[str | None] = mapped_column(ForeignKey("users.id"))
    product_id: Mapped[str | None] = mapped_column(ForeignKey("products.id"))
    provider_id: Mapped[str | None] = mapped_column(ForeignKey("providers.id"))
    slot_id: Mapped[str | None]
    party: Mapped[int | None]
    wanted: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))
    currency: Mapped[str]
    total_minor: Mapped[Minor]
    case: Mapped[dict[str, Any]] = mapped_column(JSONB)
    price: Mapped[dict[str, Any]] = mapped_column(JSONB)
    release: Mapped[str] = mapped_column(ForeignKey("rule_releases.version"))
    created_at: Mapped[Instant]
    expires_at: Mapped[Instant]
