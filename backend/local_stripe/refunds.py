"""Refunds: at once, later, or never, as the card has it; never more than is left of the charge."""

from typing import Final

from backend.local_stripe import charges
from backend.local_stripe.amounts import in_currency
from backend.local_stripe.balance import move
from backend.local_stripe.book import Book
from backend.local_stripe.cards import RefundWay
from backend.local_stripe.errors import ApiError, Json
from backend.local_stripe.lists import page
from backend.local_stripe.payment_methods import card_of
from backend.local_stripe.wire import Params

_REASONS: Final = ("duplicate", "fraudulent", "requested_by_customer")


def create(book: Book, params: Params) -> Json:
    """POST /v1/refunds."""
    charge = charges.of(book, params)
    amount = _refundable(book, charge, params.positive("amount"))
    way = card_of(book.get("payment_method", charge["payment_method"])).refunds
    refund = book.add(
        {
            "id": book.new_id("re"),
            "object": "refund",
            "amount": amount,
            "balance_transaction": None,
            "charge": charge["id"],
            "created": book.now,
            "currency": charge["currency"],
            "destination_details": {"card": {"type": "refund"}, "type": "card"},
            "metadata": params.metadata(),
            "payment_intent": charge["payment_intent"],
            "reason": params.one_of("reason", _REASONS),
            "receipt_number": None,
            "source_transfer_reversal": None,
            "status": "pending" if way is RefundWay.PENDING else "succeeded",
            "transfer_reversal": None,
        }
    )
    refund["balance_transaction"] = _move(book, charge, refund, -amount, "refund")
    book.save(refund)
    _count(book, charge, amount)
    book.emit("refund.created", refund)
    book.emit("charge.refunded", charge)
    if way is not RefundWay.INSTANT:
        book.later(book.options.refunds_after, f"refund_{way}", refund["id"])
    return refund


def settle(book: Book, refund: Json) -> None:
    """A pending refund has arrived."""
    refund["status"] = "succeeded"
    book.save(refund)
    book.emit("refund.updated", refund)


def fail(book: Book, refund: Json) -> None:
    """The bank could not take a refund: the money is ours again."""
    charge = book.get("charge", refund["charge"])
    refund["status"] = "failed"
    refund["failure_reason"] = "expired_or_canceled_card"
    refund["failure_balance_transaction"] = _move(book, charge, refund, refund["amount"], "refund_failure")
    book.save(refund)
    _count(book, charge, -int(refund["amount"]))
    book.emit("refund.failed", refund)
    book.emit("charge.refund.updated", refund)


def retrieve(book: Book, _: Params, name: str) -> Json:
    """GET /v1/refunds/:id."""
    return book.get("refund", name)


def index(book: Book, params: Params) -> Json:
    """GET /v1/refunds."""
    where = {name: params.text(name) for name in ("payment_intent", "charge")}
    return page(book, params, "refund", url="/v1/refunds", where=where)


def _refundable(book: Book, charge: Json, amount: int | None) -> int:
    left = charges.unrefunded(charge)
    is_frozen = any(not d["is_charge_refundable"] for d in book.all("dispute", {"charge": charge["id"]}))
    if charge["status"] != "succeeded" or not charge["captured"]:
        raise ApiError(f"Charge {charge['id']} has not been captured.", code="charge_not_refundable")
    if is_frozen:
        raise ApiError(f"Charge {charge['id']} has been charged back.", code="charge_disputed")
    if left == 0:
        raise ApiError(f"Charge {charge['id']} has already been refunded.", code="charge_already_refunded")
    if amount is not None and amount > left:
        message = (
            f"Refund amount ({in_currency(charge, amount)}) is greater than unrefunded amount on charge "
            f"({in_currency(charge, left)})"
        )
        raise ApiError(message, param="amount")
    return left if amount is None else amount


def _count(book: Book, charge: Json, amount: int) -> None:
    charge["amount_refunded"] += amount
    charge["refunded"] = charges.unrefunded(charge) == 0
    book.save(charge)


def _move(book: Book, charge: Json, refund: Json, amount: int, kind: str) -> str:
    # A charge whose money is still to come is refunded from that money.
    line = move(
        book,
        kind=kind,
        source=refund["id"],
        amount=amount,
        currency=charge["currency"],
        available_on=charges.available_on(book, charge),
    )
    return str(line["id"])
