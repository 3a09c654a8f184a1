"""How a receipt looks."""

from collections.abc import Iterator
from typing import Final

from reportlab.platypus import Flowable, Table

from backend.domains.messages import pdf
from backend.domains.messages.receipts import Party, Receipt, ReceiptLine, TaxRow
from backend.infra.wording import Wording

# In which zone the days on receipts are told.
ZONE: Final = "UTC"


def receipt_pdf(receipt: Receipt, *, wording: Wording) -> bytes:
    """As many pages as it takes."""
    say, money = wording.say, wording.money
    title = say("Receipt %(number)s", number=receipt.number)
    parts = [
        pdf.paragraph(title, pdf.TITLE),
        _parties(receipt, wording),
        pdf.gap(),
        pdf.facts(
            [
                (say("Issued"), wording.moment(receipt.issued_at, ZONE)),
                (say("Order"), receipt.order_id),
                (say("Placed"), wording.moment(receipt.placed_at, ZONE)),
            ]
        ),
        pdf.gap(),
        pdf.columns(
            [say("What"), say("Amount")],
            [(_named(line, wording), money(line.amount)) for line in receipt.lines],
            total=[say("Total"), money(receipt.total)],
        ),
        *_due_later(receipt, wording),
        *_discounts(receipt, wording),
        *_taxes(receipt, wording),
    ]
    return pdf.document(parts, title=title, author=receipt.seller.name, language=wording.language)


def _parties(receipt: Receipt, wording: Wording) -> Table:
    sides = [
        (wording.say("Sold by"), receipt.seller),
        (wording.say("Sold to"), receipt.buyer),
    ]
    cells = [[pdf.paragraph(label, pdf.SMALL), *_party(party, wording)] for label, party in sides]
    return Table([cells], colWidths=[pdf.WIDTH / 2] * 2, style=pdf.PLAIN, hAlign="LEFT")


def _party(party: Party, wording: Wording) -> Iterator[Flowable]:
    yield pdf.paragraph(party.name, pdf.STRONG)
    for line in party.address:
        if line != party.name:
            yield pdf.paragraph(line)
    if party.vat_id is not None:
        yield pdf.paragraph(wording.say("VAT number %(number)s", number=party.vat_id))


def _named(line: ReceiptLine, wording: Wording) -> str:
    if line.persons:
        return f"{line.name}, {wording.persons(line.persons)}"
    return line.name if line.quantity == 1 else f"{line.quantity} × {line.name}"  # noqa: RUF001


def _due_later(receipt: Receipt, wording: Wording) -> Iterator[Flowable]:
    if receipt.due_later:
        yield pdf.gap()
        yield pdf.columns(
            [wording.say("Of this, still to be paid on"), wording.say("Amount")],
            [(wording.day(day), wording.money(due)) for day, due in receipt.due_later],
        )


def _discounts(receipt: Receipt, wording: Wording) -> Iterator[Flowable]:
    if not receipt.discounts:
        return
    yield pdf.gap()
    yield pdf.columns(
        [wording.say("These discounts are taken off already"), wording.say("Amount")],
        [(label, wording.money(amount)) for label, amount in receipt.discounts],
    )


def _taxes(receipt: Receipt, wording: Wording) -> Iterator[Flowable]:
    say = wording.say
    yield pdf.gap()
    yield pdf.columns(
        [say("Tax"), say("Net"), say("Tax"), say("Gross")],
        [_tax_row(row, wording) for row in receipt.taxes],
    )
    for reason in dict.fromkeys(row.reverse_charge for row in receipt.taxes if row.reverse_charge):
        yield pdf.gap()
        yield pdf.paragraph(reason)
        numbers = say(
            "VAT number of the seller: %(seller)s. VAT number of the customer: %(buyer)s.",
            seller=receipt.seller.vat_id or say("not stated"),
            buyer=receipt.buyer.vat_id or say("not stated"),
        )
        yield pdf.paragraph(numbers)


def _tax_row(row: TaxRow, wording: Wording) -> tuple[str, ...]:
    money = wording.money
    if row.percent is None:
        name = wording.say("Without tax")
    elif row.reverse_charge is not None:
        name = wording.say("%(label)s, owed by the customer", label=row.label)
    else:
        name = row.label
    return name, money(row.net), money(row.tax), money(row.gross)
