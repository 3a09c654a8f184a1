"""Tables of payments; their constraints and triggers stand in the migration."""

from dataclasses import fields
from datetime import date
from typing import Any

from sqlalchemy import BigInteger, Date, ForeignKey, ForeignKeyConstraint, Index, Text, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from backend.domains.payments.entities import PartView, PaymentView
from backend.domains.payments.states import State
from backend.infra.postgres import Base, Instant
from backend.kernel.money import Money


class Payment(Base):
    """Money that a customer owes for a subject: an order (`ord_…`) or a booking by itself (`bkg_…`).

    `pay_by` is until when the customer may pay; `answer_by` until when providers may answer; `due_on` the
    day of a balance. `card` is what the gateway calls the card that was used, for charges without its owner.
    """

    __tablename__ = "payments"
    __table_args__ = (
        UniqueConstraint("intent_id", name="uq_payments_intent_id"),
        Index(
            "uq_payments_live",
            "subject",
            "purpose",
            "due_on",
            unique=True,
            postgresql_nulls_not_distinct=True,
            postgresql_where=text("state NOT IN ('cancelled', 'failed')"),
        ),
        Index("ix_payments_user_id", "user_id", "id"),
        Index("ix_payments_open", "pay_by", postgresql_where=text("state IN ('new', 'awaiting')")),
        Index("ix_payments_due", "due_on", postgresql_where=text("state = 'scheduled'")),
    )

    id: Mapped[str] = mapped_column(Text, primary_key=True)
    subject: Mapped[str] = mapped_column(Text)
    user_id: Mapped[str] = mapped_column(Text, ForeignKey("users.id"))
    purpose: Mapped[str] = mapped_column(Text)
    capture: Mapped[str] = mapped_column(Text)
    state: Mapped[str] = mapped_column(Text)
    currency: Mapped[str] = mapped_column(Text)
    amount_minor: Mapped[int] = mapped_column(BigInteger)
    paid_minor: Mapped[int] = mapped_column(BigInteger)
    refunded_minor: Mapped[int] = mapped_column(BigInteger)
    description: Mapped[str] = mapped_column(Text)
    saves_card: Mapped[bool]
    intent_id: Mapped[str | None] = mapped_column(Text)
    charge_id: Mapped[str | None] = mapped_column(Text)
    card: Mapped[str | None] = mapped_column(Text)
    decline: Mapped[dict[str, Any] | None] = mapped_column(JSONB)
    attempts: Mapped[int]
    pay_by: Mapped[Instant | None]
    answer_by: Mapped[Instant | None]
    due_on: Mapped[date | None] = mapped_column(Date)
    version: Mapped[int]
    created_at: Mapped[Instant]
    changed_at: Mapped[Instant]

    @property
    def status(self) -> State:
        """The state as the state machine knows it."""
        return State(self.state)

    @property
    def amount(self) -> Money:
        """What is to be paid."""
        return Money(self.amount_minor, self.currency)

    @property
    def paid(self) -> Money:
        """What was taken."""
        return Money(self.paid_minor, self.currency)

    @property
    def refunded(self) -> Money:
        """What of it went back."""
        return Money(self.refunded_minor, self.currency)

    @property
    def view(self) -> PaymentView:
        """As others see it."""
        return PaymentView(**{field.name: getattr(self, field.name) for field in fields(PaymentView)})


class PaymentPart(Base):
    """What of a payment is for one thing: `part` is the id of a booking, or `line:N` of the order."""

    __tablename__ = "payment_parts"
    __table_args__ = (Index("ix_payment_parts_part", "part"),)

    payment_id: Mapped[str] = mapped_column(Text, ForeignKey("payments.id"), primary_key=True)
    part: Mapped[str] = mapped_column(Text, primary_key=True)
    name: Mapped[str] = mapped_column(Text)
    state: Mapped[str] = mapped_column(Text)
    # Whether a provider was asked for it.
    asks: Mapped[bool]
    amount_minor: Mapped[int] = mapped_column(BigInteger)
    refunded_minor: Mapped[int] = mapped_column(BigInteger)

    def view(self, currency: str) -> PartView:
        """As others see it."""
        return PartView(
            part=self.part,
            name=self.name,
            state=self.state,
            asks=self.asks,
            amount=Money(self.amount_minor, currency),
            refunded=Money(self.refunded_minor, currency),
        )


class PaymentShare(Base):
    """Who gets what of a part: `account` is one of the ledger."""

    __tablename__ = "payment_shares"
    __table_args__ = (
        ForeignKeyConstraint(
            ["payment_id", "part"],
            ["payment_parts.payment_id", "payment_parts.part"],
            name="fk_payment_shares_part",
        ),
        Index("ix_payment_shares_account", "account", "payment_id"),
    )

    payment_id: Mapped[str] = mapped_column(Text, primary_key=True)
    part: Mapped[str] = mapped_column(Text, primary_key=True)
    account: Mapped[str] = mapped_column(Text, primary_key=True)
    amount_minor: Mapped[int] = mapped_column(BigInteger)
    refunded_minor: Mapped[int] = mapped_column(BigInteger)


class PaymentOperation(Base):
    """Something that is asked of the gateway, written down before it is asked.

    `number` tells operations of one kind apart; with the payment and the kind it is the key under which the
    gateway does it once. `account` is the ledger's account of a transfer's payee; `about` is the transfer
    that is reversed, or says which parts are refunded.
    """

    __tablename__ = "payment_operations"
    __table_args__ = (
        UniqueConstraint("payment_id", "kind", "number", name="uq_payment_operations_number"),
        Index("ix_payment_operations_pending", "created_at", postgresql_where=text("state = 'pending'")),
        Index("ix_payment_operations_gateway_id", "gateway_id"),
    )

    id: Mapped[str] = mapped_column(Text, primary_key=True)
    payment_id: Mapped[str] = mapped_column(Text, ForeignKey("payments.id"))
    kind: Mapped[str] = mapped_column(Text)
    number: Mapped[int]
    state: Mapped[str] = mapped_column(Text)
    amount_minor: Mapped[int | None] = mapped_column(BigInteger)
    account: Mapped[str | None] = mapped_column(Text)
    about: Mapped[dict[str, Any]] = mapped_column(JSONB)
    gateway_id: Mapped[str | None] = mapped_column(Text)
    outcome: Mapped[dict[str, Any] | None] = mapped_column(JSONB)
    created_at: Mapped[Instant]
    settled_at: Mapped[Instant | None]

    @property
    def key(self) -> str:
        """The gateway's idempotency key."""
        return f"{self.payment_id}:{self.kind}:{self.number}"


class PaymentEvent(Base):
    """What the gateway told us, kept before it is acted on; its id is the gateway's."""

    __tablename__ = "payment_events"

    id: Mapped[str] = mapped_column(Text, primary_key=True)
    kind: Mapped[str] = mapped_column(Text)
    told_at: Mapped[Instant]
    received_at: Mapped[Instant]
    subject: Mapped[dict[str, Any]] = mapped_column(JSONB)
    account_id: Mapped[str | None] = mapped_column(Text)
    handled_at: Mapped[Instant | None]


class PaymentDispute(Base):
    """A charge that a customer's bank took back until it is settled; `booked` says how far the ledger is."""

    __tablename__ = "payment_disputes"

    id: Mapped[str] = mapped_column(Text, primary_key=True)
    payment_id: Mapped[str] = mapped_column(Text, ForeignKey("payments.id"))
    status: Mapped[str] = mapped_column(Text)
    amount_minor: Mapped[int] = mapped_column(BigInteger)
    reason: Mapped[str] = mapped_column(Text)
    opened_at: Mapped[Instant]
    changed_at: Mapped[Instant]


class GatewayCustomer(Base):
    """The gateway's id of a user, whose cards are saved there."""

    __tablename__ = "gateway_customers"

    user_id: Mapped[str] = mapped_column(Text, ForeignKey("users.id"), primary_key=True)
    customer_id: Mapped[str] = mapped_column(Text)
