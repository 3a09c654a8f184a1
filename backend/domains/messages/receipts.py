"""What a receipt says: amounts of an order as they were when it was issued, kept as JSON. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from backend.domains.pricing.records import money_document, read_money
from backend.kernel.money import Money, total


@dataclass(frozen=True, slots=True)
class Party:
    """Who sells or buys."""

    name: str
    address: tuple[str, ...]
    vat_id: str | None


@dataclass(frozen=True, slots=True)
class ReceiptLine:
    """One thing that was bought, or a charge on all of it, tax included."""

    name: str
    quantity: int
    persons: int
    amount: Money


@dataclass(frozen=True, slots=True)
class TaxRow:
    """All amounts of one rate: `net` and `tax` sum to what was paid, `gross`.

    With `reverse_charge` the customer owes the tax, and none was paid; without a `percent` no tax is on it.
    """

    label: str
    percent: Decimal | None
    net: Money
    tax: Money
    reverse_charge: str | None = None

    @property
    def gross(self) -> Money:
        """What was paid."""
        return self.net + self.tax


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """A receipt; its lines sum exactly to `total`, and so do its tax rows. `discounts` are in the lines.

    What of the total is due on a day to come stands in `due_later`.
    """

    number: str
    issued_at: datetime
    order_id: str
    placed_at: datetime
    seller: Party
    buyer: Party
    lines: tuple[ReceiptLine, ...]
    discounts: tuple[tuple[str, Money], ...]
    taxes: tuple[TaxRow, ...]
    total: Money
    due_later: tuple[tuple[date, Money], ...] = ()


def tax_rows(taxes: Iterable[Mapping[str, Any]], whole: Money) -> tuple[TaxRow, ...]:
    """The taxes of an order as its price tells them, a row for each rate and one for the rest of `whole`."""
    found: dict[tuple[str, str, str | None], TaxRow] = {}
    nothing = Money.zero(whole.currency)
    for part in taxes:
        reverse_charge = part["reverse_charge"]
        key = (part["label"], part["percent"], reverse_charge)
        before = found.get(key) or TaxRow(key[0], Decimal(key[1]), nothing, nothing, reverse_charge)
        tax = nothing if reverse_charge is not None else read_money(part["tax"])
        net, tax = before.net + read_money(part["net"]), before.tax + tax
        found[key] = TaxRow(before.label, before.percent, net, tax, reverse_charge)
    rows = sorted(found.values(), key=lambda row: (-(row.percent or 0), row.label))
    rest = whole - total((row.gross for row in rows), whole.currency)
    return (*rows, TaxRow("", None, rest, nothing)) if rest else tuple(rows)


def discounts(details: Iterable[Sequence[Mapping[str, Any]]], *, stage: str) -> tuple[tuple[str, Money], ...]:
    """What lines of a stage take off, by their label."""
    found: dict[str, Money] = {}
    for line in (one for detail in details for one in detail if one["stage"] == stage):
        amount = read_money(line["amount"])
        found[line["label"]] = found.get(line["label"], Money.zero(amount.currency)) + amount
    return tuple(found.items())


def due_later(instalments: Iterable[Mapping[str, Any]]) -> tuple[tuple[date, Money], ...]:
    """Balances and their days, as the price of an order tells them."""
    return tuple((date.fromisoformat(due["on"]), read_money(due["amount"])) for due in instalments)


def document_of(receipt: Receipt) -> dict[str, Any]:
    """The receipt as JSON."""
    return {
        "seller": _party_document(receipt.seller),
        "buyer": _party_document(receipt.buyer),
        "placed_at": receipt.placed_at.isoformat(),
        "lines": [
            {
                "name": one.name,
                "quantity": one.quantity,
                "persons": one.persons,
                "amount": money_document(one.amount),
            }
            for one in receipt.lines
        ],
        "discounts": [{"label": label, "amount": money_document(off)} for label, off in receipt.discounts],
        "taxes": [
            {
                "label": row.label,
                "percent": None if row.percent is None else f"{row.percent:f}",
                "net": money_document(row.net),
                "tax": money_document(row.tax),
                "reverse_charge": row.reverse_charge,
            }
            for row in receipt.taxes
        ],
        "total": money_document(receipt.total),
        "due_later": [
            {"on": day.isoformat(), "amount": money_document(due)} for day, due in receipt.due_later
        ],
    }


def read_receipt(document: Mapping[str, Any], *, number: str, order_id: str, issued_at: datetime) -> Receipt:
    """The receipt behind a document."""
    return Receipt(
        number=number,
        issued_at=issued_at,
        order_id=order_id,
        placed_at=datetime.fromisoformat(document["placed_at"]),
        seller=_read_party(document["seller"]),
        buyer=_read_party(document["buyer"]),
        lines=tuple(
            ReceiptLine(one["name"], one["quantity"], one["persons"], read_money(one["amount"]))
            for one in document["lines"]
        ),
        discounts=tuple((one["label"], read_money(one["amount"])) for one in document["discounts"]),
        taxes=tuple(_read_row(row) for row in document["taxes"]),
        total=read_money(document["total"]),
        due_later=due_later(document.get("due_later", ())),
    )


def _party_document(party: Party) -> dict[str, Any]:
    return {"name": party.name, "address": list(party.address), "vat_id": party.vat_id}


def _read_party(document: Mapping[str, Any]) -> Party:
    return Party(document["name"], tuple(document["address"]), document["vat_id"])


def _read_row(document: Mapping[str, Any]) -> TaxRow:
    percent = None if document["percent"] is None else Decimal(document["percent"])
    net, tax = read_money(document["net"]), read_money(document["tax"])
    return TaxRow(document["label"], percent, net, tax, document["reverse_charge"])
