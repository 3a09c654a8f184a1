"""What payments ask the database."""

from collections.abc import Sequence
from datetime import date, datetime

from sqlalchemy import func, select, true

from backend.domains.payments.models import (
    Payment,
    PaymentDispute,
    PaymentOperation,
    PaymentPart,
    PaymentShare,
)
from backend.domains.payments.states import LIVE, State
from backend.infra.postgres import DbSession

BATCH = 200
PENDING = "pending"
DONE = "done"
_FRESH = {"populate_existing": True}


def locked(session: DbSession, payment_id: str) -> Payment:
    """The payment as it is now, its row locked."""
    query = select(Payment).where(Payment.id == payment_id).with_for_update()
    return session.scalars(query, execution_options=_FRESH).one()


def live(session: DbSession, subject: str) -> Sequence[Payment]:
    """The payments of a subject that are neither cancelled nor failed, locked, balances last."""
    query = (
        select(Payment)
        .where(Payment.subject == subject, Payment.state.in_(LIVE))
        .order_by(Payment.purpose.desc(), Payment.id)
        .with_for_update()
    )
    return session.scalars(query, execution_options=_FRESH).all()


def of_part(session: DbSession, part: str, subject: str | None = None) -> Sequence[Payment]:
    """The live payments (of a subject) that have a part, locked; whole and deposit before balance."""
    query = (
        select(Payment)
        .join(PaymentPart, PaymentPart.payment_id == Payment.id)
        .where(PaymentPart.part == part, Payment.state.in_(LIVE))
        .order_by(Payment.purpose.desc(), Payment.id)
        .with_for_update(of=Payment)
    )
    if subject is not None:
        query = query.where(Payment.subject == subject)
    return session.scalars(query, execution_options=_FRESH).all()


def of_subject(session: DbSession, subject: str) -> Sequence[Payment]:
    """All payments of a subject, oldest first."""
    return session.scalars(select(Payment).where(Payment.subject == subject).order_by(Payment.id)).all()


def parts(session: DbSession, payment_id: str) -> dict[str, PaymentPart]:
    """The parts of a payment by their names, as they are now."""
    query = select(PaymentPart).where(PaymentPart.payment_id == payment_id).order_by(PaymentPart.part)
    return {one.part: one for one in session.scalars(query, execution_options=_FRESH)}


def shares(session: DbSession, payment_id: str) -> Sequence[PaymentShare]:
    """Who gets what of each part, as it is now."""
    query = select(PaymentShare).where(PaymentShare.payment_id == payment_id)
    ordered = query.order_by(PaymentShare.part, PaymentShare.account)
    return session.scalars(ordered, execution_options=_FRESH).all()


def operations(session: DbSession, payment_id: str, kind: str) -> Sequence[PaymentOperation]:
    """The operations of a kind, in their order."""
    query = select(PaymentOperation).where(
        PaymentOperation.payment_id == payment_id, PaymentOperation.kind == kind
    )
    return session.scalars(query.order_by(PaymentOperation.number), execution_options=_FRESH).all()


def count(session: DbSession, payment_id: str, kind: str) -> int:
    """How many operations of a kind there are."""
    query = select(func.count()).where(
        PaymentOperation.payment_id == payment_id, PaymentOperation.kind == kind
    )
    return session.execute(query).scalar_one()


def operation(session: DbSession, operation_id: str) -> PaymentOperation | None:
    """The operation as it is now."""
    query = select(PaymentOperation).where(PaymentOperation.id == operation_id)
    return session.scalars(query, execution_options=_FRESH).one_or_none()


def pending(session: DbSession, *, before: datetime) -> list[str]:
    """The operations made before an instant whose outcome is not known, oldest first."""
    query = (
        select(PaymentOperation.id)
        .where(PaymentOperation.state == PENDING, PaymentOperation.created_at <= before)
        .order_by(PaymentOperation.created_at)
        .limit(BATCH)
    )
    return list(session.scalars(query))


def pending_of(session: DbSession, payment_id: str) -> list[str]:
    """The operations of a payment whose outcome is not known, oldest first."""
    query = select(PaymentOperation.id).where(
        PaymentOperation.payment_id == payment_id, PaymentOperation.state == PENDING
    )
    return list(session.scalars(query.order_by(PaymentOperation.id)))


def overdue(session: DbSession, *, now: datetime) -> list[str]:
    """The payments that were not paid in time."""
    open_states = (State.NEW, State.AWAITING)
    query = select(Payment.id).where(Payment.state.in_(open_states), Payment.pay_by <= now)
    return list(session.scalars(query.order_by(Payment.pay_by).limit(BATCH)))


def unsettled(session: DbSession, *, since: datetime) -> list[str]:
    """The payments that a gateway may know more of than we do."""
    states = (State.AWAITING, State.AUTHORISED)
    query = select(Payment.id).where(Payment.state.in_(states), Payment.created_at >= since)
    return list(session.scalars(query.order_by(Payment.id).limit(BATCH)))


def due(session: DbSession, *, today: date) -> list[str]:
    """The balances whose day has come and that are not paid."""
    states = (State.SCHEDULED, State.AWAITING)
    query = select(Payment.id).where(Payment.state.in_(states), Payment.due_on <= today)
    return list(session.scalars(query.order_by(Payment.due_on).limit(BATCH)))


def paid_to(session: DbSession, account: str, *, older_than: str | None) -> list[str]:
    """The paid payments that have a share for an account, the newest first, `BATCH` at most."""
    query = (
        select(Payment.id)
        .where(
            Payment.state == State.PAID,
            Payment.id.in_(select(PaymentShare.payment_id).where(PaymentShare.account == account)),
            true() if older_than is None else Payment.id < older_than,
        )
        .order_by(Payment.id.desc())
        .limit(BATCH)
    )
    return list(session.scalars(query))


def by_intent(session: DbSession, intent_id: str) -> str | None:
    """The id of the payment that an intent is for."""
    return session.scalar(select(Payment.id).where(Payment.intent_id == intent_id))


def was_lost_since(session: DbSession, payment_id: str, instant: datetime) -> bool:
    """Whether a dispute of the payment was lost at an instant or later."""
    query = select(func.count()).where(
        PaymentDispute.payment_id == payment_id,
        PaymentDispute.status == "lost",
        PaymentDispute.changed_at >= instant,
    )
    return bool(session.scalar(query))


def may_be_in_dispute(session: DbSession, payment_id: str) -> bool:
    """Whether a dispute of the payment is not settled, or none is known (yet)."""
    query = select(func.count()).where(PaymentDispute.payment_id == payment_id)
    return bool(open_disputes(session, payment_id)) or not session.scalar(query)


def open_disputes(session: DbSession, payment_id: str) -> Sequence[PaymentDispute]:
    """Disputes of a payment that are not settled."""
    settled = ("won", "lost", "warning_closed")
    query = select(PaymentDispute).where(
        PaymentDispute.payment_id == payment_id, PaymentDispute.status.not_in(settled)
    )
    return session.scalars(query).all()


def on_its_way(session: DbSession, *, account: str, currency: str) -> int:
    """What of a payee's money is being passed on, less what is being taken back, in minor units."""
    amounts = {
        kind: func.coalesce(func.sum(PaymentOperation.amount_minor).filter(PaymentOperation.kind == kind), 0)
        for kind in ("transfer", "reverse")
    }
    query = (
        select(amounts["transfer"] - amounts["reverse"])
        .join(Payment, Payment.id == PaymentOperation.payment_id)
        .where(
            PaymentOperation.account == account,
            PaymentOperation.state == PENDING,
            Payment.currency == currency,
        )
    )
    return int(session.execute(query).scalar_one() or 0)
