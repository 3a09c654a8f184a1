"""Transfers to connected accounts, and their reversals."""

from backend.local_stripe import charges
from backend.local_stripe.amounts import in_currency, required_amount, required_currency
from backend.local_stripe.balance import move, require_available, whole
from backend.local_stripe.book import PLATFORM, Book
from backend.local_stripe.errors import ApiError, Json
from backend.local_stripe.lists import page
from backend.local_stripe.wire import Params


def create(book: Book, params: Params) -> Json:
    """POST /v1/transfers: of a charge, or of what is available."""
    amount, currency = required_amount(params), required_currency(params)
    account = book.get("account", params.required("destination"), param="destination")
    _require_able(account)
    source = params.text("source_transaction")
    charge = None if source is None else book.get("charge", source, param="source_transaction")
    usable = book.now
    if charge is None:
        require_available(book, amount, currency)
    else:
        _require_within(book, charge, amount, currency)
        usable = charges.available_on(book, charge)
    name = book.new_id("tr")
    line = move(book, kind="transfer", source=name, amount=-amount, currency=currency, available_on=usable)
    payment = _arrive(book, account["id"], name, amount, currency, usable)
    transfer = book.add(
        {
            "id": name,
            "object": "transfer",
            "amount": amount,
            "amount_reversed": 0,
            "balance_transaction": line["id"],
            "created": book.now,
            "currency": currency,
            "description": params.text("description"),
            "destination": account["id"],
            "destination_payment": payment["id"],
            "livemode": False,
            "metadata": params.metadata(),
            "reversed": False,
            "source_transaction": source,
            "source_type": "card",
            "transfer_group": params.text("transfer_group") or (charge or {}).get("transfer_group"),
            "_usable": usable,
        }
    )
    book.emit("transfer.created", transfer)
    return _with_reversals(book, transfer)


def retrieve(book: Book, _: Params, name: str) -> Json:
    """GET /v1/transfers/:id."""
    return _with_reversals(book, book.get("transfer", name))


def index(book: Book, params: Params) -> Json:
    """GET /v1/transfers."""
    where = {name: params.text(name) for name in ("transfer_group", "destination")}
    found = page(book, params, "transfer", url="/v1/transfers", where=where)
    return {**found, "data": [_with_reversals(book, transfer) for transfer in found["data"]]}


def reverse(book: Book, params: Params, name: str) -> Json:
    """POST /v1/transfers/:id/reversals: the connected account must still have the money."""
    transfer = book.get("transfer", name)
    left = int(transfer["amount"]) - int(transfer["amount_reversed"])
    amount = params.positive("amount") or left
    params.ignore("refund_application_fee", "description")
    _require_reversible(book, transfer, amount, left)
    reversal_id = book.new_id("trr")
    usable = max(book.now, transfer["_usable"])
    currency = transfer["currency"]
    line = move(
        book,
        kind="transfer_refund",
        source=reversal_id,
        amount=amount,
        currency=currency,
        available_on=usable,
    )
    move(
        book,
        kind="payment_refund",
        source=transfer["destination_payment"],
        amount=-amount,
        currency=currency,
        available_on=usable,
        account=transfer["destination"],
    )
    reversal = book.add(
        {
            "id": reversal_id,
            "object": "transfer_reversal",
            "amount": amount,
            "balance_transaction": line["id"],
            "created": book.now,
            "currency": currency,
            "destination_payment_refund": None,
            "metadata": params.metadata(),
            "source_refund": None,
            "transfer": name,
        }
    )
    transfer["amount_reversed"] += amount
    transfer["reversed"] = transfer["amount_reversed"] == transfer["amount"]
    book.save(transfer)
    book.emit("transfer.reversed", _with_reversals(book, transfer))
    return reversal


def reversals(book: Book, params: Params, name: str) -> Json:
    """GET /v1/transfers/:id/reversals."""
    book.get("transfer", name)
    return page(
        book, params, "transfer_reversal", url=f"/v1/transfers/{name}/reversals", where={"transfer": name}
    )


def reversal(book: Book, _: Params, name: str, reversal_id: str) -> Json:
    """GET /v1/transfers/:id/reversals/:id."""
    book.get("transfer", name)
    return book.get("transfer_reversal", reversal_id)


def _require_able(account: Json) -> None:
    if account["capabilities"].get("transfers") != "active":
        raise ApiError(
            "Your destination account needs to have at least one of the following capabilities enabled: "
            "transfers, crypto_transfers, legacy_payments",
            code="insufficient_capabilities_for_transfer",
        )


def _require_within(book: Book, charge: Json, amount: int, currency: str) -> None:
    if charge["currency"] != currency:
        message = f"The currency of source_transaction's balance transaction ({charge['currency']}) differs."
        raise ApiError(message, param="currency")
    if not charge["captured"]:
        raise ApiError(
            "You cannot use an uncaptured charge as a source_transaction.", param="source_transaction"
        )
    before = book.all("transfer", {"source_transaction": charge["id"]})
    passed_on = sum(int(t["amount"]) - int(t["amount_reversed"]) for t in before)
    limit = int(charge["amount_captured"])
    if passed_on + amount > limit:
        message = (
            "Transfers using this transaction as a source must not exceed the source amount of "
            f"{in_currency(charge, limit)}. ({in_currency(charge, passed_on)} already transferred.)"
        )
        raise ApiError(message, param="amount")


def _require_reversible(book: Book, transfer: Json, amount: int, left: int) -> None:
    if left == 0:
        raise ApiError(f"Transfer {transfer['id']} has already been fully reversed.")
    if amount > left:
        message = (
            f"Transfer reversal amount ({in_currency(transfer, amount)}) is greater than unreversed amount "
            f"on transfer ({in_currency(transfer, left)})."
        )
        raise ApiError(message, param="amount")
    if whole(book, transfer["currency"], account=transfer["destination"]) < amount:
        raise ApiError(
            "The connected account does not have sufficient funds in its balance to reverse this transfer.",
            code="balance_insufficient",
        )


def _arrive(book: Book, account: str, transfer: str, amount: int, currency: str, usable: int) -> Json:
    name = book.new_id("py")
    line = move(
        book,
        kind="payment",
        source=name,
        amount=amount,
        currency=currency,
        available_on=usable,
        account=account,
    )
    payment = {
        "id": name,
        "object": "charge",
        "amount": amount,
        "balance_transaction": line["id"],
        "created": book.now,
        "currency": currency,
        "livemode": False,
        "metadata": {},
        "source_transfer": transfer,
        "status": "succeeded",
    }
    return book.add(payment, account=account)


def _with_reversals(book: Book, transfer: Json) -> Json:
    found = book.all("transfer_reversal", {"transfer": transfer["id"]}, account=PLATFORM)
    url = f"/v1/transfers/{transfer['id']}/reversals"
    return {**transfer, "reversals": {"object": "list", "data": found, "has_more": False, "url": url}}
