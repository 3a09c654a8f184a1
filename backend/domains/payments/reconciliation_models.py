"""What the gateway told us that moved, and the reports of how it agrees with the ledger."""

from typing import Any

from sqlalchemy import BigInteger, Index, Text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column
from sqlalchemy.schema import UniqueConstraint

from backend.infra.postgres import Base, Instant, Minor


class GatewayMovementRow(Base):
    """One line of our balance at the gateway, as it was told first; the database refuses to change it.

    `moved_minor` is how it changed our balance without its fee, `fee_minor` the cost. `source` is its own
    id where the gateway names none.
    """

    __tablename__ = "gateway_movements"
    __table_args__ = (Index("ix_gateway_movements_source", "source"),)

    id: Mapped[str] = mapped_column(Text, primary_key=True)
    kind: Mapped[str] = mapped_column(Text)
    source: Mapped[str] = mapped_column(Text)
    currency: Mapped[str] = mapped_column(Text)
    moved_minor: Mapped[Minor]
    fee_minor: Mapped[Minor]
    created_at: Mapped[Instant]


class ReconciliationRow(Base):
    """A report on `[since, before)`; `differences` and `balances` as its JSON shape has them."""

    __tablename__ = "reconciliations"
    __table_args__ = (UniqueConstraint("before"),)

    id: Mapped[str] = mapped_column(Text, primary_key=True)
    since: Mapped[Instant]
    before: Mapped[Instant]
    made_at: Mapped[Instant]
    movements: Mapped[int] = mapped_column(BigInteger)
    entries: Mapped[int] = mapped_column(BigInteger)
    fees_booked: Mapped[int] = mapped_column(BigInteger)
    payouts_booked: Mapped[int] = mapped_column(BigInteger)
    differences: Mapped[list[dict[str, Any]]] = mapped_column(JSONB)
    balances: Mapped[list[dict[str, Any]]] = mapped_column(JSONB)
