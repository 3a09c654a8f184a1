"""Tables of payout accounts."""

from sqlalchemy import Text, UniqueConstraint
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from backend.infra.postgres import Base, Instant


class PayoutAccountRow(Base):
    """Where the shares of one owner go: a connected account at the gateway, None until it is known.

    `email` and `country` are those of the first request, so that its repetitions are the same. What the
    gateway says of the account is as it was at `checked_at`.
    """

    __tablename__ = "payout_accounts"
    __table_args__ = (UniqueConstraint("owner"), UniqueConstraint("account_id"))

    id: Mapped[str] = mapped_column(Text, primary_key=True)
    owner: Mapped[str] = mapped_column(Text)
    email: Mapped[str] = mapped_column(Text)
    country: Mapped[str] = mapped_column(Text)
    account_id: Mapped[str | None] = mapped_column(Text)
    takes_transfers: Mapped[bool]
    pays_out: Mapped[bool]
    requirements: Mapped[list[str]] = mapped_column(JSONB)
    checked_at: Mapped[Instant | None]
    created_at: Mapped[Instant]
