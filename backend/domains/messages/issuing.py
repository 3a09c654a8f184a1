"""Issuing receipts: each order has one, with a number of a series without gaps, that never changes."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert

from backend.config import Seller
from backend.domains.bookings.access import Actor
from backend.domains.checkout.line_kinds import SLOT
from backend.domains.checkout.orders import OrderService, OrderView
from backend.domains.checkout.outcomes import Outcomes
from backend.domains.checkout.states import State
from backend.domains.identity.service import UserService
from backend.domains.messages.announcing import MAIL_JOB, ORDER_CONFIRMED
from backend.domains.messages.drafts import THE_HOUSE
from backend.domains.messages.models import IssuedReceipt, ReceiptSeries
from backend.domains.messages.outcomes import not_sold
from backend.domains.messages.receipt_pdf import receipt_pdf
from backend.domains.messages.receipts import (
    Party,
    Receipt,
    ReceiptLine,
    discounts,
    document_of,
    due_later,
    read_receipt,
    tax_rows,
)
from backend.domains.pricing.entities import COUPON
from backend.infra.jobs import JobQueue
from backend.infra.postgres import DbSession
from backend.infra.wording import Wording
from backend.kernel.errors import ConflictError, NotFoundError
from backend.kernel.money import total

# An order in one of these was taken: there is something to have a receipt of.
TAKEN: Final = frozenset({State.PAID, State.CONFIRMED, State.SHIPPED, State.DELIVERED, State.RETURNED})


class NoReceiptError(ConflictError):
    """The order is not confirmed yet, or was cancelled before it had a receipt."""


@dataclass(frozen=True)
class ReceiptService:
    """Issues receipts of what was sold, and prints them. What a provider declined is not on them."""

    session: DbSession
    orders: OrderService
    outcomes: Outcomes
    users: UserService
    jobs: JobQueue
    seller: Seller

    def receipt(self, *, order_id: str, actor: Actor, now: datetime) -> Receipt:
        """The order's receipt, for its customer and staff; it is issued when there is none yet.

        UnknownOrderError; NoReceiptError for an order that was not taken.
        """
        view = self.orders.order(order_id=order_id, actor=actor)
        issued = self._issued(order_id)
        if issued is not None:
            return issued
        if view.order.status not in TAKEN:
            raise NoReceiptError(f"The order is {view.order.state}; it has a receipt once it is confirmed.")
        series = self._next(f"{now.year}")
        # Whoever waited for the number may find that the receipt was issued meanwhile.
        return self._issued(order_id) or self._issue(view, series, now)

    def printed(self, *, order_id: str, actor: Actor, now: datetime) -> bytes:
        """The receipt as PDF, in the customer's language. Errors as `receipt`."""
        receipt = self.receipt(order_id=order_id, actor=actor, now=now)
        customer = self.orders.order(order_id=order_id, actor=actor).order.user_id
        return receipt_pdf(receipt, wording=Wording.of(self.users.user(customer).locale))

    def deliver(self, *, order_id: str, now: datetime) -> None:
        """Have the receipt mailed; nothing for an order that is not there, or not taken, any more (job)."""
        try:
            receipt = self.receipt(order_id=order_id, actor=THE_HOUSE, now=now)
        except (NoReceiptError, NotFoundError):
            return
        self.jobs.enqueue(MAIL_JOB, kind=ORDER_CONFIRMED, subject=order_id, occasion=receipt.number, data={})

    def _issued(self, order_id: str) -> Receipt | None:
        row = self.session.scalar(select(IssuedReceipt).where(IssuedReceipt.order_id == order_id))
        if row is None:
            return None
        return read_receipt(row.document, number=row.number, order_id=row.order_id, issued_at=row.issued_at)

    def _next(self, name: str) -> ReceiptSeries:
        """The series, locked until the transaction ends: a number that is rolled back is given again."""
        first = {"name": name, "last": 0}
        self.session.execute(insert(ReceiptSeries).values(first).on_conflict_do_nothing())
        query = select(ReceiptSeries).where(ReceiptSeries.name == name).with_for_update()
        return self.session.scalars(query.execution_options(populate_existing=True)).one()

    def _issue(self, view: OrderView, series: ReceiptSeries, now: datetime) -> Receipt:
        series.last += 1
        receipt = self._receipt(view, f"{series.name}-{series.last:06d}", now)
        self.session.add(
            IssuedReceipt(
                number=receipt.number,
                order_id=receipt.order_id,
                issued_at=now,
                document=document_of(receipt),
            )
        )
        self.session.flush()
        return receipt

    def _receipt(self, view: OrderView, number: str, now: datetime) -> Receipt:
        order = view.order
        gone = not_sold(self.outcomes.of(view))
        lines = [line for line in view.lines if line.position not in gone]
        taxes = [tax for tax in order.price["taxes"] if tax.get("part") not in gone]
        whole = total((line.amount for line in lines), order.currency)
        user = self.users.user(order.user_id)
        name: str = order.contact.get("name") or user.name
        return Receipt(
            number=number,
            issued_at=now,
            order_id=order.id,
            placed_at=order.placed_at,
            seller=Party(self.seller.name, self.seller.address, self.seller.vat_id),
            buyer=Party(name, _address(order.shipping_address), user.vat_id),
            lines=tuple(
                ReceiptLine(line.name, line.quantity, line.party if line.kind == SLOT else 0, line.amount)
                for line in lines
            ),
            discounts=discounts((line.detail for line in lines), stage=COUPON),
            taxes=tax_rows(taxes, whole),
            total=whole,
            # Of what is left out, no balance is due; which of them were its own is not told by day.
            due_later=() if gone else due_later(order.price["due_later"]),
        )


def _address(address: Mapping[str, Any] | None) -> tuple[str, ...]:
    if address is None:
        return ()
    place = f"{address['postal_code']} {address['city']}"
    lines = (
        address["name"],
        address["line1"],
        address.get("line2"),
        place,
        address.get("region"),
        address["country"],
    )
    return tuple(line for line in lines if line)
