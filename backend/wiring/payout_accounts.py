"""Builds the payout accounts: who can be paid through the gateway."""

from typing import Final

import svcs
from flask import Flask

from backend.config import Settings
from backend.domains.catalog.service import CatalogService
from backend.domains.identity.service import UserService
from backend.domains.payments import account_jobs
from backend.domains.payments.accounts import PayoutAccounts
from backend.domains.payments.gateway import PaymentGateway
from backend.domains.payments.onboarding import PayoutOnboarding
from backend.domains.payments.transfers import Payees
from backend.infra.audit import AuditLog
from backend.infra.clock import Clock
from backend.infra.jobs import JobQueue
from backend.infra.postgres import db

TASKS: Final = account_jobs.TASKS


def register_payout_accounts(app: Flask) -> None:
    """Register the accounts, their onboarding, and that transfers go to them."""
    register = svcs.flask.register_factory
    register(app, PayoutAccounts, _accounts)
    register(app, Payees, _accounts)
    register(app, PayoutOnboarding, _onboarding)


def _accounts(container: svcs.Container) -> PayoutAccounts:
    gateway, clock = container.get_abstract(PaymentGateway, Clock)
    return PayoutAccounts(db.session, gateway, clock, container.get(JobQueue))


def _onboarding(container: svcs.Container) -> PayoutOnboarding:
    settings = container.get(Settings)
    services = container.get(PayoutAccounts, CatalogService, UserService, AuditLog)
    return PayoutOnboarding(
        *services,
        home=settings.domain_url.rstrip("/"),
        origins=settings.cors_origins,
        country=settings.home_country,
    )
