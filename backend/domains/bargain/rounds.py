"""One round of a bargain: an offer that counts, the negotiator's answer, and the words for it."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from backend.domains.bargain.entities import money_or_none
from backend.domains.bargain.models import BargainOffer, BargainSession
from backend.domains.bargain.records import amount, bargain_of, turns_of
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
    """An offer with its answer: `agreed` is the price of a deal, `counter_minor` the standing counter."""

    offer: BargainOffer
    counter_minor: int | None
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
    def takes_counter(row: BargainSession, price: Money) -> bool:
        """Whether an offer that is no attempt any more is as good as accepting the counter-offer."""
        counter = amount(row.counter_minor, row.currency)
        return (
            _is_through(row)
            and counter is not None
            and counter.currency == price.currency
            and price >= counter
        )

    def answer(
        self,
        row: BargainSession,
        offers: Sequence[BargainOffer],
        *,
        price: Money,
        ahead: Ahead | None,
        language: str,
        now: datetime,
    ) -> Made:
        """The answer to an offer of `price`. RepeatedOfferError, NoAttemptLeftError, InvalidError."""
        offer = _counted(row, price)
        reply = respond(bargain_of(row), turns_of(offers, row.currency), offer)
        if ahead is not None and ahead.version == row.version:
            said = ahead.said
        else:
            said = self.plain.say(_situation(row, reply, offer, "", language, now))
        counter = _counter(reply, said)
        answer = reply.outcome
        made = BargainOffer(
            session_id=row.id,
            number=row.attempts_used + 1,
            asked_minor=price.minor,
            offer_minor=offer.minor,
            outcome=answer.value,
            counter_minor=counter,
            message=said.message,
            at=now,
        )
        standing = row.counter_minor if counter is None else counter
        return Made(made, standing, reply.price if answer is Outcome.ACCEPTED else None)

    def ahead(
        self,
        row: BargainSession,
        offers: Sequence[BargainOffer],
        *,
        price: Money,
        said: str,
        language: str,
        now: datetime,
    ) -> Ahead:
        """The words for the answer to an offer, if the session is still as it is when they are found."""
        version, offer = row.version, _counted(row, price)
        reply = respond(bargain_of(row), turns_of(offers, row.currency), offer)
        return Ahead(version, self.words.say(_situation(row, reply, offer, said, language, now)))


def _is_through(row: BargainSession) -> bool:
    return row.attempts_used >= row.attempts_allowed


def _counted(row: BargainSession, price: Money) -> Money:
    """What of an offer counts: at most the list price."""
    if price.currency != row.currency:
        _refuse(f"This is sold in {row.currency}; offer a price in it.")
    if price.minor <= 0:
        _refuse("Offer a price above nothing.")
    if _is_through(row):
        raise NoAttemptLeftError(
            f"All {row.attempts_allowed} offers are made. The counter-offer stands until the time is over:"
            f" POST /api/bargain/accept-counter/{row.id} accepts it.",
            extra={"counter_price": money_or_none(amount(row.counter_minor, row.currency))},
        )
    offer = Money(min(price.minor, row.list_minor), row.currency)
    if row.offer_minor is not None and offer.minor <= row.offer_minor:
        last = Money(row.offer_minor, row.currency)
        raise RepeatedOfferError(
            f"You offered {last} already: offer more, or accept the counter-offer. No attempt was used.",
            extra={
                "last_offer": money_or_none(last),
                "attempts_left": row.attempts_allowed - row.attempts_used,
            },
        )
    return offer


def _situation(
    row: BargainSession, reply: Reply, offer: Money, said: str, language: str, now: datetime
) -> Situation:
    return Situation(
        outcome=reply.outcome,
        name=row.name,
        list_price=Money(row.list_minor, row.currency),
        offer=offer,
        counter=reply.price or amount(row.counter_minor, row.currency),
        lowest=reply.lowest,
        highest=reply.highest,
        may_propose=row.words_may_propose,
        attempts_left=row.attempts_allowed - row.attempts_used - 1,
        seconds_left=int((row.expires_at - now).total_seconds()),
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
