from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from typing import Any

import hypothesis.strategies as st
import pytest
import svcs
from flask.testing import FlaskClient
from hypothesis import given
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from backend.domains.checkout.orders import OrderView
from backend.domains.checkout.outcomes import Fate, ItemOutcome, Kind
from backend.domains.currency.overrides import RateOverrides
from backend.domains.messages.drafts import THE_HOUSE
from backend.domains.messages.issuing import ReceiptService
from backend.domains.messages.outcomes import is_sold
from backend.domains.messages.receipt_pdf import receipt_pdf
from backend.domains.messages.receipts import (
    Party,
    Receipt,
    ReceiptLine,
    TaxRow,
    discounts,
    document_of,
    read_receipt,
    tax_rows,
)
from backend.infra.postgres import db
from backend.infra.wording import Wording
from backend.kernel.money import Money, total
from backend.kernel.roles import Role
from tests.conftest import NOW
from tests.factories.bookings import Customer, make_class
from tests.factories.catalog import make_retail
from tests.factories.checkout import fill, place
from tests.factories.coupons import eur, make_coupon
from tests.factories.documents import text_of

ENGLISH = Wording.of("en")


def part(
    percent: str, net: int, tax: int, *, currency: str = "EUR", reverse: str | None = None
) -> dict[str, Any]:
    return {
        "label": f"VAT {percent} %",
        "percent": percent,
        "net": {"amount": net, "currency": currency},
        "tax": {"amount": tax, "currency": currency},
        "included": True,
        "reverse_charge": reverse,
        "rule": {},
    }


def make_receipt(**changes: Any) -> Receipt:
    values = {
        "number": "2026-000007",
        "issued_at": NOW,
        "order_id": "ord_01kaj3zq6m8v9x2c4b5n7p8q9r",
        "placed_at": NOW,
        "seller": Party("ClimbUp SAS", ("1 Rue de Rivoli", "75001 Paris"), "FR40303265045"),
        "buyer": Party("Žofia Łukasiewicz", ("ul. Długa 1",), None),
        "lines": (
            ReceiptLine("Rope", 2, 0, Money(2400, "EUR")),
            ReceiptLine("A class", 1, 3, Money(600, "EUR")),
        ),
        "discounts": (("Welcome", Money(-500, "EUR")),),
        "taxes": (TaxRow("VAT 20 %", Decimal(20), Money(2500, "EUR"), Money(500, "EUR")),),
        "total": Money(3000, "EUR"),
        "due_later": ((date(2026, 12, 24), Money(1800, "EUR")),),
    }
    return Receipt(**{**values, **changes})


def make_outcome(position: int, fate: Fate, *, refunded: Money | None = None) -> ItemOutcome:
    return ItemOutcome(
        position=position,
        name="A thing",
        kind=Kind.REQUEST,
        fate=fate,
        amount=Money(1000, "EUR"),
        refunded=refunded or Money(0, "EUR"),
        booking_id=None,
    )


@dataclass(frozen=True)
class Declined:
    """Says that the first thing of every order was declined."""

    def of(self, view: OrderView) -> list[ItemOutcome]:
        return [make_outcome(1, Fate.DECLINED), make_outcome(2, Fate.CONFIRMED)]


class TestTaxRows:
    def test_put_amounts_of_one_rate_together(self) -> None:
        rows = tax_rows([part("20", 1000, 200), part("5.5", 100, 6), part("20", 500, 100)], eur("19.06"))

        assert [(row.percent, row.net.minor, row.tax.minor) for row in rows] == [
            (Decimal(20), 1500, 300),
            (Decimal("5.5"), 100, 6),
        ]

    def test_have_a_row_for_what_no_tax_is_on(self) -> None:
        rows = tax_rows([part("20", 1000, 200)], eur("15.00"))

        assert [(row.percent, row.gross.minor) for row in rows] == [(Decimal(20), 1200), (None, 300)]

    def test_charge_no_tax_that_the_customer_owes(self) -> None:
        (row,) = tax_rows([part("19", 10000, 1900, reverse="Reverse charge.")], eur("100.00"))

        assert (row.net, row.tax, row.gross) == (eur("100.00"), eur("0.00"), eur("100.00"))

    @given(
        st.lists(
            st.tuples(st.sampled_from(["20", "5.5"]), st.integers(0, 9999), st.integers(0, 999)), max_size=6
        ),
        st.integers(0, 9999),
    )
    def test_sum_to_the_whole(self, parts: Sequence[tuple[str, int, int]], untaxed: int) -> None:
        whole = Money(sum(net + tax for _, net, tax in parts) + untaxed, "EUR")

        rows = tax_rows([part(*one) for one in parts], whole)

        assert total((row.gross for row in rows), "EUR") == whole


class TestIsSold:
    @pytest.mark.parametrize(
        ("fate", "refunded", "is_paid_for"),
        [
            (Fate.CONFIRMED, 0, True),
            (Fate.CONFIRMED, 1000, False),
            (Fate.AWAITS_PROVIDER, 0, True),
            (Fate.DECLINED, 0, False),
            (Fate.CANCELLED, 0, False),
            # The rules of cancellation kept a part.
            (Fate.CANCELLED, 400, True),
            (Fate.CANCELLED, 1000, False),
        ],
    )
    def test_says_what_is_paid_for(self, fate: Fate, refunded: int, *, is_paid_for: bool) -> None:
        outcome = make_outcome(1, fate, refunded=Money(refunded, "EUR"))

        assert is_sold(outcome) is is_paid_for


class TestDiscounts:
    def test_of_one_label_are_added_up_over_all_lines(self) -> None:
        off = {"stage": "coupon", "label": "Welcome", "amount": {"amount": -300, "currency": "EUR"}}
        base = {"stage": "base", "label": "Rope", "amount": {"amount": 3000, "currency": "EUR"}}

        assert discounts([[base, off], [base], [off]], stage="coupon") == (("Welcome", Money(-600, "EUR")),)


class TestReceipt:
    def test_comes_back_from_its_document_as_it_was(self) -> None:
        receipt = make_receipt()

        read = read_receipt(
            document_of(receipt),
            number=receipt.number,
            order_id=receipt.order_id,
            issued_at=receipt.issued_at,
        )

        assert read == receipt


class TestReceiptPdf:
    def test_says_who_sold_what_to_whom_and_the_tax(self) -> None:
        found = text_of(receipt_pdf(make_receipt(), wording=ENGLISH))

        for said in (
            "Receipt 2026-000007",
            "ClimbUp SAS",
            "VAT number FR40303265045",
            "Žofia Łukasiewicz",
            "2 \N{MULTIPLICATION SIGN} Rope €24.00",
            "A class, 3 persons €6.00",
            "Total €30.00",
            "Thursday, December 24, 2026 €18.00",
            "Welcome -€5.00",
            "VAT 20 % €25.00 €5.00 €30.00",
        ):
            assert said in found

    def test_names_both_vat_numbers_where_the_customer_owes_the_tax(self) -> None:
        taxes = tax_rows(
            [part("19", 3000, 570, reverse="Reverse charge: the recipient owes the tax.")], eur("30.00")
        )
        buyer = Party("Klettern GmbH", (), "DE136695976")

        found = text_of(receipt_pdf(make_receipt(taxes=taxes, buyer=buyer), wording=ENGLISH))

        assert "Reverse charge: the recipient owes the tax." in found
        assert "VAT number of the seller: FR40303265045. VAT number of the customer: DE136695976." in found
        assert "VAT 19 %, owed by the customer €30.00 €0.00 €30.00" in found

    def test_is_in_the_language_of_the_customer(self) -> None:
        found = text_of(receipt_pdf(make_receipt(), wording=Wording.of("de")))

        assert all(
            said in found for said in ("Beleg 2026-000007", "Verkäufer", "Summe 30,00 €", "3 Personen")
        )

    def test_goes_on_over_as_many_pages_as_it_takes(self) -> None:
        lines = tuple(ReceiptLine(f"Thing {number}", 1, 0, Money(1, "EUR")) for number in range(120))

        found = text_of(receipt_pdf(make_receipt(lines=lines), wording=ENGLISH))

        assert all(f"Thing {number} €0.01" in found for number in range(120))


class TestReceiptsOfOrders:
    @pytest.fixture
    def ada(self, client: FlaskClient) -> Customer:
        return Customer.new(client)

    def receipt_of(self, customer: Customer, order: dict[str, Any]) -> str:
        answer = customer.get(f"/api/orders/{order['id']}/receipt.pdf")
        assert (answer.status_code, answer.content_type) == (200, "application/pdf")
        return text_of(answer.data)

    @pytest.mark.parametrize("currency", ["EUR", "JPY", "KWD"])
    def test_have_the_amounts_of_the_order_to_the_minor_unit(self, ada: Customer, currency: str) -> None:
        rates = svcs.flask.get(RateOverrides)
        by = ada.user.id
        rates.set(currency="KWD", rate=Decimal("0.3551"), note="A test", by=by, now=NOW, confirmed=True)
        db.session.commit()
        coupon = make_coupon(amount=eur("5.00"))
        slot = ada.slots(make_class(seats=4))[0]["slot_id"]
        fill(ada, **{make_retail(price=eur("19.99"), stock=5).id: 3, slot: 2})
        ada.put("/api/cart/coupons", {"codes": [coupon.code]})
        ada.put("/api/cart/options", {"currency": currency, "country": "FR", "shipping_option": "standard"})
        order = place(ada)

        found = self.receipt_of(ada, order)

        wording = Wording.of(ada.user.locale)
        money = {
            "total": Money(order["total"]["amount"], currency),
            **{line["name"]: Money(line["amount"]["amount"], currency) for line in order["lines"]},
        }
        rows = tax_rows(order["taxes"], money["total"])
        assert order["total"]["currency"] == currency
        assert total((row.gross for row in rows), currency) == money["total"]
        assert all(row.percent is not None for row in rows)
        for amount in (*money.values(), *(one for row in rows for one in (row.net, row.tax, row.gross))):
            assert " ".join(wording.money(amount).split()) in found

    def test_leave_out_what_was_declined_and_its_tax(self, ada: Customer) -> None:
        ropes, mugs = (make_retail(price=eur(price), stock=5).id for price in ("20.00", "10.00"))
        fill(ada, **{ropes: 1, mugs: 1})
        order = place(ada)
        receipts = replace(svcs.flask.get(ReceiptService), outcomes=Declined())

        receipt = receipts.receipt(order_id=order["id"], actor=THE_HOUSE, now=NOW)

        first, *others = (Money(line["amount"]["amount"], "EUR") for line in order["lines"])
        assert receipt.total == total(others, "EUR") == Money(order["total"]["amount"], "EUR") - first
        assert [line.amount for line in receipt.lines] == others
        assert total((row.gross for row in receipt.taxes), "EUR") == receipt.total

    def test_are_numbered_without_gaps_and_stay_as_they_are(self, ada: Customer, client: FlaskClient) -> None:
        orders = []
        for _ in range(3):
            fill(ada, **{make_retail(stock=5).id: 1})
            orders.append(place(ada))
        staff = Customer.new(client, roles=[Role.SUPPORT])

        numbers = [self.receipt_of(ada, order).split()[1] for order in orders]
        again = [self.receipt_of(staff, order).split()[1] for order in orders]

        first = int(numbers[0].partition("-")[2])
        assert numbers == [f"2026-{first + step:06d}" for step in range(3)]
        assert again == numbers

    def test_give_a_number_again_that_was_rolled_back(self, ada: Customer) -> None:
        fill(ada, **{make_retail(stock=5).id: 1})
        order = place(ada)
        receipts = svcs.flask.get(ReceiptService)

        lost = receipts.receipt(order_id=order["id"], actor=THE_HOUSE, now=NOW).number
        db.session.rollback()
        kept = receipts.receipt(order_id=order["id"], actor=THE_HOUSE, now=NOW).number

        assert lost == kept

    def test_are_for_the_customer_and_staff(self, ada: Customer, client: FlaskClient) -> None:
        fill(ada, **{make_retail(stock=5).id: 1})
        order = place(ada)

        answer = Customer.new(client).get(f"/api/orders/{order['id']}/receipt.pdf")

        assert answer.status_code == 404

    def test_are_not_issued_for_an_order_that_was_cancelled(self, ada: Customer) -> None:
        fill(ada, **{make_retail(stock=5).id: 1})
        order = place(ada)
        ada.delete(f"/api/orders/{order['id']}")

        answer = ada.get(f"/api/orders/{order['id']}/receipt.pdf")

        assert answer.status_code == 409

    def test_cannot_be_changed(self, ada: Customer) -> None:
        fill(ada, **{make_retail(stock=5).id: 1})
        self.receipt_of(ada, place(ada))

        with pytest.raises(DBAPIError, match="append-only"):
            db.session.execute(text("UPDATE receipts SET number = '1'"))
        db.session.rollback()
