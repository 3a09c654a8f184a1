"""What orders ask the database."""

from collections.abc import Collection, Sequence
from typing import Final

from sqlalchemy import exists, func, select
from sqlalchemy.orm import aliased

from backend.domains.checkout.line_kinds import GOODS, SLOT
from backend.domains.checkout.models import Order, OrderEvent, OrderLine
from backend.domains.checkout.states import State
from backend.infra.postgres import DbSession

BATCH: Final = 500


def locked(session: DbSession, order_id: str) -> Order | None:
    """The order as it is now, its row locked."""
    query = select(Order).where(Order.id == order_id).with_for_update()
    return session.scalars(query, execution_options={"populate_existing": True}).one_or_none()


def orders(
    session: DbSession, *, user_id: str | None, state: str | None, older_than: str | None, limit: int
) -> Sequence[Order]:
    """The newest `limit` orders (of a user; in a state), older than the one with id `older_than`."""
    query = select(Order).order_by(Order.id.desc()).limit(limit)
    if user_id is not None:
        query = query.where(Order.user_id == user_id)
    if state is not None:
        query = query.where(Order.state == state)
    if older_than is not None:
        query = query.where(Order.id < older_than)
    return session.scalars(query).all()


def lines_of(session: DbSession, order_ids: Collection[str]) -> dict[str, list[OrderLine]]:
    """The lines of each order, in their order."""
    query = select(OrderLine).where(OrderLine.order_id.in_(order_ids))
    found: dict[str, list[OrderLine]] = {order_id: [] for order_id in order_ids}
    for line in session.scalars(query.order_by(OrderLine.order_id, OrderLine.position)):
        found[line.order_id].append(line)
    return found


def history(session: DbSession, order_id: str) -> Sequence[OrderEvent]:
    """What happened to an order, oldest first."""
    query = select(OrderEvent).where(OrderEvent.order_id == order_id).order_by(OrderEvent.id)
    return session.scalars(query).all()


def standing(session: DbSession, user_id: str) -> int:
    """How many orders of a user were not cancelled."""
    query = select(func.count()).where(Order.user_id == user_id, Order.state != State.CANCELLED)
    return session.execute(query).scalar_one()


def of_journeys_alone(session: DbSession, *, product_ids: Collection[str]) -> Sequence[Order]:
    """Orders that stand and have one of these journeys, and neither goods nor slots; locked.

    Those that somebody works on are left out.
    """
    other = aliased(OrderLine)
    query = (
        select(Order)
        .where(
            Order.state.in_([State.PAID, State.CONFIRMED]),
            exists().where(OrderLine.order_id == Order.id, OrderLine.product_id.in_(product_ids)),
            ~exists().where(other.order_id == Order.id, other.kind.in_([GOODS, SLOT])),
        )
        .order_by(Order.id)
        .limit(BATCH)
        .with_for_update(skip_locked=True)
    )
    return session.scalars(query).all()


def of_cart(session: DbSession, *, cart_id: str, cart_version: int) -> str | None:
    """The id of the order that this version of a cart became."""
    query = select(Order.id).where(Order.cart_id == cart_id, Order.cart_version == cart_version)
    return session.scalar(query)
