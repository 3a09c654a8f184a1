"""Builds carts, the checkout and orders."""

from datetime import datetime, timedelta
from typing import Final

import redis
import svcs
from flask import Flask

from backend.config import Settings
from backend.domains.affiliates.service import AffiliateLinks
from backend.domains.availability.service import AvailabilityService
from backend.domains.bookings.orders import OrderBookings
from backend.domains.bookings.service import BookingService
from backend.domains.bookings.terms import PaymentTerms
from backend.domains.catalog.listing import ProductListing
from backend.domains.catalog.service import CatalogService
from backend.domains.catalog.stock import StockService
from backend.domains.checkout import jobs
from backend.domains.checkout.bargained import CartDeals
from backend.domains.checkout.baskets import KeptBaskets
from backend.domains.checkout.cart_prices import CartPrices
from backend.domains.checkout.carts import CartOwner, CartStore
from backend.domains.checkout.handing_over import CartHandOver
from backend.domains.checkout.journal import OrderJournal
from backend.domains.checkout.journeys import OrderJourneys
from backend.domains.checkout.lookup import ItemLookup
from backend.domains.checkout.mixed import MixedCheckout
from backend.domains.checkout.orders import OrderService
from backend.domains.checkout.outcomes import Outcomes
from backend.domains.checkout.owners import CartOwners
from backend.domains.checkout.placing import Checkout
from backend.domains.checkout.purchases import PurchaseHistory
from backend.domains.checkout.service import CartService
from backend.domains.checkout.settling import OrderSettlement
from backend.domains.checkout.travelled import TravelledOrders
from backend.domains.coupons.baskets import Baskets, CartBaskets
from backend.domains.coupons.uses import CouponUses
from backend.domains.currency.service import ExchangeRates
from backend.domains.identity.service import UserService
from backend.domains.payments.opening import PaymentDesk
from backend.domains.payments.service import Payments
from backend.domains.pricing.cancellation import CancellationPolicy
from backend.domains.pricing.customers import Customers
from backend.domains.pricing.deals import Deals
from backend.domains.pricing.order_quotes import OrderQuotes
from backend.domains.rules.service import RulesService
from backend.infra.announcements import Announcements
from backend.infra.audit import AuditLog
from backend.infra.event_buffer import Events
from backend.infra.postgres import db

TASKS: Final = jobs.TASKS


def register_checkout(app: Flask, settings: Settings) -> None:
    """Register the services of carts and orders."""
    remembered = timedelta(days=settings.visitor_cart_days)
    owners = CartOwners(settings.jwt_secret, remembered, secure=settings.production)
    register = svcs.flask.register_factory
    svcs.flask.register_value(app, CartOwners, owners)
    register(app, CartStore, _store)
    register(app, ItemLookup, _lookup)
    register(app, CartDeals, _bargained)
    register(app, CartPrices, _prices)
    register(app, CartService, _carts)
    register(app, CartHandOver, _hand_over)
    register(app, CartBaskets, _baskets)
    register(app, OrderJournal, _journal)
    register(app, OrderService, _orders)
    register(app, OrderJourneys, _journeys)
    register(app, TravelledOrders, _travelled)
    register(app, OrderSettlement, _settlement)
    register(app, Checkout, _checkout)
    register(app, PurchaseHistory, _purchases)
    register(app, MixedCheckout, _mixed)


def _store(container: svcs.Container) -> CartStore:
    settings = container.get(Settings)
    return CartStore(
        container.get(redis.Redis),
        users=timedelta(days=settings.cart_days),
        visitors=timedelta(days=settings.visitor_cart_days),
    )


def _lookup(container: svcs.Container) -> ItemLookup:
    return ItemLookup(*container.get(ProductListing, AvailabilityService))


def _prices(container: svcs.Container) -> CartPrices:
    return CartPrices(
        lookup=container.get(ItemLookup),
        quotes=container.get(OrderQuotes),
        rules=container.get(RulesService),
        customers=container.get(Customers),
        rates=container.get(ExchangeRates),
        bargained=container.get(CartDeals),
    )


def _bargained(container: svcs.Container) -> CartDeals:
    return CartDeals(container.get_abstract(Deals))


def _carts(container: svcs.Container) -> CartService:
    services = container.get(CartStore, ItemLookup, CartPrices, UserService)
    return CartService(*services, container.get_abstract(Deals))


def _hand_over(container: svcs.Container) -> CartHandOver:
    services = container.get(CartStore, ItemLookup, CartService, UserService, Events)
    return CartHandOver(*services, container.get_abstract(Announcements))


def _baskets(container: svcs.Container) -> KeptBaskets:
    def asking(now: datetime) -> CartOwner:
        return container.get(CartService).adopt(container.get(CartOwners).of_request(), now=now)

    return KeptBaskets(
        carts=container.get(CartStore),
        lookup=container.get(ItemLookup),
        bargained=container.get(CartDeals),
        asking=asking,
        baskets=lambda: container.get(Baskets),
    )


def _journal(container: svcs.Container) -> OrderJournal:
    audit, events = container.get(AuditLog, Events)
    return OrderJournal(db.session, audit, events, container.get_abstract(Announcements))


def _orders(container: svcs.Container) -> OrderService:
    return OrderService(
        session=db.session,
        journal=container.get(OrderJournal),
        bookings=container.get(OrderBookings),
        stock=container.get(StockService),
        coupons=container.get(CouponUses),
        payments=container.get(Payments),
        deals=container.get_abstract(Deals),
        journeys=container.get(OrderJourneys),
    )


def _journeys(container: svcs.Container) -> OrderJourneys:
    return OrderJourneys(*container.get(CatalogService, CancellationPolicy, Payments, StockService))


def _travelled(container: svcs.Container) -> TravelledOrders:
    return TravelledOrders(db.session, *container.get(CatalogService, OrderJournal))


def _settlement(container: svcs.Container) -> OrderSettlement:
    return OrderSettlement(
        session=db.session,
        journal=container.get(OrderJournal),
        bookings=container.get(OrderBookings),
        stock=container.get(StockService),
        coupons=container.get(CouponUses),
        deals=container.get_abstract(Deals),
        journeys=container.get(OrderJourneys),
    )


def _checkout(container: svcs.Container) -> Checkout:
    return Checkout(
        session=db.session,
        carts=container.get(CartStore),
        prices=container.get(CartPrices),
        bookings=container.get(OrderBookings),
        stock=container.get(StockService),
        coupons=container.get(CouponUses),
        deals=container.get_abstract(Deals),
        journal=container.get(OrderJournal),
        payments=container.get(Payments),
        terms=container.get(PaymentTerms),
        settlement=container.get(OrderSettlement),
    )


def _mixed(container: svcs.Container) -> MixedCheckout:
    outcomes = Outcomes(*container.get(OrderBookings, Payments))
    return MixedCheckout(
        session=db.session,
        carts=container.get(CartStore),
        links=container.get(AffiliateLinks),
        checkout=container.get(Checkout),
        orders=container.get(OrderService),
        outcomes=outcomes,
        desk=container.get(PaymentDesk),
    )


def _purchases(container: svcs.Container) -> PurchaseHistory:
    return PurchaseHistory(*container.get(BookingService, OrderService))
