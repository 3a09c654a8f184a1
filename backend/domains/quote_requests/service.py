"""Quote requests: a customer asks, the provider offers a price, the customer accepts it and gets a quote."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, select
from sqlalchemy.exc import IntegrityError

from backend.domains.availability.service import AvailabilityService
from backend.domains.catalog.service import CatalogService
from backend.domains.pricing.service import Agreed, Quote, QuoteService, require_room
from backend.domains.quote_requests.models import QuoteRequest
from backend.domains.quote_requests.states import DONE, Action, Status, after
from backend.infra.audit import AuditLog
from backend.infra.event_buffer import Events
from backend.infra.postgres import DbSession, violated
from backend.kernel import ids
from backend.kernel.errors import ConflictError, ExpiredError, InvalidError, NotFoundError
from backend.kernel.money import Money


class AskedAlreadyError(ConflictError):
    """One open request for a slot is enough."""


class OfferLapsedError(ExpiredError):
    """The provider's price stood until an instant that has passed."""


@dataclass(frozen=True)
class QuoteRequests:
    """Verbs of the two sides. Each sees and changes its own requests; others do not learn of them."""

    session: DbSession
    availability: AvailabilityService
    catalog: CatalogService
    quotes: QuoteService
    audit: AuditLog
    events: Events

    def ask(self, *, user_id: str, slot_id: str, party: int, message: str, now: datetime) -> QuoteRequest:
        """Ask for a price of a slot. PartyError, AskedAlreadyError, those of `AvailabilityService.slot`."""
        slot = self.availability.slot(slot_id=slot_id, now=now, user_id=user_id)
        require_room(slot, party)
        made = QuoteRequest(
            id=ids.new_id(ids.QUOTE_REQUEST),
            user_id=user_id,
            provider_id=slot.provider.id,
            product_id=slot.product.id,
            slot_id=slot.id,
            party=party,
            message=message,
            status=Status.ASKED.value,
            currency=slot.product.price.currency,
            answer="",
            created_at=now,
            changed_at=now,
        )
        try:
            with self.session.begin_nested():
                self.session.add(made)
                self.session.flush()
        except IntegrityError as error:
            if violated(error) != "uq_quote_requests_open":
                raise
            raise AskedAlreadyError(
                "You asked for a price of this slot already; GET /api/quote-requests shows it."
            ) from error
        self._tell("quote_request.asked", made)
        return made

    def of_user(self, *, user_id: str, older_than: str | None, limit: int) -> Sequence[QuoteRequest]:
        """The newest requests of a customer."""
        return self._page(QuoteRequest.user_id == user_id, older_than, limit)

    def of_provider(self, *, user_id: str, older_than: str | None, limit: int) -> Sequence[QuoteRequest]:
        """The newest requests to the providers that the user acts for."""
        acting = self.catalog.providers_of(user_id=user_id)
        mine = QuoteRequest.provider_id.in_([provider.id for provider in acting])
        return self._page(mine, older_than, limit)

    def offer(
        self,
        *,
        request_id: str,
        user_id: str,
        price: Money,
        answer: str,
        valid_until: datetime,
        now: datetime,
    ) -> QuoteRequest:
        """The provider's price. InvalidError for another currency, nothing, or a past instant."""
        found = self._of_provider(request_id, user_id)
        _check_offer(price, found.currency, valid_until, now)
        status = after(Status(found.status), Action.OFFER)
        found.price_minor, found.valid_until, found.answer = price.minor, valid_until, answer
        self._come_to(status, Action.OFFER, found, user_id, now)
        return found

    def decline(self, *, request_id: str, user_id: str, answer: str, now: datetime) -> QuoteRequest:
        """The provider does not want it."""
        found = self._of_provider(request_id, user_id)
        found.answer = answer
        self._move(found, Action.DECLINE, user_id, now)
        return found

    def withdraw(self, *, request_id: str, user_id: str, now: datetime) -> QuoteRequest:
        """The customer does not want it any more."""
        found = self._of_customer(request_id, user_id)
        self._move(found, Action.WITHDRAW, user_id, now)
        return found

    def accept(self, *, request_id: str, user_id: str, now: datetime) -> Quote:
        """The quote at the offered price, with fees and taxes; it holds as long as the offer stands.

        Accepting twice gives the same quote. OfferLapsedError, and errors of `QuoteService.make`: the slot
        was not kept for the customer.
        """
        found = self._of_customer(request_id, user_id)
        if found.quote_id is not None:
            return self.quotes.quote(quote_id=found.quote_id)
        status = after(Status(found.status), Action.ACCEPT)
        quote = self.quotes.make(
            user_id=user_id,
            slot_id=found.slot_id,
            party=found.party,
            currency=None,
            now=now,
            agreed=self._agreed(found, now),
        )
        found.quote_id = quote.id
        self._come_to(status, Action.ACCEPT, found, user_id, now)
        return quote

    def _agreed(self, found: QuoteRequest, now: datetime) -> Agreed:
        price, until = found.price_minor, found.valid_until
        if price is None or until is None or until <= now:
            raise OfferLapsedError("This price was offered for a time that is over; ask for a new one.")
        provider = self.catalog.provider(provider_id=found.provider_id)
        return Agreed(Money(price, found.currency), f"Price agreed with {provider.name}", until)

    def _move(self, found: QuoteRequest, action: Action, actor_id: str, now: datetime) -> None:
        self._come_to(after(Status(found.status), action), action, found, actor_id, now)

    def _come_to(
        self, status: Status, action: Action, found: QuoteRequest, actor_id: str, now: datetime
    ) -> None:
        before = {"status": found.status}
        found.status, found.changed_at = status.value, now
        self.session.flush()
        done = f"quote_request.{DONE[action]}"
        self.audit.record(
            actor_id=actor_id, action=done, subject=found.id, before=before, after={"status": found.status}
        )
        self._tell(done, found)

    def _of_customer(self, request_id: str, user_id: str) -> QuoteRequest:
        found = self._locked(request_id)
        if found.user_id != user_id:
            raise _unknown(request_id)
        return found

    def _of_provider(self, request_id: str, user_id: str) -> QuoteRequest:
        found = self._locked(request_id)
        if self.catalog.provider(provider_id=found.provider_id).user_id != user_id:
            raise _unknown(request_id)
        return found

    def _locked(self, request_id: str) -> QuoteRequest:
        query = select(QuoteRequest).where(QuoteRequest.id == request_id).with_for_update()
        found = self.session.scalars(query, execution_options={"populate_existing": True}).one_or_none()
        if found is None:
            raise _unknown(request_id)
        return found

    def _page(self, mine: ColumnElement[bool], older_than: str | None, limit: int) -> Sequence[QuoteRequest]:
        query = select(QuoteRequest).where(mine)
        if older_than is not None:
            query = query.where(QuoteRequest.id < older_than)
        return self.session.scalars(query.order_by(QuoteRequest.id.desc()).limit(limit)).all()

    def _tell(self, name: str, request: QuoteRequest) -> None:
        data = {"request_id": request.id, "slot_id": request.slot_id, "party": request.party}
        self.events.record(name=name, user_id=request.user_id, data=data)


def _unknown(request_id: str) -> NotFoundError:
    return NotFoundError(f"There is no quote request {request_id} of yours.")


def _check_offer(price: Money, currency: str, valid_until: datetime, now: datetime) -> None:
    if price.currency != currency:
        sentence = f"This is sold in {currency}; offer a price in it."
        raise InvalidError(sentence, errors={"price": [sentence]})
    if price.minor <= 0:
        sentence = "Offer a price above nothing."
        raise InvalidError(sentence, errors={"price": [sentence]})
    if valid_until <= now:
        sentence = "An offer stands until an instant to come."
        raise InvalidError(sentence, errors={"valid_until": [sentence]})
