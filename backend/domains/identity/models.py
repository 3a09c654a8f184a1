"""The users table."""

from sqlalchemy import Text
from sqlalchemy.dialects.postgresql import ARRAY, CITEXT
from sqlalchemy.orm import Mapped, mapped_column

from backend.infra.postgres import Base, Instant


class UserRow(Base):
    """A person who can sign in; `password_hash` is None for one who only signs in elsewhere."""

    __tablename__ = "users"

    id: Mapped[str] = mapped_column(Text, primary_key=True)
    email: Mapped[str] = mapped_column(CITEXT, unique=True)
    password_hash: Mapped[str | None] = mapped_column(Text)
    name: Mapped[str] = mapped_column(Text)
    roles: Mapped[list[str]] = mapped_column(ARRAY(Text))
    locale: Mapped[str] = mapped_column(Text)
    country: Mapped[str | None] = mapped_column(Text)
    loyalty_tier: Mapped[str] = mapped_column(Text)
    created_at: Mapped[Instant]
