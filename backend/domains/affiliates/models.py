"""Tables of links to partners' pages, and of clicks on them."""

from sqlalchemy import BigInteger, ForeignKey, Identity, Index, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from backend.infra.postgres import Base, Instant


class AffiliateLinkRow(Base):
    """A link that somebody was given: `url` is where it leads, as the product said when it was made."""

    __tablename__ = "affiliate_links"
    __table_args__ = (
        Index("ix_affiliate_links_product_id_id", "product_id", "id"),
        Index("ix_affiliate_links_order_id", "order_id", postgresql_where=text("order_id IS NOT NULL")),
    )

    id: Mapped[str] = mapped_column(Text, primary_key=True)
    product_id: Mapped[str] = mapped_column(Text, ForeignKey("products.id"))
    partner: Mapped[str] = mapped_column(Text)
    url: Mapped[str] = mapped_column(Text)
    user_id: Mapped[str | None] = mapped_column(Text, ForeignKey("users.id"))
    order_id: Mapped[str | None] = mapped_column(Text, ForeignKey("orders.id"))
    created_at: Mapped[Instant]


class AffiliateClickRow(Base):
    """Somebody followed a link. `visitor` is the same for all clicks from one address on one day."""

    __tablename__ = "affiliate_clicks"
    __table_args__ = (Index("ix_affiliate_clicks_link_id_number", "link_id", "number"),)

    number: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    link_id: Mapped[str] = mapped_column(Text, ForeignKey("affiliate_links.id"))
    user_id: Mapped[str | None] = mapped_column(Text, ForeignKey("users.id"))
    visitor: Mapped[str] = mapped_column(Text)
    at: Mapped[Instant]
