"""Bargaining: offers, counter-offers, a deal. Every step locks its session, so steps follow one another."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from backend.domains.bargain.entities import SessionView, State
from backend.domains.bargain.journal import BargainJournal
from backend.domains.bargain.records import item_of, view_of
from backend.domains.bargain.rounds import Ahead, Rounds
from backend.domains.bargain.starting import Limits
from backend.domains.bargain.store import BargainStore
from backend.domains.bargain.stored import StoredSession
from backend.domains.pricing.order_quotes import OrderQuotes
from backend.domains.pricing.wanted import Wanted
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
    """Verbs of the customer; each sees their own sessions only, and others do not learn of them.

    `quotes` is asked for when there is a deal: what prices orders is made of many parts.
    """

    store: BargainStore
    quotes: Callable[[], OrderQuotes]
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
        stored = _mine(self.store.lock(session_id), session_id, user_id)
        _require_unended(stored)
        if stored.state is State.EXPIRED:
            return view_of(stored)
        if now >= stored.expires_at:
            return self._end(stored, State.EXPIRED, now)
        if self.rounds.takes_counter(stored, price):
            return self._agree(stored, Money(stored.counter_minor or 0, stored.currency), now)
        made = self.rounds.answer(stored, price=price, ahead=ahead, language=language, now=now)
        offered = stored.offered(made.offer)
        self.journal.offered(offered, made.offer)
        if made.agreed is not None:
            return self._agree(offered, made.agreed, now)
        return self.journal.publish(offered, now=now)

    def accept_counter(self, *, session_id: str, user_id: str, now: datetime) -> SessionView:
        """Accept the standing counter-offer; accepting again answers the same deal.

        NoCounterError, BargainEndedError, BargainExpiredError, and what `OrderQuotes.make` raises.
        """
        stored = _mine(self.store.lock(session_id), session_id, user_id)
        if stored.state is State.ACCEPTED:
            return view_of(stored)
        _require_unended(stored)
        if stored.state is State.EXPIRED or now >= stored.expires_at:
            raise BargainExpiredError("The time of this bargain is over; the list price is still good.")
        if stored.counter_price is None:
            raise NoCounterError("There is no counter-offer yet: make an offer with POST /api/bargain/offer.")
        return self._agree(stored, stored.counter_price, now)

    def abandon(self, *, session_id: str, user_id: str, now: datetime) -> SessionView:
        """Leave a session; one that has ended stays as it is."""
        stored = _mine(self.store.lock(session_id), session_id, user_id)
        if stored.state is not State.OPEN:
            return view_of(stored)
        return self._end(stored, State.EXPIRED if now >= stored.expires_at else State.ABANDONED, now)

    def view(self, *, session_id: str, user_id: str, now: datetime) -> SessionView:
        """The session at `now`, from Redis where it is there. UnknownBargainError."""
        found = self.journal.live.find(session_id)
        if found is None:
            stored = self.store.find(session_id)
            if stored is None:
                raise _unknown(session_id)
            found = view_of(stored)
            self.journal.live.keep_read(found, now=now)
        if found.user_id != user_id:
            raise _unknown(session_id)
        return found.at(now)

    def history(
        self, *, user_id: str, older_than: str | None, limit: int, now: datetime
    ) -> list[SessionView]:
        """The newest sessions of a user, without their rounds."""
        found = self.store.of_user(user_id=user_id, older_than=older_than, limit=limit)
        return [view_of(one).at(now) for one in found]

    def end_expired(self, *, now: datetime) -> int:
        """End sessions whose time is over, and that nobody ended; answers how many."""
        due = self.store.lock_due(now=now, limit=SWEPT)
        for stored in due:
            self._end(stored, State.EXPIRED, now)
        return len(due)

    def _end(self, stored: StoredSession, state: State, now: datetime) -> SessionView:
        """End a session without a deal."""
        ended = stored.ended(state, now=now)
        self.journal.ended(ended)
        return self.journal.publish(ended, now=now)

    def _agree(self, stored: StoredSession, price: Money, now: datetime) -> SessionView:
        """Come to a deal: the price becomes a quote, by the same pricing function as any other."""
        until = (now + self.limits.deal_lifetime).replace(microsecond=0)
        agreed = stored.agreed(price, until=until, now=now)
        self.journal.ended(agreed)
        wanted = Wanted(items=(item_of(agreed),), user_id=agreed.user_id)
        quote = self.quotes().make(wanted=wanted, now=now, until=until)
        quoted = agreed.quoted(quote_id=quote.id, token=quote.token)
        self.store.save(quoted)
        return self.journal.publish(quoted, now=now)

    def _ahead(
        self, session_id: str, user_id: str, price: Money, said: str, language: str, now: datetime
    ) -> Ahead | None:
        """Words that take a while to find are asked for before the session is locked."""
        if not self.rounds.takes_time:
            return None
        stored = _mine(self.store.find(session_id), session_id, user_id)
        has_time = stored.state is State.OPEN and stored.expires_at - now > TIME_FOR_WORDS
        if not has_time or self.rounds.takes_counter(stored, price):
            return None
        return self.rounds.ahead(stored, price=price, said=said, language=language, now=now)


def _mine(found: StoredSession | None, session_id: str, user_id: str) -> StoredSession:
    if found is None or found.user_id != user_id:
        raise _unknown(session_id)
    return found


def _require_unended(stored: StoredSession) -> None:
    if stored.state not in {State.OPEN, State.EXPIRED}:
        came_to = "a deal" if stored.state is State.ACCEPTED else "nothing, as you left it"
        raise BargainEndedError(
            f"This bargain came to {came_to}; GET /api/bargain/session/{stored.id} shows it.",
            extra={"session_status": stored.state.value},
        )


def _unknown(session_id: str) -> UnknownBargainError:
    return UnknownBargainError(f"There is no bargain {session_id} of yours.")
