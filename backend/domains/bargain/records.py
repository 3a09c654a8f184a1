"""From rows to what customers see, and to what the negotiator knows."""

from collections.abc import Sequence

from sqlalchemy import select

from backend.domains.bargain.entities import Round, SessionView, State
from backend.domains.bargain.models import BargainOffer, BargainSession
from backend.domains.pricing.wanted import Item
from backend.infra.postgres import DbSession
from backend.kernel.money import Money
from backend.negotiator.bargaining import Bargain, Outcome, Turn
from backend.negotiator.demand import DemandModel
from backend.negotiator.terms import Terms


def rounds_of(session: DbSession, session_id: str) -> list[BargainOffer]:
    """The offers of a session, in their order."""
    query = select(BargainOffer).where(BargainOffer.session_id == session_id).order_by(BargainOffer.number)
    return [*session.scalars(query)]


def view_of(row: BargainSession, offers: Sequence[BargainOffer]) -> SessionView:
    """What the customer sees."""
    return SessionView(
        id=row.id,
        user_id=row.user_id,
        version=row.version,
        product_id=row.product_id,
        slot_id=row.slot_id,
        quantity=row.quantity,
        party=row.party,
        name=row.name,
        state=State(row.state),
        list_price=Money(row.list_minor, row.currency),
        counter_price=amount(row.counter_minor, row.currency),
        final_price=amount(row.final_minor, row.currency),
        attempts_allowed=row.attempts_allowed,
        attempts_used=row.attempts_used,
        started_at=row.started_at,
        expires_at=row.expires_at,
        ended_at=row.ended_at,
        deal_until=row.deal_until,
        quote_token=row.quote_token,
        is_used=row.used_by is not None,
        rounds=tuple(_round(one, row.currency) for one in offers),
    )


def bargain_of(row: BargainSession) -> Bargain:
    """All that the negotiator decides by; the same row gives the same answers for ever."""
    return Bargain(
        list_price=Money(row.list_minor, row.currency),
        floor=Money(row.floor_minor, row.currency),
        terms=Terms.of_document(row.terms),
        demand=DemandModel.of_document(row.demand),
        attempts=row.attempts_allowed,
        seed=bytes.fromhex(row.seed),
        jitter_key=bytes.fromhex(row.jitter_key),
        earlier_best=amount(row.earlier_best_minor, row.currency),
    )


def item_of(row: BargainSession) -> Item:
    """What is haggled over, as an order names it: at the price that the bargain came to."""
    return Item(
        product_id=None if row.slot_id else row.product_id,
        slot_id=row.slot_id,
        quantity=row.quantity,
        party=row.party,
        bargain_id=row.id,
    )


def turns_of(offers: Sequence[BargainOffer], currency: str) -> list[Turn]:
    """What was said so far."""
    return [Turn(Money(one.offer_minor, currency), amount(one.counter_minor, currency)) for one in offers]


def amount(minor: int | None, currency: str) -> Money | None:
    """An amount that may not be there."""
    return None if minor is None else Money(minor, currency)


def _round(one: BargainOffer, currency: str) -> Round:
    counter = amount(one.counter_minor, currency)
    return Round(
        one.number, Money(one.offer_minor, currency), Outcome(one.outcome), counter, one.message, one.at
    )
