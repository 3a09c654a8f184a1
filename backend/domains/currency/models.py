"""Rates as they are stored (constraints stand in the migration). A row says what one euro is worth."""

from datetime import date
from decimal import Decimal

from sqlalchemy import Index, text
from sqlalchemy.orm import Mapped, mapped_column

from backend.infra.postgres import Base, Instant


class CurrencyRateRow(Base):
    """One euro is `rate` of `currency` on `day`, as the feed or staff said at `set_at`.

    Never changed, but that a rate of staff may be withdrawn once: it holds from `set_at` until then, or
    until `valid_until`.
    """

    __tablename__ = "currency_rates"
    __table_args__ = (
        Index("ix_currency_rates_currency_day", "currency", "day"),
        Index(
            "uq_currency_rates_feed", "currency", "day", unique=True, postgresql_where=text("source = 'feed'")
        ),
    )

    id: Mapped[str] = mapped_column(primary_key=True)
    currency: Mapped[str]
    rate: Mapped[Decimal]
    day: Mapped[date]
    source: Mapped[str]
    set_by: Mapped[str | None]
    set_at: Mapped[Instant]
    note: Mapped[str | None]
    valid_until: Mapped[Instant | None]
    withdrawn_at: Mapped[Instant | None]
    withdrawn_by: Mapped[str | None]
