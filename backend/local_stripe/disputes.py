"""Disputes: a customer's bank takes a charge back until somebody has decided."""

from typing import Final

from backend.local_stripe.balance import move
from backend.local_stripe.book import Book
from backend.local_stripe.errors import ApiError, Json
from backend.local_stripe.lists import page
from backend.local_stripe.options import DAY
from backend.local_stripe.wire import Params

_OPEN: Final = ("needs_response", "under_review", "warning_needs_response", "warning_under_review")
# What Stripe's test mode takes as evidence that decides.
_DECIDING: Final = {"winning_evidence": "won", "losing_evidence": "lost"}


def open_dispute(book: Book, charge: Json, *, amount: int, reason: str, inquiry: bool = False) -> Json:
    """The bank takes `amount` back, and Stripe its fee; an inquiry only asks."""
    dispute = book.add(
        {
            "id": book.new_id("dp"),
            "object": "dispute",
            "amount": amount,
            "balance_transactions": [],
            "charge": charge["id"],
            "created": book.now,
            "currency": charge["currency"],
            "evidence": {},
            "evidence_details": {
                "due_by": book.now + 7 * DAY,
                "has_evidence": False,
                "past_due": False,
                "submission_count": 0,
            },
            "is_charge_refundable": inquiry,
            "livemode": False,
            "metadata": {},
            "payment_intent": charge["payment_intent"],
            "reason": reason,
            "status": "warning_needs_response" if inquiry else "needs_response",
        }
    )
    charge["disputed"] = True
    book.save(charge)
    if not inquiry:
        _move(book, dispute, -amount, fee=book.options.dispute_fee)
    book.emit("charge.dispute.created", dispute)
    if not inquiry:
        book.emit("charge.dispute.funds_withdrawn", dispute)
    return dispute


def retrieve(book: Book, _: Params, name: str) -> Json:
    """GET /v1/disputes/:id."""
    return book.get("dispute", name)


def index(book: Book, params: Params) -> Json:
    """GET /v1/disputes."""
    where = {name: params.text(name) for name in ("payment_intent", "charge")}
    return page(book, params, "dispute", url="/v1/disputes", where=where)


def update(book: Book, params: Params, name: str) -> Json:
    """POST /v1/disputes/:id: evidence that says `winning_evidence` or `losing_evidence` decides at once."""
    dispute = book.get("dispute", name)
    _require_open(dispute)
    evidence = params.group("evidence")
    text = evidence.text("uncategorized_text")
    submits = params.flag("submit")
    dispute["metadata"] = params.metadata(dispute["metadata"])
    if text is not None:
        dispute["evidence"]["uncategorized_text"] = text
        dispute["evidence_details"]["has_evidence"] = True
    if not submits:
        return book.save(dispute)
    dispute["evidence_details"]["submission_count"] += 1
    status = _DECIDING.get(text or "")
    if status is not None:
        return decide(book, dispute, status)
    dispute["status"] = "warning_under_review" if _is_inquiry(dispute) else "under_review"
    book.save(dispute)
    book.emit("charge.dispute.updated", dispute)
    return dispute


def close(book: Book, _: Params, name: str) -> Json:
    """POST /v1/disputes/:id/close: give in."""
    return decide(book, book.get("dispute", name), "lost")


def create(book: Book, params: Params) -> Json:
    """POST /local/disputes: what only a customer's bank can do."""
    intent = book.get("payment_intent", params.required("payment_intent"), param="payment_intent")
    charge = book.look_up(intent["latest_charge"] or "")
    if charge is None or not charge["captured"]:
        raise ApiError("Nothing was captured that could be disputed.", code="charge_not_captured")
    left = _left(book, charge)
    amount = params.positive("amount") or left
    if amount > left or not left:
        raise ApiError("So much of the charge is not left to be disputed.", param="amount")
    return open_dispute(book, charge, amount=amount, reason=params.text("reason") or "fraudulent")


def settle(book: Book, params: Params, name: str) -> Json:
    """POST /local/disputes/:id: the bank decides, `won` or `lost`."""
    status = params.one_of("status", ("won", "lost")) or "lost"
    return decide(book, book.get("dispute", name), status)


def decide(book: Book, dispute: Json, status: str) -> Json:
    """End a dispute; who wins it gets the money back, but not the fee."""
    _require_open(dispute)
    inquiry = _is_inquiry(dispute)
    dispute["status"] = "warning_closed" if inquiry else status
    won = status == "won" and not inquiry
    if won:
        dispute["is_charge_refundable"] = True
        _move(book, dispute, int(dispute["amount"]), fee=0)
    book.save(dispute)
    book.emit("charge.dispute.closed", dispute)
    if won:
        book.emit("charge.dispute.funds_reinstated", dispute)
    return dispute


def _left(book: Book, charge: Json) -> int:
    """What was neither refunded nor taken back before."""
    before = book.all("dispute", {"charge": charge["id"]})
    taken = sum(int(d["amount"]) for d in before if d["status"] in ("needs_response", "under_review", "lost"))
    return int(charge["amount"]) - int(charge["amount_refunded"]) - taken


def _move(book: Book, dispute: Json, amount: int, *, fee: int) -> None:
    line = move(
        book,
        kind="adjustment",
        source=dispute["id"],
        amount=amount,
        fee=fee,
        currency=dispute["currency"],
    )
    dispute["balance_transactions"].append(line)
    book.save(dispute)


def _is_inquiry(dispute: Json) -> bool:
    return str(dispute["status"]).startswith("warning_")


def _require_open(dispute: Json) -> None:
    if dispute["status"] not in _OPEN:
        raise ApiError("This dispute is already closed.", code="dispute_closed")
