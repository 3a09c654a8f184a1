"""Quote tokens: the promise of a price, signed, for one user, until it expires."""

from dataclasses import dataclass
from datetime import UTC, datetime

from itsdangerous import BadSignature, URLSafeSerializer

from backend.kernel.errors import DeniedError, ExpiredError, InvalidError
from backend.kernel.money import Money


class QuoteTokenError(InvalidError):
    """The token is not one of ours, or was changed."""


class QuoteExpiredError(ExpiredError):
    """The price was promised until an instant that has passed."""


class QuoteOfAnotherError(DeniedError):
    """The price was promised to another user."""


@dataclass(frozen=True, slots=True)
class Promise:
    """What a token says; `user_id` is None for a quote that a visitor asked for, which anybody may use.

    A quote for an order of several things has neither slot nor party.
    """

    quote_id: str
    user_id: str | None
    slot_id: str | None
    party: int | None
    total: Money
    expires_at: datetime


@dataclass(frozen=True)
class QuoteTokens:
    """Signs and reads tokens with a secret."""

    secret: str

    def sign(self, promise: Promise) -> str:
        """The token of a promise: URL-safe text."""
        return self._serializer().dumps(
            {
                "q": promise.quote_id,
                "u": promise.user_id,
                "s": promise.slot_id,
                "p": promise.party,
                "t": promise.total.minor,
                "c": promise.total.currency,
                "e": int(promise.expires_at.timestamp()),
            }
        )

    def read(self, token: str, *, user_id: str, now: datetime) -> Promise:
        """The promise behind a token, for the user to whom it was made, while it holds.

        Raises QuoteTokenError, QuoteExpiredError or QuoteOfAnotherError.
        """
        try:
            said = self._serializer().loads(token)
        except BadSignature:
            raise QuoteTokenError(
                "The quote token is not valid; ask POST /api/quotes for a new one.",
                errors={"quote_token": ["Not a token of ours, or changed."]},
            ) from None
        if said["u"] is not None and said["u"] != user_id:
            raise QuoteOfAnotherError(
                "This quote was made for another user; ask POST /api/quotes for your own."
            )
        expires_at = datetime.fromtimestamp(said["e"], UTC)
        if expires_at <= now:
            raise QuoteExpiredError("This quote has expired; ask POST /api/quotes for today's price.")
        return Promise(said["q"], said["u"], said["s"], said["p"], Money(said["t"], said["c"]), expires_at)

    def _serializer(self) -> URLSafeSerializer:
        return URLSafeSerializer(self.secret, salt="climbup.quote.1")
