"""The table of those who wait (its constraints stand in migration 0006)."""

from datetime import datetime

from sqlalchemy import ForeignKey, Index, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from backend.domains.waitlist.waiting import EntryStatus
from backend.infra.postgres import Base, Instant


class WaitlistEntry(Base):
    """A user who waits for seats of a full slot; an offer is a hold in the user's name."""

    __tablename__ = "waitlist"
    __table_args__ = (
        Index(
            "uq_waitlist_open",
            "user_id",
            "slot_id",
            unique=True,
            postgresql_where=text("status IN ('waiting', 'offered')"),
        ),
        Index(
            "ix_waitlist_open",
            "provider_id",
            "starts_at",
            postgresql_where=text("status IN ('waiting', 'offered')"),
        ),
        Index("ix_waitlist_user_id", "user_id", "id"),
    )

    id: Mapped[str] = mapped_column(Text, primary_key=True)
    user_id: Mapped[str] = mapped_column(Text, ForeignKey("users.id"))
    provider_id: Mapped[str] = mapped_column(Text, ForeignKey("providers.id"))
    product_id: Mapped[str] = mapped_column(Text, ForeignKey("products.id"))
    slot_id: Mapped[str] = mapped_column(Text)
    starts_at: Mapped[Instant]
    ends_at: Mapped[Instant]
    party: Mapped[int]
    status: Mapped[str] = mapped_column(Text)
    hold_id: Mapped[str | None] = mapped_column(Text)
    offer_expires_at: Mapped[Instant | None]
    created_at: Mapped[Instant]

    def offer(self, *, hold_id: str, expires_at: datetime) -> None:
        """Seats are held for the user until `expires_at`."""
        self.status = EntryStatus.OFFERED
        self.hold_id = hold_id
        self.offer_expires_at = expires_at

    def settle(self, status: EntryStatus) -> None:
        """It waits no longer, because of `status`."""
        self.status = status
        self.hold_id = None
        self.offer_expires_at = None
