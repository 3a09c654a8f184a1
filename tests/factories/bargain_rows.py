"""Bargains of the past, as rows (committed inside a test's transaction that only ends a savepoint)."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from backend.domains.bargain.models import BargainOffer, BargainSession
from backend.domains.catalog.entities import Product
from backend.infra.postgres import db
from backend.kernel import ids
from tests.conftest import NOW
from tests.factories.identity import make_user

TEN_MINUTES = timedelta(minutes=10)
KEY = "0123456789abcdef" * 2


def make_past_bargain(
    product: Product,
    *,
    offers: Sequence[int] = (),
    asks: Sequence[int] = (),
    final: int | None = None,
    state: str | None = None,
    at: datetime = NOW - timedelta(days=1),
    **columns: Any,
) -> BargainSession:
    """A bargain that began at `at` with these offers and counter-offers, in minor units.

    It was accepted if there is a final price, else it expired, unless `state` says otherwise; `columns` as
    in its row. The list price is that of one unit.
    """
    state = state or ("expired" if final is None else "accepted")
    row = BargainSession(
        **{
            "id": ids.new_id(ids.BARGAIN),
            "user_id": columns.pop("user_id", None) or make_user().id,
            "product_id": product.id,
            "quantity": 1,
            "party": 1,
            "name": product.name,
            "kind": product.kind,
            "category": product.category,
            "currency": product.price.currency,
            "list_minor": product.price.minor,
            "floor_minor": 0,
            "cost_minor": None if product.cost is None else product.cost.minor,
            "strategy": "moderate",
            "combines_coupons": False,
            "words_may_propose": False,
            "terms": {},
            "demand": {},
            "facts": {},
            "release": "r",
            "seed": KEY,
            "jitter_key": KEY,
            # Everybody comes from an address of their own.
            "address_key": ids.new_secret_id(ids.BARGAIN).encode().hex()[-32:],
            "attempts_allowed": 3,
            "attempts_used": len(offers),
            "offer_minor": max(offers, default=None),
            "counter_minor": min(asks, default=None),
            "final_minor": final,
            "state": state,
            "started_at": at,
            "expires_at": at + TEN_MINUTES,
            "ended_at": None if state == "open" else at + TEN_MINUTES,
            "deal_until": None if final is None else at + timedelta(days=1),
            **columns,
        }
    )
    db.session.add(row)
    db.session.flush()
    for number, offer in enumerate(offers, 1):
        ask = asks[number - 1] if number <= len(asks) else None
        db.session.add(
            BargainOffer(
                session_id=row.id,
                number=number,
                asked_minor=offer,
                offer_minor=offer,
                outcome="rejected" if ask is None else "countered",
                counter_minor=ask,
                message="",
                at=at,
            )
        )
    db.session.commit()
    return row
