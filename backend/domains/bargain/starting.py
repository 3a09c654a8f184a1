"""Starting a bargain: over what, by which rules, against which floor."""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy.exc import IntegrityError

from backend.domains.bargain.entities import NOT_BARGAINED, SessionView, State
from backend.domains.bargain.journal import BargainJournal
from backend.domains.bargain.learning import DemandModels
from backend.domains.bargain.models import BargainSession, BargainStrategy
from backend.domains.bargain.probing import Asking, Before, Probing
from backend.domains.bargain.records import view_of
from backend.domains.bargain.store import BargainStore
from backend.domains.bargain.terms import Refused, strategy_of, terms_of
from backend.domains.behaviour.service import Behaviour
from backend.domains.catalog.stock import StockService
from backend.domains.pricing.bands import Band, Bands
from backend.domains.pricing.wanted import Item
from backend.domains.rules.service import RulesService
from backend.infra.postgres import DbSession, violated
from backend.kernel import ids
from backend.kernel.errors import ConflictError


class NotBargainedError(ConflictError):
    """The price of this is final; the reason is told."""

    title = "The price is final"


class TooFewLeftError(ConflictError):
    """There are not so many units to bargain over."""

    title = "Too few are left"


@dataclass(frozen=True, slots=True)
class Limits:
    """How long a session is open, how many offers it takes, and how long the agreed price is good."""

    duration: timedelta
    attempts: int
    deal_lifetime: timedelta


@dataclass(frozen=True)
class BargainStart:
    """Opens sessions. One is open for a user and an item at a time; starting again answers that one."""

    session: DbSession
    store: BargainStore
    bands: Bands
    rules: RulesService
    stock: StockService
    behaviour: Behaviour
    demand: DemandModels
    probing: Probing
    journal: BargainJournal
    limits: Limits

    def start(
        self, *, user_id: str, item: Item, strategy: str | None, address: str, now: datetime
    ) -> tuple[SessionView, bool]:
        """The open session of a user over an item, and whether it was opened just now.

        `strategy` is what staff want to try, None for what is set or what rules choose. NotBargainedError
        when rules refuse, TooFewLeftError, TooManyError when somebody bargained too often, and what
        `Bands.of` raises for what cannot be bought.
        """
        thing = item.slot_id or item.product_id or ""
        open_one = self._open(user_id, thing, now)
        if open_one is not None:
            return open_one, False
        band = self.bands.of(item=item, user_id=user_id, now=now)
        asking = Asking(
            user_id=user_id,
            product_id=band.product_id,
            thing=thing,
            starts_at=band.starts_at,
            address_key=self.probing.address_key(address),
        )
        self.probing.require_allowed(asking, now=now)
        # Whoever started at the same time is seen now: this waited for them.
        open_one = self._open(user_id, thing, now)
        if open_one is not None:
            return open_one, False
        self._require_left(band, now)
        before = self.probing.before(asking, now=now)
        row = self._row(band, asking, before, strategy, now)
        return self._store(row, asking, now)

    def _open(self, user_id: str, thing: str, now: datetime) -> SessionView | None:
        """The session that is open; one whose time is over is ended on the way."""
        found = self.store.lock_open(user_id=user_id, thing=thing)
        if found is None:
            return None
        if now < found.expires_at:
            return view_of(found)
        ended = found.ended(State.EXPIRED, now=now)
        self.journal.ended(ended)
        self.journal.publish(ended, now=now)
        return None

    def _require_left(self, band: Band, now: datetime) -> None:
        """TooFewLeftError for more units than are left; seats of slots are looked at by `Bands`."""
        left = self.stock.left(product_ids=[band.product_id], now=now).get(band.product_id)
        if left is not None and left < band.quantity:
            fewer = f"only {left} of {band.quantity} are left; bargain over fewer."
            raise TooFewLeftError(
                f"{band.name}: {fewer if left else 'it is sold out.'}", extra={"left": left}
            )

    def _row(
        self, band: Band, asking: Asking, before: Before, strategy: str | None, now: datetime
    ) -> BargainSession:
        rulebook = self.rules.rulebook()
        facts = {
            **band.facts,
            "base": band.list_price,
            "bargains_before": before.sessions,
            **self.behaviour.facts(
                user_id=asking.user_id, product_id=band.product_id, now=now, known=band.facts
            ),
        }
        chosen = strategy_of(rulebook, facts, at=now, chosen=strategy or self._set_for(band.product_id))
        if isinstance(chosen, Refused):
            raise NotBargainedError(f"{band.name}: {chosen.reason}")
        if band.floor >= band.list_price:
            raise NotBargainedError(f"{band.name}: its price cannot be lowered any further.")
        facts["strategy"] = chosen.strategy
        demand = self.demand.of(product_id=band.product_id, category=band.category)
        return BargainSession(
            id=ids.new_secret_id(ids.BARGAIN),
            user_id=asking.user_id,
            product_id=band.product_id,
            slot_id=band.slot_id,
            quantity=band.quantity,
            party=band.party,
            name=band.name,
            kind=band.kind,
            category=band.category,
            starts_at=band.starts_at,
            currency=band.list_price.currency,
            list_minor=band.list_price.minor,
            floor_minor=band.floor.minor,
            cost_minor=None if band.cost is None else band.cost.minor,
            strategy=chosen.strategy,
            combines_coupons=chosen.combines_coupons,
            words_may_propose=chosen.words_may_propose,
            terms=terms_of(rulebook, facts, at=now).document(),
            demand=demand.document(),
            facts=_written(facts),
            release=band.release,
            seed=secrets.token_hex(16),
            jitter_key=self.probing.jitter_key(user_id=asking.user_id, thing=asking.thing, now=now),
            address_key=asking.address_key,
            attempts_allowed=self.limits.attempts,
            attempts_used=0,
            earlier_best_minor=_minor(before, band),
            state=State.OPEN.value,
            started_at=now,
            expires_at=now + self.limits.duration,
            version=1,
        )

    def _store(self, row: BargainSession, asking: Asking, now: datetime) -> tuple[SessionView, bool]:
        try:
            with self.session.begin_nested():
                self.session.add(row)
                self.session.flush()
        except IntegrityError as error:
            if violated(error) != "uq_bargain_sessions_open":
                raise
            other = self._open(asking.user_id, asking.thing, now)
            if other is None:
                raise
            return other, False
        stored = self.store.find(row.id)
        assert stored is not None  # noqa: S101 (it was flushed above)
        return self.journal.started(stored, now=now), True

    def _set_for(self, product_id: str) -> str | None:
        """The strategy that staff set for a product. NotBargainedError when they want none."""
        found = self.session.get(BargainStrategy, product_id)
        if found is None or found.strategy is None:
            return None
        if found.strategy == NOT_BARGAINED:
            raise NotBargainedError("The price of this is final.")
        return found.strategy


def _minor(before: Before, band: Band) -> int | None:
    best = before.best_of(band.list_price)
    return None if best is None else best.minor


def _written(facts: Mapping[str, Any]) -> dict[str, Any]:
    """Facts for the record, as text."""
    return {name: str(value) for name, value in facts.items() if value is not None}
