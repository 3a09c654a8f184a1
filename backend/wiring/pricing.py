"""Builds quotes, listings and the cancellation policy."""

from datetime import timedelta

import svcs
from flask import Flask

from backend.config import Settings
from backend.domains.availability.service import AvailabilityService
from backend.domains.identity.service import UserService
from backend.domains.pricing.cancellation import CancellationPolicy
from backend.domains.pricing.listing import SlotListing
from backend.domains.pricing.service import QuoteService
from backend.domains.pricing.tokens import QuoteTokens
from backend.domains.pricing.what_if import WhatIf
from backend.domains.rules.checking import RuleChecks
from backend.domains.rules.publishing import RulePublishing
from backend.domains.rules.service import RulesService
from backend.domains.shadow.evaluation import ShadowEvaluation
from backend.infra.clock import Clock
from backend.infra.event_buffer import Events
from backend.infra.postgres import db


def register_pricing(app: Flask, settings: Settings) -> None:
    """Register the services of the pricing domain."""
    tokens = QuoteTokens(settings.jwt_secret)
    lifetime = timedelta(seconds=settings.quote_seconds)

    def quotes(container: svcs.Container) -> QuoteService:
        return QuoteService(
            session=db.session,
            rules=container.get(RulesService),
            availability=container.get(AvailabilityService),
            users=container.get(UserService),
            tokens=tokens,
            events=container.get(Events),
            lifetime=lifetime,
            observe=container.get(ShadowEvaluation).observe,
        )

    def listing(container: svcs.Container) -> SlotListing:
        return SlotListing(
            rules=container.get(RulesService),
            availability=container.get(AvailabilityService),
            users=container.get(UserService),
        )

    def cancellation(container: svcs.Container) -> CancellationPolicy:
        return CancellationPolicy(container.get(RulesService))

    def what_if(container: svcs.Container) -> WhatIf:
        return WhatIf(
            session=db.session,
            clock=container.get_abstract(Clock),
            rules=container.get(RulesService),
            publishing=container.get(RulePublishing),
            checks=container.get(RuleChecks),
        )

    svcs.flask.register_factory(app, QuoteService, quotes)
    svcs.flask.register_factory(app, WhatIf, what_if)
    svcs.flask.register_factory(app, SlotListing, listing)
    svcs.flask.register_factory(app, CancellationPolicy, cancellation)
