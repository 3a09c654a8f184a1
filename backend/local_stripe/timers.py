"""What happens by itself after a time: refunds arrive, payouts too, forgotten authorisations end."""

from collections.abc import Callable
from typing import Final

from backend.local_stripe import intents, payouts, refunds
from backend.local_stripe.book import Book
from backend.local_stripe.errors import Json
from backend.local_stripe.options import Options
from backend.local_stripe.store import Store


def _let_go(book: Book, intent: Json) -> None:
    # Only an authorisation ends by itself; an intent that nobody paid stays.
    if intent["status"] == "requires_capture":
        intents.let_go(book, intent, "automatic")


def _settle(book: Book, refund: Json) -> None:
    if refund["status"] == "pending":
        refunds.settle(book, refund)


def _arrive(book: Book, payout: Json) -> None:
    if payout["status"] == "in_transit":
        payouts.arrive(book, payout)


_TIMERS: Final[dict[str, Callable[[Book, Json], None]]] = {
    "let_go": _let_go,
    "refund_pending": _settle,
    "refund_fails_later": refunds.fail,
    "payout_arrives": _arrive,
}


def run_due(store: Store, options: Options, now: int) -> None:
    """Do what is due, in its order."""
    with store.reading() as connection:
        if connection.execute("SELECT 1 FROM timers WHERE due <= ?", (now,)).fetchone() is None:
            return
    with store.writing() as connection:
        due = connection.execute(
            "DELETE FROM timers WHERE due <= ? RETURNING due, id, what, object, account", (now,)
        ).fetchall()
        for _, _, what, name, account in sorted(due):
            book = Book(connection, options, now, account)
            thing = book.look_up(name)
            if thing is not None:
                _TIMERS[what](book, thing)
