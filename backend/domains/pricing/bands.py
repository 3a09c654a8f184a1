"""Between which prices an item can be haggled over: what it costs by the rules, and its floor."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from backend.domains.pricing.draft import known_facts
from backend.domains.pricing.orders import Orders
from backend.domains.pricing.price import price_and_floor
from backend.domains.pricing.service import require_sold
from backend.domains.pricing.wanted import Item
from backend.domains.rules.service import RulesService
from backend.kernel.money import Money


@dataclass(frozen=True, slots=True)
class Band:
    """Prices of all units or persons of an item, for one customer at one instant, by one release.

    `list_price` is after markup and before coupons, fees and what comes on top; `floor` keeps cost and the
    minimum margin, with the tax that prices include, and is zero without a cost. Nothing keeps it below
    the list price: where it is not, there is nothing to haggle over. `facts` are the case's with `base`,
    the list price; those that are not known are left out. `starts_at` is that of a slot, flight or stay.
    """

    product_id: str
    slot_id: str | None
    quantity: int
    party: int
    name: str
    kind: str
    category: str
    list_price: Money
    floor: Money
    cost: Money | None
    starts_at: datetime | None
    facts: Mapping[str, Any]
    release: str


@dataclass(frozen=True)
class Bands:
    """Looks items up and prices them as for an order."""

    rules: RulesService
    orders: Orders

    def of(self, *, item: Item, user_id: str | None, now: datetime) -> Band:
        """The band of an item for a user, whatever they agreed on for it before.

        Raises NotSoldError when a rule refuses to sell it, and what `Orders.order` does for an item.
        """
        plain = replace(item, bargain_id=None)
        case, product, slot = self.orders.case(item=plain, user_id=user_id, now=now)
        rulebook = self.rules.rulebook()
        price, floor = price_and_floor(rulebook, case, at=now)
        require_sold(price.refusals)
        amounts = {"base": price.list_price, "cost": case.cost, "currency": floor.currency}
        facts = known_facts({**case.facts, **amounts}, rulebook.vocabulary)
        return Band(
            product_id=product.id,
            slot_id=item.slot_id,
            quantity=item.quantity,
            party=item.party,
            name=product.name,
            kind=product.kind,
            category=product.category,
            list_price=price.list_price,
            floor=floor,
            cost=case.cost,
            starts_at=product.starts_at if slot is None else slot.starts_at,
            facts={name: value for name, value in facts.items() if value is not None},
            release=rulebook.version,
        )
