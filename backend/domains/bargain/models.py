"""Tables of bargains (their constraints stand in migration 0029)."""

from typing import Any

from sqlalchemy import Computed, ForeignKey, Index, Text, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from backend.infra.postgres import Base, Instant, Minor


class BargainSession(Base):
    """One user's bargain over one item; all its money is in `currency`.

    `counter_minor` is the standing counter-offer and `offer_minor` the customer's last offer. `terms`,
    `demand`, `seed` and `jitter_key` are all that the negotiator knows, so that it can be replayed.
    """

    __tablename__ = "bargain_sessions"
    __table_args__ = (
        Index(
            "uq_bargain_sessions_open",
            "user_id",
            "thing",
            unique=True,
            postgresql_where=text("state = 'open'"),
        ),
        Index("ix_bargain_sessions_user_id_id", "user_id", "id"),
        Index("ix_bargain_sessions_user_id_thing", "user_id", "thing", "started_at"),
        Index("ix_bargain_sessions_address_key", "address_key", "started_at"),
        Index("ix_bargain_sessions_started_at", "started_at"),
        Index("ix_bargain_sessions_product_id", "product_id", "started_at"),
        Index("ix_bargain_sessions_open", "expires_at", postgresql_where=text("state = 'open'")),
        Index("ix_bargain_sessions_used_by", "used_by", postgresql_where=text("used_by IS NOT NULL")),
    )

    id: Mapped[str] = mapped_column(Text, primary_key=True)
    user_id: Mapped[str] = mapped_column(Text, ForeignKey("users.id"))
    product_id: Mapped[str] = mapped_column(Text, ForeignKey("products.id"))
    slot_id: Mapped[str | None] = mapped_column(Text)
    thing: Mapped[str] = mapped_column(Text, Computed("COALESCE(slot_id, product_id)", persisted=True))
    quantity: Mapped[int]
    party: Mapped[int]
    name: Mapped[str] = mapped_column(Text)
    kind: Mapped[str] = mapped_column(Text)
    category: Mapped[str] = mapped_column(Text)
    starts_at: Mapped[Instant | None]
    currency: Mapped[str] = mapped_column(Text)
    list_minor: Mapped[Minor]
    floor_minor: Mapped[Minor]
    cost_minor: Mapped[Minor | None]
    strategy: Mapped[str] = mapped_column(Text)
    combines_coupons: Mapped[bool]
    words_may_propose: Mapped[bool]
    terms: Mapped[dict[str, Any]] = mapped_column(JSONB)
    demand: Mapped[dict[str, Any]] = mapped_column(JSONB)
    # For the record; no step reads it.
    facts: Mapped[dict[str, Any]] = mapped_column(JSONB, deferred=True)
    release: Mapped[str] = mapped_column(Text)
    seed: Mapped[str] = mapped_column(Text)
    jitter_key: Mapped[str] = mapped_column(Text)
    address_key: Mapped[str] = mapped_column(Text)
    attempts_allowed: Mapped[int]
    attempts_used: Mapped[int] = mapped_column(default=0)
    offer_minor: Mapped[Minor | None]
    counter_minor: Mapped[Minor | None]
    earlier_best_minor: Mapped[Minor | None]
    final_minor: Mapped[Minor | None]
    state: Mapped[str] = mapped_column(Text, default="open")
    started_at: Mapped[Instant]
    expires_at: Mapped[Instant]
    ended_at: Mapped[Instant | None]
    deal_until: Mapped[Instant | None]
    quote_id: Mapped[str | None] = mapped_column(Text, ForeignKey("quotes.id"))
    quote_token: Mapped[str | None] = mapped_column(Text)
    used_by: Mapped[str | None] = mapped_column(Text)
    version: Mapped[int] = mapped_column(default=1)


class BargainOffer(Base):
    """One offer and what was answered; never changed."""

    __tablename__ = "bargain_offers"

    session_id: Mapped[str] = mapped_column(Text, ForeignKey("bargain_sessions.id"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True)
    asked_minor: Mapped[Minor]
    offer_minor: Mapped[Minor]
    outcome: Mapped[str] = mapped_column(Text)
    counter_minor: Mapped[Minor | None]
    message: Mapped[str] = mapped_column(Text)
    at: Mapped[Instant]


class BargainStrategy(Base):
    """Which strategy staff set for a product: `none` for no bargains, None where rules choose."""

    __tablename__ = "bargain_strategies"

    product_id: Mapped[str] = mapped_column(Text, ForeignKey("products.id"), primary_key=True)
    strategy: Mapped[str | None] = mapped_column(Text)
    set_by: Mapped[str] = mapped_column(Text, ForeignKey("users.id"))
    set_at: Mapped[Instant]
    version: Mapped[int]
