"""One round of a bargain: an offer that counts, the negotiator's answer, and the words for it."""

from dataclasses import dataclass, field
from datetime import datetime

from backend.domains.bargain.entities import money_or_none
from backend.domains.bargain.records import bargain_of, turns_of
from backend.domains.bargain.stored import StoredOffer, StoredSession
from backend.domains.bargain.words import PlainWords, Said, Situation, Words
from backend.kernel.errors import ConflictError, InvalidError
from backend.kernel.money import Money
from backend.negotiator.bargaining import Outcome, Reply, respond


class RepeatedOfferError(ConflictError):
    """An offer no higher than the last one; it uses up no attempt."""


class NoAttemptLeftError(ConflictError):
    """All offers are made."""


@dataclass(frozen=True, slots=True)
class Ahead:
    """Words that were found for a version of the session, before it was locked."""

    version: int
    said: Said


@dataclass(frozen=True, slots=True)
class Made:
    """An offer with its answer; `agreed` is the price of a deal."""

    offer: StoredOffer
    agreed: Money | None


@dataclass(frozen=True)
class Rounds:
    """Answers offers; changes nothing."""

    words: Words
    plain: PlainWords = field(default_factory=PlainWords)

    @property
    def takes_time(self) -> bool:
        """Whether words are found by somebody who thinks about them."""
        return not isinstance(self.words, PlainWords)

    @staticmethod
    def takes_counter(stored: StoredSession, price: Money) -> bool:
        """Whether an offer that is no attempt any more is as good as accepting the counter-offer."""
        counter = stored.counter_price
        return (
            stored.is_through
            and counter is not None
            and counter.currency == price.currency
            and price >= counter
        )

    def answer(
        self, stored: StoredSession, *, price: Money, ahead: Ahead | None, language: str, now: datetime
    ) -> Made:
        """The answer to an offer of `price`. RepeatedOfferError, NoAttemptLeftError, InvalidError."""
        offer = _counted(stored, price)
        reply = respond(bargain_of(stored), turns_of(stored), offer)
        if ahead is not None and ahead.version == stored.version:
            said = ahead.said
        else:
            said = self.plain.say(_situation(stored, reply, offer, "", language, now))
        made = StoredOffer(
            number=stored.attempts_used + 1,
            asked_minor=price.minor,
            offer_minor=offer.minor,
            outcome=reply.outcome,
            counter_minor=_counter(reply, said),
            message=said.message,
            at=now,
        )
        return Made(made, reply.price if reply.outcome is Outcome.ACCEPTED else None)

    def ahead(self, stored: StoredSession, *, price: Money, said: str, language: str, now: datetime) -> Ahead:
        """The words for the answer to an offer, if the session is still as it is when they are found."""
        offer = _counted(stored, price)
        reply = respond(bargain_of(stored), turns_of(stored), offer)
        return Ahead(stored.version, self.words.say(_situation(stored, reply, offer, said, language, now)))


def _counted(stored: StoredSession, price: Money) -> Money:
    """What of an offer counts: at most the list price."""
    if price.currency != stored.currency:
        _refuse(f"This is sold in {stored.currency}; offer a price in it.")
    if price.minor <= 0:
        _refuse("Offer a price above nothing.")
    if stored.is_through:
        raise NoAttemptLeftError(
            f"All {stored.attempts_allowed} offers are made. The counter-offer stands until the time is over:"
            f" POST /api/bargain/accept-counter/{stored.id} accepts it.",
            extra={"counter_price": money_or_none(stored.counter_price)},
        )
    offer = Money(min(price.minor, stored.list_minor), stored.currency)
    last = stored.money(stored.offer_minor)
    if last is not None and offer <= last:
        raise RepeatedOfferError(
            f"You offered {last} already: offer more, or accept the counter-offer. No attempt was used.",
            extra={
                "last_offer": money_or_none(last),
                "attempts_left": stored.attempts_allowed - stored.attempts_used,
            },
        )
    return offer


def _situation(
    stored: StoredSession, reply: Reply, offer: Money, said: str, language: str, now: datetime
) -> Situation:
    return Situation(
        outcome=reply.outcome,
        name=stored.name,
        list_price=stored.list_price,
        offer=offer,
        counter=reply.price or stored.counter_price,
        lowest=reply.lowest,
        highest=reply.highest,
        may_propose=stored.words_may_propose,
        attempts_left=stored.attempts_allowed - stored.attempts_used - 1,
        seconds_left=int((stored.expires_at - now).total_seconds()),
        language=language,
        said=said,
    )


def _counter(reply: Reply, said: Said) -> int | None:
    """The counter-offer: the negotiator's, or what words proposed inside its band."""
    if reply.outcome is not Outcome.COUNTERED or reply.price is None:
        return None
    proposed = reply.price if said.counter is None else said.counter
    return min(max(proposed.minor, reply.lowest.minor), reply.highest.minor)


def _refuse(sentence: str) -> None:
    raise InvalidError(sentence, errors={"price": [sentence]})
