"""Payouts: from the balance of the platform, or of a connected account, to its bank."""

from backend.local_stripe.amounts import required_amount, required_currency
from backend.local_stripe.balance import move, require_available
from backend.local_stripe.book import Book
from backend.local_stripe.errors import ApiError, Json
from backend.local_stripe.lists import page
from backend.local_stripe.wire import Params


def create(book: Book, params: Params) -> Json:
    """POST /v1/payouts."""
    amount, currency = required_amount(params), required_currency(params)
    require_available(book, amount, currency)
    params.ignore("method", "statement_descriptor")
    name = book.new_id("po")
    line = move(book, kind="payout", source=name, amount=-amount, currency=currency)
    payout = book.add(
        {
            "id": name,
            "object": "payout",
            "amount": amount,
            "arrival_date": book.now + book.options.payout_arrives_after,
            "automatic": False,
            "balance_transaction": line["id"],
            "created": book.now,
            "currency": currency,
            "description": params.text("description"),
            "failure_balance_transaction": None,
            "failure_code": None,
            "failure_message": None,
            "livemode": False,
            "metadata": params.metadata(),
            "method": "standard",
            "source_type": "card",
            "status": "in_transit",
            "type": "bank_account",
        }
    )
    book.emit("payout.created", payout)
    book.later(book.options.payout_arrives_after, "payout_arrives", name)
    return payout


def retrieve(book: Book, _: Params, name: str) -> Json:
    """GET /v1/payouts/:id."""
    return book.get("payout", name)


def index(book: Book, params: Params) -> Json:
    """GET /v1/payouts."""
    return page(book, params, "payout", url="/v1/payouts", where={"status": params.text("status")})


def arrive(book: Book, payout: Json) -> None:
    """The bank has it."""
    payout["status"] = "paid"
    book.save(payout)
    book.emit("payout.paid", payout)


def fail(book: Book, _: Params, name: str) -> Json:
    """POST /local/payouts/:id/fail: the bank sends it back."""
    payout = book.get("payout", name)
    if payout["status"] == "failed":
        raise ApiError("This payout has failed already.")
    line = move(
        book, kind="payout_failure", source=name, amount=payout["amount"], currency=payout["currency"]
    )
    payout.update(
        status="failed",
        failure_balance_transaction=line["id"],
        failure_code="account_closed",
        failure_message="The bank account has been closed.",
    )
    book.save(payout)
    book.emit("payout.failed", payout)
    return payout
