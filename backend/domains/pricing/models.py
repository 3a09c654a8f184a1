"""Quotes as they are stored: what was asked, what was answered, and by which release of the rules."""

from typing import Any

from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from backend.infra.postgres import Base, Instant, Minor


class QuoteRow(Base):
    """One quote; never changed. `case` and `price` have the shapes of `pricing.records`."""

    __tablename__ = "quotes"

    id: Mapped[str] = mapped_column(primary_key=True)
    user_id: Mapped[str | None]
    product_id: Mapped[str]
    provider_id: Mapped[str]
    slot_id: Mapped[str]
    party: Mapped[int]
    currency: Mapped[str]
    total_minor: Mapped[Minor]
    case: Mapped[dict[str, Any]] = mapped_column(JSONB)
    price: Mapped[dict[str, Any]] = mapped_column(JSONB)
    release: Mapped[str]
    created_at: Mapped[Instant]
    expires_at: Mapped[Instant]
