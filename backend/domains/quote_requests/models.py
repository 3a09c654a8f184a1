"""The table of quote requests (its constraints stand in migration 0017)."""

from sqlalchemy import ForeignKey, Index, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from backend.infra.postgres import Base, Instant, Minor


class QuoteRequest(Base):
    """A customer's wish for a price of a slot, and what the provider answered.

    An offer has a price and an instant until which it stands; `answer` is what the provider wrote, and
    `quote_id` the quote that accepting it made.
    """

    __tablename__ = "quote_requests"
    __table_args__ = (
        Index(
            "uq_quote_requests_open",
            "user_id",
            "slot_id",
            unique=True,
            postgresql_where=text("status IN ('asked', 'offered')"),
        ),
        Index("ix_quote_requests_user_id", "user_id", "id"),
        Index("ix_quote_requests_provider_id", "provider_id", "id"),
    )

    id: Mapped[str] = mapped_column(Text, primary_key=True)
    user_id: Mapped[str] = mapped_column(Text, ForeignKey("users.id"))
    provider_id: Mapped[str] = mapped_column(Text, ForeignKey("providers.id"))
    product_id: Mapped[str] = mapped_column(Text, ForeignKey("products.id"))
    slot_id: Mapped[str] = mapped_column(Text)
    party: Mapped[int]
    message: Mapped[str] = mapped_column(Text)
    status: Mapped[str] = mapped_column(Text)
    price_minor: Mapped[Minor | None]
    currency: Mapped[str] = mapped_column(Text)
    answer: Mapped[str] = mapped_column(Text)
    valid_until: Mapped[Instant | None]
    quote_id: Mapped[str | None] = mapped_column(Text, ForeignKey("quotes.id"))
    created_at: Mapped[Instant]
    changed_at: Mapped[Instant]
