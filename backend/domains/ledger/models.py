"""Tables of the ledger. Triggers of the migration let nobody change a row, and keep the months."""

from datetime import date

from sqlalchemy import BigInteger, ForeignKeyConstraint, Identity, Index, SmallInteger, Text, func, text
from sqlalchemy.orm import Mapped, mapped_column
from sqlalchemy.schema import UniqueConstraint

from backend.infra.postgres import Base, Instant, Minor


class LedgerEntry(Base):
    """One business fact: `key` lets it be posted once, `reference` is ours, `source` is the gateway's."""

    __tablename__ = "ledger_entries"
    __table_args__ = (
        UniqueConstraint("key"),
        UniqueConstraint("id", "at"),
        Index("ix_ledger_entries_reference_id", "reference", "id"),
        Index("ix_ledger_entries_source", "source", postgresql_where=text("source IS NOT NULL")),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    key: Mapped[str] = mapped_column(Text)
    kind: Mapped[str] = mapped_column(Text)
    reference: Mapped[str] = mapped_column(Text)
    source: Mapped[str | None] = mapped_column(Text)
    postings: Mapped[int] = mapped_column(SmallInteger)
    at: Mapped[Instant]
    recorded_at: Mapped[Instant] = mapped_column(server_default=func.now())


class LedgerPosting(Base):
    """What an entry does to one account in one currency: debit positive, credit negative."""

    __tablename__ = "ledger_postings"
    __table_args__ = (
        ForeignKeyConstraint(["entry_id", "at"], ["ledger_entries.id", "ledger_entries.at"]),
        Index(
            "ix_ledger_postings_account_at_entry_id",
            "account",
            "at",
            "entry_id",
            postgresql_include=["currency", "amount_minor"],
        ),
    )

    entry_id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    account: Mapped[str] = mapped_column(Text, primary_key=True)
    currency: Mapped[str] = mapped_column(Text, primary_key=True)
    amount_minor: Mapped[Minor]
    at: Mapped[Instant]


class LedgerMonth(Base):
    """A part of what an account moved in a month: of the months of all parts its balance is the sum."""

    __tablename__ = "ledger_months"
    __table_args__ = (Index("ix_ledger_months_account_currency_month", "account", "currency", "month"),)

    number: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    account: Mapped[str] = mapped_column(Text)
    currency: Mapped[str] = mapped_column(Text)
    month: Mapped[date]
    amount_minor: Mapped[Minor]
    postings: Mapped[int] = mapped_column(BigInteger)
