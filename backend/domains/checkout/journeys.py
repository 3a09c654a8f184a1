"""Flights and stays of orders: what cancelling them gives back, by the rules."""

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from backend.domains.catalog.entities import Product
from backend.domains.catalog.service import CatalogService
from backend.domains.catalog.stock import StockService
from backend.domains.catalog.travel import Travel
from backend.domains.checkout.line_kinds import CHARGE, GOODS, TRAVEL
from backend.domains.checkout.models import OrderLine
from backend.domains.payments.service import LINE, Payments
from backend.domains.pricing.cancellation import CancellationPolicy, Refund
from backend.kernel.errors import ConflictError


class JourneyBegunError(ConflictError):
    """A flight has departed, or a stay has begun: what is used is not given back."""


class NothingToReturnError(ConflictError):
    """The order has no goods that somebody could send back."""


@dataclass(frozen=True)
class OrderJourneys:
    """Gives journeys back, of orders that are locked."""

    catalog: CatalogService
    policy: CancellationPolicy
    payments: Payments
    stock: StockService

    def cancel(self, lines: Sequence[OrderLine], *, now: datetime) -> list[dict[str, Any]]:
        """Give back what the rules say of each journey of an order; what that is, as its history tells it.

        Their seats and rooms are the caller's to give back. JourneyBegunError, before anything was done.
        """
        found = list(self._journeys(lines))
        for _, product, _ in found:
            begun = product.begun_notice(now)
            if begun is not None:
                raise JourneyBegunError(f"{product.name}: {begun} It cannot be cancelled any more.")
        return [self._give_back(*one, now=now) for one in found]

    def cancel_unpaid(
        self, lines: Sequence[OrderLine], *, parts: Collection[str], now: datetime
    ) -> tuple[list[dict[str, Any]], bool]:
        """Cancel those whose balance could not be had, as if their customers did, with their seats and rooms.

        What goes back of each, and whether nothing else is left of the order. What has begun stays.
        """
        off = [
            one
            for one in self._journeys(lines)
            if part_of(one[0]) in parts and one[1].begun_notice(now) is None
        ]
        told = [self._give_back(*one, now=now) for one in off]
        for line, product, _ in off:
            self.stock.take_back(reference=line.order_id, now=now, of=[product.id])
        things = [line for line in lines if line.kind != CHARGE]
        return told, bool(off) and len(off) == len(things)

    def _journeys(self, lines: Iterable[OrderLine]) -> Iterator[tuple[OrderLine, Product, Travel]]:
        own = {line.product_id or "": line for line in lines if line.kind == TRAVEL}
        products = self.catalog.products(product_ids=own.keys()) if own else {}
        for line in lines:
            product = products.get(line.product_id or "") if line.kind == TRAVEL else None
            if product is not None and product.travel is not None:
                yield line, product, product.travel

    def _give_back(
        self, line: OrderLine, product: Product, travel: Travel, *, now: datetime
    ) -> dict[str, Any]:
        refund = self.policy.refund(
            kind=product.kind,
            category=product.category,
            provider_id=product.provider_id,
            product_id=product.id,
            timezone=travel.timezone,
            starts_at=travel.starts_at,
            paid=self.payments.sure(part=part_of(line), subject=line.order_id, currency=line.currency),
            cancelled_by="customer",
            now=now,
        )
        self.payments.give_back(
            part=part_of(line), subject=line.order_id, amount=refund.amount, reason=refund.about, now=now
        )
        return _told(line, refund)


def part_of(line: OrderLine) -> str:
    """How payments call what is owed for a line that is no booking."""
    return f"{LINE}{line.position}"


def goods_of(lines: Iterable[OrderLine]) -> set[str]:
    """The products of an order that are goods."""
    return {line.product_id for line in lines if line.kind == GOODS and line.product_id is not None}


def _told(line: OrderLine, refund: Refund) -> dict[str, Any]:
    rule = refund.rule
    return {
        "line": line.position,
        "percent": str(refund.percent),
        "about": refund.about,
        "refund": {"amount": refund.amount.minor, "currency": refund.amount.currency},
        "rule": None if rule is None else {"decision": rule.decision, "id": rule.id},
    }
