"""Tables of the stock (their constraints and the counting trigger stand in migration 0011)."""

from sqlalchemy import BigInteger, ForeignKey, Identity, Index, Text
from sqlalchemy.orm import Mapped, mapped_column

from backend.infra.postgres import Base, Instant


class StockLevelRow(Base):
    """Units of a retail product, kept by the trigger on movements; its row is the product's lock."""

    __tablename__ = "stock_levels"

    product_id: Mapped[str] = mapped_column(Text, ForeignKey("products.id"), primary_key=True)
    on_hand: Mapped[int]
    reserved: Mapped[int]
    version: Mapped[int]


class StockMovementRow(Base):
    """Why the units changed; append-only."""

    __tablename__ = "stock_movements"
    __table_args__ = (Index(None, "product_id", "number"), Index(None, "reference", "number"))

    number: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    product_id: Mapped[str] = mapped_column(Text, ForeignKey("stock_levels.product_id"))
    why: Mapped[str] = mapped_column(Text)
    on_hand_change: Mapped[int]
    reserved_change: Mapped[int]
    at: Mapped[Instant]
    reference: Mapped[str | None] = mapped_column(Text)
    actor_id: Mapped[str | None] = mapped_column(Text)
    reason: Mapped[str] = mapped_column(Text)


class StockReservationRow(Base):
    """Units that are kept for a reference until an instant; `lines` of them were reserved together."""

    __tablename__ = "stock_reservations"
    __table_args__ = (Index(None, "product_id", "expires_at"), Index(None, "expires_at"))

    reference: Mapped[str] = mapped_column(Text, primary_key=True)
    product_id: Mapped[str] = mapped_column(Text, ForeignKey("stock_levels.product_id"), primary_key=True)
    quantity: Mapped[int]
    lines: Mapped[int]
    expires_at: Mapped[Instant]
