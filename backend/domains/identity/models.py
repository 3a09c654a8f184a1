"""Tables of users."""

from sqlalchemy import BigInteger, ForeignKey, Index, Text, literal_column
from sqlalchemy.dialects.postgresql import ARRAY, CITEXT
from sqlalchemy.orm import Mapped, mapped_column

from backend.infra.postgres import Base, Instant


class UserRow(Base):
    """A person who can sign in; `password_hash` is None for one who only signs in elsewhere."""

    __tablename__ = "users"
    __table_args__ = (
        Index(
            "ix_users_name_email",
            "name",
            literal_column("(email::text)").label("address"),
            postgresql_using="gin",
            postgresql_ops={"name": "gin_trgm_ops", "address": "gin_trgm_ops"},
        ),
    )

    id: Mapped[str] = mapped_column(Text, primary_key=True)
    email: Mapped[str] = mapped_column(CITEXT, unique=True)
    password_hash: Mapped[str | None] = mapped_column(Text)
    name: Mapped[str] = mapped_column(Text)
    roles: Mapped[list[str]] = mapped_column(ARRAY(Text))
    locale: Mapped[str] = mapped_column(Text)
    country: Mapped[str | None] = mapped_column(Text)
    loyalty_tier: Mapped[str] = mapped_column(Text)
    # The member of staff who set the tier; None when nobody did.
    loyalty_set_by: Mapped[str | None] = mapped_column(Text)
    vat_id: Mapped[str | None] = mapped_column(Text)
    created_at: Mapped[Instant]


class PreferencesRow(Base):
    """What a user likes to see; both ends of the price range are in `currency`."""

    __tablename__ = "user_preferences"

    user_id: Mapped[str] = mapped_column(Text, ForeignKey("users.id"), primary_key=True)
    categories: Mapped[list[str]] = mapped_column(ARRAY(Text))
    brands: Mapped[list[str]] = mapped_column(ARRAY(Text))
    currency: Mapped[str | None] = mapped_column(Text)
    minimum_minor: Mapped[int | None] = mapped_column(BigInteger)
    maximum_minor: Mapped[int | None] = mapped_column(BigInteger)
    version: Mapped[int]
