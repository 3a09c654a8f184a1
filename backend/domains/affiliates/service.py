"""Making links to partners' pages, and following them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from backend.domains.affiliates.models import AffiliateClickRow, AffiliateLinkRow
from backend.domains.affiliates.partners import Partners
from backend.domains.affiliates.visitors import Visitors
from backend.domains.catalog.entities import EXTERNAL, Product
from backend.domains.catalog.service import CatalogService
from backend.infra.event_buffer import Events
from backend.infra.postgres import DbSession
from backend.kernel import ids
from backend.kernel.errors import ConflictError, NotFoundError


class UnknownLinkError(NotFoundError):
    """There is no such link."""


class NotExternalError(ConflictError):
    """The product is sold here, or not any more by the partner."""


@dataclass(frozen=True, slots=True)
class Link:
    """A link to what a partner sells."""

    id: str
    product_id: str
    name: str
    partner: str

    @property
    def path(self) -> str:
        """Where it is followed, on this server."""
        return f"/api/affiliate/go/{self.id}"


@dataclass(frozen=True)
class AffiliateLinks:
    """Links and clicks. Changes are flushed; the caller commits."""

    session: DbSession
    catalog: CatalogService
    partners: Partners
    visitors: Visitors
    events: Events

    def issue(self, *, product_id: str, user_id: str | None, order_id: str | None, now: datetime) -> Link:
        """A link of its own for this user (None: a visitor) and order (None: outside of one).

        NotFoundError for no product, NotExternalError for one that no partner sells (any more).
        """
        product = self.catalog.product(product_id=product_id)
        if product.kind != EXTERNAL or not product.is_active:
            raise NotExternalError(
                f"{product.name} is not sold by a partner; GET /api/products?kind=external lists what is."
            )
        row = AffiliateLinkRow(
            id=ids.new_secret_id(ids.AFFILIATE_LINK),
            product_id=product.id,
            partner=product.partner,
            url=product.external_url,
            user_id=user_id,
            order_id=order_id,
            created_at=now,
        )
        self.session.add(row)
        self.session.flush()
        return _link(row, product)

    def of_order(self, *, order_id: str) -> Sequence[Link]:
        """The links that were made with an order, in the order in which they were."""
        query = select(AffiliateLinkRow).where(AffiliateLinkRow.order_id == order_id)
        rows = self.session.scalars(query.order_by(AffiliateLinkRow.id)).all()
        products = self.catalog.products(product_ids={row.product_id for row in rows})
        return [_link(row, products[row.product_id]) for row in rows]

    def follow(self, *, link_id: str, user_id: str | None, address: str, now: datetime) -> str:
        """The partner's address behind a link; that it was followed is noted. UnknownLinkError."""
        row = self.session.get(AffiliateLinkRow, link_id)
        if row is None:
            raise UnknownLinkError("There is no such link; make one with POST /api/affiliate/links.")
        visitor = self.visitors.visitor(address, now=now)
        self.session.add(AffiliateClickRow(link_id=row.id, user_id=user_id, visitor=visitor, at=now))
        self.session.flush()
        told = {"link_id": row.id, "product_id": row.product_id, "partner": row.partner}
        self.events.record(name="affiliate.clicked", user_id=user_id, data=told)
        return self.partners.tracked(row.url, partner=row.partner, link_id=row.id)


def _link(row: AffiliateLinkRow, product: Product) -> Link:
    return Link(row.id, row.product_id, product.name, row.partner)
