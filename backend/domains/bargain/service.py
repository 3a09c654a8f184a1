"""Bargaining: offers, counter-offers, a deal. Every step locks its session, so steps follow one another."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import select

from backend.domains.bargain.entities import SessionView, State
from backend.domains.bargain.journal import BargainJournal
from backend.domains.bargain.models import BargainOffer, BargainSession
from backend.domains.bargain.records import item_of, rounds_of, view_of
from backend.domains.bargain.rounds import Ahead, Rounds
from backend.domains.bargain.starting import Limits
from backend.domains.pricing.order_quotes import OrderQuotes
from backend.domains.pricing.wanted import Wanted
from backend.infra.postgres import DbSession
from backend.kernel.errors import ConflictError, ExpiredError, NotFoundError
from backend.kernel.money import Money

# How many sessions are ended in one transaction.
SWEPT: Final = 200
# Later nobody thinks about words: the answer would come when streams have told the end already.
TIME_FOR_WORDS: Final = timedelta(seconds=5)


class UnknownBargainError(NotFoundError):
    """No such bargain of this user."""


class BargainEndedError(ConflictError):
    """The bargain came to an end, with or without a deal."""


class BargainExpiredError(ExpiredError):
    """The bargain's time is over."""


class NoCounterError(ConflictError):
    """There is no counter-offer to accept."""


@dataclass(frozen=True)
class Bargains:
    """Verbs of the customer; each sees their own sessions only, and others do not learn of them."""

    session: DbSession
    quotes: OrderQuotes
    rounds: Rounds
    journal: BargainJournal
    limits: Limits

    def offer(
        self, *, session_id: str, user_id: str, price: Money, said: str, language: str, now: datetime
    ) -> SessionView:
        """Offer a price and get the answer; a session whose time is over answers that it has expired.

        BargainEndedError, RepeatedOfferError (which uses up no attempt), NoAttemptLeftError, InvalidError for
        another currency, and what `OrderQuotes.make` raises when the thing is gone meanwhile.
        """
        ahead = self._ahead(session_id, user_id, price, said, language, now)
        row, offers = self._locked(session_id, user_id)
        self._require_unended(row)
        if row.state == State.EXPIRED.value:
            return view_of(row, offers)
        if now >= row.expires_at:
            self.journal.end(row, State.EXPIRED, now=now)
            return self.journal.publish(row, offers, now=now)
        if self.rounds.takes_counter(row, price):
            self._agree(row, Money(row.counter_minor or 0, row.currency), now)
            return self.journal.publish(row, offers, now=now)
        made = self.rounds.answer(row, offers, price=price, ahead=ahead, language=language, now=now)
        self.session.add(made.offer)
        row.attempts_used, row.offer_minor = made.offer.number, made.offer.offer_minor
        row.counter_minor, row.version = made.counter_minor, row.version + 1
        self.journal.offered(row, made.offer)
        if made.agreed is not None:
            self._agree(row, made.agreed, now)
        return self.journal.publish(row, [*offers, made.offer], now=now)

    def accept_counter(self, *, session_id: str, user_id: str, now: datetime) -> SessionView:
        """Accept the standing counter-offer; accepting again answers the same deal.

        NoCounterError, BargainEndedError, BargainExpiredError, and what `OrderQuotes.make` raises.
        """
        row, offers = self._locked(session_id, user_id)
        if row.state == State.ACCEPTED.value:
            return view_of(row, offers)
        self._require_unended(row)
        if row.state == State.EXPIRED.value or now >= row.expires_at:
            raise BargainExpiredError("The time of this bargain is over; the list price is still good.")
        if row.counter_minor is None:
            raise NoCounterError("There is no counter-offer yet: make an offer with POST /api/bargain/offer.")
        self._agree(row, Money(row.counter_minor, row.currency), now)
        return self.journal.publish(row, offers, now=now)

    def abandon(self, *, session_id: str, user_id: str, now: datetime) -> SessionView:
        """Leave a session; one that has ended stays as it is."""
        row, offers = self._locked(session_id, user_id)
        if row.state != State.OPEN.value:
            return view_of(row, offers)
        self.journal.end(row, State.EXPIRED if now >= row.expires_at else State.ABANDONED, now=now)
        return self.journal.publish(row, offers, now=now)

    def view(self, *, session_id: str, user_id: str, now: datetime) -> SessionView:
        """The session at `now`, from Redis where it is there. UnknownBargainError."""
        found = self.journal.live.find(session_id)
        if found is None:
            row = self.session.get(BargainSession, session_id)
            if row is None:
                raise _unknown(session_id)
            found = view_of(row, rounds_of(self.session, session_id))
            self.journal.live.keep_read(found, now=now)
        if found.user_id != user_id:
            raise _unknown(session_id)
        return found.at(now)

    def history(
        self, *, user_id: str, older_than: str | None, limit: int, now: datetime
    ) -> list[SessionView]:
        """The newest sessions of a user, without their rounds."""
        query = select(BargainSession).where(BargainSession.user_id == user_id)
        if older_than is not None:
            query = query.where(BargainSession.id < older_than)
        rows = self.session.scalars(query.order_by(BargainSession.id.desc()).limit(limit))
        return [view_of(row, []).at(now) for row in rows]

    def end_expired(self, *, now: datetime) -> int:
        """End sessions whose time is over, and that nobody ended; answers how many."""
        query = select(BargainSession).where(
            BargainSession.state == State.OPEN.value, BargainSession.expires_at <= now
        )
        locked = query.order_by(BargainSession.expires_at).limit(SWEPT).with_for_update(skip_locked=True)
        rows = [*self.session.scalars(locked, execution_options={"populate_existing": True})]
        for row in rows:
            self.journal.end(row, State.EXPIRED, now=now)
            self.journal.publish(row, rounds_of(self.session, row.id), now=now)
        return len(rows)

    def _agree(self, row: BargainSession, price: Money, now: datetime) -> None:
        """Come to a deal: the price becomes a quote, by the same pricing function as any other."""
        row.final_minor = price.minor
        row.deal_until = (now + self.limits.deal_lifetime).replace(microsecond=0)
        self.journal.end(row, State.ACCEPTED, now=now)
        self.session.flush()
        wanted = Wanted(items=(item_of(row),), user_id=row.user_id)
        quote = self.quotes.make(wanted=wanted, now=now, until=row.deal_until)
        row.quote_id, row.quote_token = quote.id, quote.token

    def _ahead(
        self, session_id: str, user_id: str, price: Money, said: str, language: str, now: datetime
    ) -> Ahead | None:
        """Words that take a while to find are asked for before the session is locked."""
        if not self.rounds.takes_time:
            return None
        row = self._mine(self.session.get(BargainSession, session_id), session_id, user_id)
        has_time = row.state == State.OPEN.value and row.expires_at - now > TIME_FOR_WORDS
        if not has_time or self.rounds.takes_counter(row, price):
            return None
        offers = rounds_of(self.session, session_id)
        return self.rounds.ahead(row, offers, price=price, said=said, language=language, now=now)

    def _locked(self, session_id: str, user_id: str) -> tuple[BargainSession, Sequence[BargainOffer]]:
        query = select(BargainSession).where(BargainSession.id == session_id).with_for_update()
        found = self.session.scalars(query, execution_options={"populate_existing": True}).one_or_none()
        row = self._mine(found, session_id, user_id)
        return row, rounds_of(self.session, session_id) if row.attempts_used else []

    @staticmethod
    def _mine(found: BargainSession | None, session_id: str, user_id: str) -> BargainSession:
        if found is None or found.user_id != user_id:
            raise _unknown(session_id)
        return found

    @staticmethod
    def _require_unended(row: BargainSession) -> None:
        if row.state not in {State.OPEN.value, State.EXPIRED.value}:
            came_to = "a deal" if row.state == State.ACCEPTED.value else "nothing, as you left it"
            raise BargainEndedError(
                f"This bargain came to {came_to}; GET /api/bargain/session/{row.id} shows it.",
                extra={"session_status": row.state},
            )


def _unknown(session_id: str) -> UnknownBargainError:
    return UnknownBargainError(f"There is no bargain {session_id} of yours.")
