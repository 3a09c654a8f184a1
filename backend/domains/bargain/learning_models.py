"""Table of what was learned from bargains."""

from typing import Any

from sqlalchemy import BigInteger, Text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from backend.infra.postgres import Base, Instant


class DemandModelRow(Base):
    """The belief about one scope (`all`, `category:…` or `product:…`) in one version, learned at once.

    `document` is what `DemandModel.document` wrote; `sessions` counts those it was learned from, some of
    them in part.
    """

    __tablename__ = "demand_models"

    version: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    scope: Mapped[str] = mapped_column(Text, primary_key=True)
    document: Mapped[dict[str, Any]] = mapped_column(JSONB)
    sessions: Mapped[float]
    made_at: Mapped[Instant]
