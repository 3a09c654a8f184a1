"""Table of what was learned about buying."""

from typing import Any

from sqlalchemy import BigInteger
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from backend.infra.postgres import Base, Instant


class ConversionModelRow(Base):
    """A version of the model of conversion, as `ConversionModel.document` wrote it, of so many cases."""

    __tablename__ = "conversion_models"

    version: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    document: Mapped[dict[str, Any]] = mapped_column(JSONB)
    cases: Mapped[int]
    made_at: Mapped[Instant]
