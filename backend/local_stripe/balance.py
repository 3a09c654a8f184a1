"""Balances of the platform and of connected accounts: the sum of their balance transactions."""

from decimal import Decimal

from backend.kernel.money import round_minor
from backend.local_stripe.book import Book
from backend.local_stripe.errors import ApiError, Json
from backend.local_stripe.lists import page
from backend.local_stripe.wire import Params


def move(
    book: Book,
    *,
    kind: str,
    source: str,
    amount: int,
    currency: str,
    fee: int = 0,
    available_on: int | None = None,
    account: str | None = None,
) -> Json:
    """Change a balance by `amount` less `fee`, which can be used from `available_on` (now)."""
    owner = book.account if account is None else account
    usable = book.now if available_on is None else available_on
    net = amount - fee
    book.connection.execute(
        "INSERT INTO movements (account, currency, available_on, net) VALUES (?, ?, ?, ?)",
        (owner, currency, usable, net),
    )
    details = [{"amount": fee, "currency": currency, "type": "stripe_fee", "description": "Processing fees"}]
    return book.add(
        {
            "id": book.new_id("txn"),
            "object": "balance_transaction",
            "amount": amount,
            "available_on": usable,
            "created": book.now,
            "currency": currency,
            "description": None,
            "exchange_rate": None,
            "fee": fee,
            "fee_details": details if fee else [],
            "net": net,
            "reporting_category": _CATEGORIES.get(kind, kind),
            "source": source,
            "status": "available" if usable <= book.now else "pending",
            "type": kind,
        },
        account=owner,
    )


_CATEGORIES = {"adjustment": "dispute", "transfer_refund": "transfer_reversal", "payment": "charge"}


def fee_of(book: Book, amount: int) -> int:
    """What the charge of `amount` costs: a share, and a fixed sum in minor units."""
    return round_minor(Decimal(amount) * book.options.fee_rate) + book.options.fee_fixed


def available(book: Book, currency: str, *, account: str | None = None) -> int:
    """What can be used now."""
    return _sum(book, "available_on <= ?", currency, account)


def whole(book: Book, currency: str, *, account: str | None = None) -> int:
    """What can be used now or later."""
    return available(book, currency, account=account) + _sum(book, "available_on > ?", currency, account)


def retrieve(book: Book, _: Params) -> Json:
    """GET /v1/balance."""
    owned = book.connection.execute(
        "SELECT DISTINCT currency FROM movements WHERE account = ? ORDER BY currency", (book.account,)
    )
    currencies = [str(row[0]) for row in owned] or ["eur"]
    return {
        "object": "balance",
        "available": [_entry(c, available(book, c)) for c in currencies],
        "pending": [_entry(c, whole(book, c) - available(book, c)) for c in currencies],
        "livemode": False,
    }


def transactions(book: Book, params: Params) -> Json:
    """GET /v1/balance_transactions."""
    where = {name: params.text(name) for name in ("source", "type", "currency")}
    found = page(book, params, "balance_transaction", url="/v1/balance_transactions", where=where)
    return {**found, "data": [_aged(book, line) for line in found["data"]]}


def transaction(book: Book, _: Params, name: str) -> Json:
    """GET /v1/balance_transactions/:id."""
    return _aged(book, book.get("balance_transaction", name))


def require_available(book: Book, amount: int, currency: str) -> None:
    """`balance_insufficient` unless so much can be used now."""
    if available(book, currency) < amount:
        message = (
            "You have insufficient available funds in your Stripe account. Try adding funds directly to your "
            "available balance by creating Charges using the 4000000000000077 test card."
        )
        raise ApiError(message, code="balance_insufficient")


def _entry(currency: str, amount: int) -> Json:
    return {"amount": amount, "currency": currency, "source_types": {"card": amount}}


def _aged(book: Book, line: Json) -> Json:
    return {**line, "status": "available" if line["available_on"] <= book.now else "pending"}


def _sum(book: Book, test: str, currency: str, account: str | None) -> int:
    row = book.connection.execute(
        f"SELECT COALESCE(SUM(net), 0) FROM movements WHERE account = ? AND currency = ? AND {test}",  # noqa: S608 (tests of our own)
        (book.account if account is None else account, currency, book.now),
    ).fetchone()
    return int(row[0])
