"""From what is stored to what customers see, and to what the negotiator knows."""

from backend.domains.bargain.entities import Round, SessionView
from backend.domains.bargain.stored import StoredOffer, StoredSession
from backend.domains.pricing.wanted import Item
from backend.kernel.money import Money
from backend.negotiator.bargaining import Bargain, Turn
from backend.negotiator.demand import DemandModel
from backend.negotiator.terms import Terms


def view_of(stored: StoredSession) -> SessionView:
    """What the customer sees."""
    return SessionView(
        id=stored.id,
        user_id=stored.user_id,
        version=stored.version,
        product_id=stored.product_id,
        slot_id=stored.slot_id,
        quantity=stored.quantity,
        party=stored.party,
        name=stored.name,
        state=stored.state,
        list_price=stored.list_price,
        counter_price=stored.counter_price,
        final_price=stored.final_price,
        attempts_allowed=stored.attempts_allowed,
        attempts_used=stored.attempts_used,
        started_at=stored.started_at,
        expires_at=stored.expires_at,
        ended_at=stored.ended_at,
        deal_until=stored.deal_until,
        quote_token=stored.quote_token,
        is_used=stored.used_by is not None,
        rounds=tuple(_round(one, stored) for one in stored.offers),
    )


def bargain_of(stored: StoredSession) -> Bargain:
    """All that the negotiator decides by; the same session gives the same answers for ever."""
    return Bargain(
        list_price=stored.list_price,
        floor=Money(stored.floor_minor, stored.currency),
        terms=Terms.of_document(stored.terms),
        demand=DemandModel.of_document(stored.demand),
        attempts=stored.attempts_allowed,
        seed=bytes.fromhex(stored.seed),
        jitter_key=bytes.fromhex(stored.jitter_key),
        earlier_best=stored.money(stored.earlier_best_minor),
    )


def item_of(stored: StoredSession) -> Item:
    """What is haggled over, as an order names it: at the price that the bargain came to."""
    return Item(
        product_id=None if stored.slot_id else stored.product_id,
        slot_id=stored.slot_id,
        quantity=stored.quantity,
        party=stored.party,
        bargain_id=stored.id,
    )


def turns_of(stored: StoredSession) -> list[Turn]:
    """What was said so far."""
    return [
        Turn(Money(one.offer_minor, stored.currency), stored.money(one.counter_minor))
        for one in stored.offers
    ]


def _round(one: StoredOffer, stored: StoredSession) -> Round:
    offer, counter = Money(one.offer_minor, stored.currency), stored.money(one.counter_minor)
    return Round(one.number, offer, one.outcome, counter, one.message, one.at)
