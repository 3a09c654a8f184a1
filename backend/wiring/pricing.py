"""Builds quotes, listings and the cancellation policy."""

from datetime import timedelta
from functools import partial

import svcs
from flask import Flask

from backend.config import Settings
from backend.domains.availability.service import AvailabilityService
from backend.domains.catalog.service import CatalogService
from backend.domains.coupons.service import CouponService
from backend.domains.currency.service import ExchangeRates
from backend.domains.identity.service import UserService
from backend.domains.pricing.bands import Bands
from backend.domains.pricing.cancellation import CancellationPolicy
from backend.domains.pricing.customers import Customers
from backend.domains.pricing.deals import Deals
from backend.domains.pricing.desk import QuoteDesk
from backend.domains.pricing.facts import House
from backend.domains.pricing.listing import SlotListing
from backend.domains.pricing.order_quotes import OrderQuotes
from backend.domains.pricing.orders import Orders
from backend.domains.pricing.service import QuoteService
from backend.domains.pricing.tokens import QuoteTokens
from backend.domains.pricing.what_if import WhatIf
from backend.domains.quote_requests.service import QuoteRequests
from backend.domains.rules.checking import RuleChecks
from backend.domains.rules.publishing import RulePublishing
from backend.domains.rules.service import RulesService
from backend.domains.shadow.evaluation import ShadowEvaluation
from backend.infra.audit import AuditLog
from backend.infra.clock import Clock
from backend.infra.event_buffer import Events
from backend.infra.postgres import db
from backend.wiring.coupons import orders_made


def register_pricing(app: Flask, settings: Settings) -> None:
    """Register the services of the pricing domain."""
    tokens = QuoteTokens(settings.jwt_secret)
    lifetime = timedelta(seconds=settings.quote_seconds)
    house = House(settings.home_country, settings.tax_by_invoice)

    def quotes(container: svcs.Container) -> QuoteService:
        return QuoteService(
            session=db.session,
            rules=container.get(RulesService),
            availability=container.get(AvailabilityService),
            customers=container.get(Customers),
            house=house,
            tokens=tokens,
            events=container.get(Events),
            lifetime=lifetime,
            observe=container.get(ShadowEvaluation).observe,
        )

    def listing(container: svcs.Container) -> SlotListing:
        return SlotListing(
            rules=container.get(RulesService),
            availability=container.get(AvailabilityService),
            customers=container.get(Customers),
            house=house,
        )

    def orders(container: svcs.Container) -> Orders:
        return Orders(
            catalog=container.get(CatalogService),
            availability=container.get(AvailabilityService),
            customers=container.get(Customers),
            coupons=container.get(CouponService),
            rates=container.get(ExchangeRates),
            house=house,
            orders_made=partial(orders_made, container),
            deals=container.get_abstract(Deals),
        )

    def order_quotes(container: svcs.Container) -> OrderQuotes:
        return OrderQuotes(
            session=db.session,
            rules=container.get(RulesService),
            orders=container.get(Orders),
            tokens=tokens,
            events=container.get(Events),
            lifetime=lifetime,
        )

    svcs.flask.register_factory(app, Customers, _customers)
    svcs.flask.register_factory(app, QuoteService, quotes)
    svcs.flask.register_factory(app, Orders, orders)
    svcs.flask.register_factory(app, Bands, _bands)
    svcs.flask.register_factory(app, OrderQuotes, order_quotes)
    svcs.flask.register_factory(app, QuoteDesk, _desk)
    svcs.flask.register_factory(app, QuoteRequests, _quote_requests)
    svcs.flask.register_factory(app, WhatIf, _what_if)
    svcs.flask.register_factory(app, SlotListing, listing)
    svcs.flask.register_factory(app, CancellationPolicy, _cancellation)


def _bands(container: svcs.Container) -> Bands:
    return Bands(*container.get(RulesService, Orders))


def _cancellation(container: svcs.Container) -> CancellationPolicy:
    return CancellationPolicy(container.get(RulesService))


def _what_if(container: svcs.Container) -> WhatIf:
    return WhatIf(
        session=db.session,
        clock=container.get_abstract(Clock),
        rules=container.get(RulesService),
        publishing=container.get(RulePublishing),
        checks=container.get(RuleChecks),
    )


def _quote_requests(container: svcs.Container) -> QuoteRequests:
    return QuoteRequests(
        session=db.session,
        availability=container.get(AvailabilityService),
        catalog=container.get(CatalogService),
        quotes=container.get(QuoteService),
        audit=container.get(AuditLog),
        events=container.get(Events),
    )


def _customers(container: svcs.Container) -> Customers:
    return Customers(container.get(UserService))


def _desk(container: svcs.Container) -> QuoteDesk:
    return QuoteDesk(*container.get(QuoteService, OrderQuotes), container.get_abstract(Deals))
