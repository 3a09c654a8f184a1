"""Orders of journeys alone: nobody delivers them, they are over when the last journey is."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from backend.domains.catalog.service import CatalogService
from backend.domains.checkout import queries
from backend.domains.checkout.journal import OrderJournal
from backend.domains.checkout.states import Action
from backend.infra.postgres import DbSession

# For how long nobody may have run the job without an order being forgotten.
LOOK_BACK: Final = timedelta(days=30)


@dataclass(frozen=True)
class TravelledOrders:
    """Ends orders, by a job."""

    session: DbSession
    catalog: CatalogService
    journal: OrderJournal

    def complete(self, *, now: datetime) -> int:
        """Deliver orders all of whose journeys are over, and that have nothing else; how many there were."""
        over = self.catalog.journeys_over(since=now - LOOK_BACK, until=now)
        found = queries.of_journeys_alone(self.session, product_ids=over)
        lines = queries.lines_of(self.session, [order.id for order in found])
        bought = {line.product_id or "" for of_order in lines.values() for line in of_order}
        products = self.catalog.products(product_ids=bought)
        going_on = {one.id for one in products.values() if one.travel and one.travel.ends_at > now}
        done = [order for order in found if not going_on & {line.product_id for line in lines[order.id]}]
        for order in done:
            self.journal.apply(order, Action.DELIVER, actor_id=None, now=now)
        return len(done)
