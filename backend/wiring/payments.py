"""Builds payments: what is owed, what the gateway is asked, and what becomes of its answers."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Final

import redis
import svcs
from flask import Flask

from backend.config import Settings
from backend.domains.bookings.paying import BookingPayable
from backend.domains.bookings.terms import PaymentTerms
from backend.domains.checkout.settling import OrderSettlement
from backend.domains.identity.service import UserService
from backend.domains.ledger.service import Ledger
from backend.domains.payments import jobs as payment_jobs
from backend.domains.payments.accounts import PayoutAccounts
from backend.domains.payments.customers import GatewayCustomers
from backend.domains.payments.disputes import Disputes
from backend.domains.payments.entities import Payable
from backend.domains.payments.events import EventInbox, PaymentLooks
from backend.domains.payments.gateway import PaymentGateway
from backend.domains.payments.intents import IntentOutcomes
from backend.domains.payments.journal import PaymentJournal
from backend.domains.payments.opening import PaymentDesk
from backend.domains.payments.operations import Operations
from backend.domains.payments.recalling import Recall
from backend.domains.payments.refunds import Refunds
from backend.domains.payments.returns import PaymentReturns
from backend.domains.payments.running import OperationRunner
from backend.domains.payments.schedule import PaymentSchedule
from backend.domains.payments.service import Payments
from backend.domains.payments.statuses import PaymentStatuses
from backend.domains.payments.transfers import Payees, Transfers
from backend.infra.announcements import Announcements
from backend.infra.audit import AuditLog
from backend.infra.event_buffer import Events
from backend.infra.jobs import JobQueue
from backend.infra.postgres import db
from backend.infra.redis import Outage
from backend.kernel import ids

TASKS: Final = payment_jobs.TASKS


def register_payments(app: Flask, settings: Settings, *, takes_cards: bool) -> None:
    """Register what takes money, gives it back and passes it on."""
    terms = PaymentTerms(
        pay_within=timedelta(seconds=settings.payment_seconds),
        answer_within=timedelta(seconds=settings.answer_seconds),
        takes_cards=takes_cards,
    )
    register = svcs.flask.register_factory
    svcs.flask.register_value(app, PaymentTerms, terms)
    register(app, Operations, _operations)
    register(app, PaymentJournal, _journal)
    register(app, Transfers, _transfers)
    register(app, Refunds, _refunds)
    register(app, Payments, _payments)
    register(app, IntentOutcomes, _intents)
    register(app, OperationRunner, _runner)
    register(app, PaymentDesk, _desk)
    register(app, PaymentReturns, _returns)
    register(app, PaymentSchedule, _schedule)
    register(app, Disputes, _disputes)
    register(app, EventInbox, _inbox)
    register(app, PaymentLooks, _looks)


def _operations(container: svcs.Container) -> Operations:
    return Operations(db.session, container.get(JobQueue))


def _journal(container: svcs.Container) -> PaymentJournal:
    return PaymentJournal(
        session=db.session,
        events=container.get(Events),
        announcements=container.get_abstract(Announcements),
        statuses=PaymentStatuses(db.session, *container.get(redis.Redis, Outage)),
    )


def _transfers(container: svcs.Container) -> Transfers:
    return Transfers(
        session=db.session,
        operations=container.get(Operations),
        ledger=container.get(Ledger),
        payees=container.get_abstract(Payees),
        journal=container.get(PaymentJournal),
    )


def _refunds(container: svcs.Container) -> Refunds:
    return Refunds(
        session=db.session,
        operations=container.get(Operations),
        transfers=container.get(Transfers),
        ledger=container.get(Ledger),
        journal=container.get(PaymentJournal),
    )


def _payments(container: svcs.Container) -> Payments:
    return Payments(db.session, *container.get(Operations, Refunds, PaymentJournal))


def _intents(container: svcs.Container) -> IntentOutcomes:
    return IntentOutcomes(
        session=db.session,
        payments=container.get(Payments),
        operations=container.get(Operations),
        transfers=container.get(Transfers),
        ledger=container.get(Ledger),
        journal=container.get(PaymentJournal),
        payables=_payables(container),
    )


def _payables(container: svcs.Container) -> Mapping[str, Payable]:
    """What can be paid for, by the prefix of its id."""
    return {
        ids.ORDER: container.get(OrderSettlement),
        ids.BOOKING: container.get(BookingPayable),
    }


def _runner(container: svcs.Container) -> OperationRunner:
    gateway = container.get_abstract(PaymentGateway)
    customers = GatewayCustomers(db.session, gateway, container.get(UserService))
    return OperationRunner(
        session=db.session,
        gateway=gateway,
        customers=customers,
        payees=container.get_abstract(Payees),
        intents=container.get(IntentOutcomes),
        operations=container.get(Operations),
        refunds=container.get(Refunds),
        transfers=container.get(Transfers),
        schedule=container.get(PaymentSchedule),
        recall=Recall(db.session, gateway, customers),
    )


def _desk(container: svcs.Container) -> PaymentDesk:
    return PaymentDesk(
        session=db.session,
        gateway=container.get_abstract(PaymentGateway),
        payments=container.get(Payments),
        operations=container.get(Operations),
        runner=container.get(OperationRunner),
        intents=container.get(IntentOutcomes),
        home=container.get(Settings).domain_url,
    )


def _returns(container: svcs.Container) -> PaymentReturns:
    return PaymentReturns(db.session, *container.get(IntentOutcomes, Refunds, AuditLog))


def _schedule(container: svcs.Container) -> PaymentSchedule:
    return PaymentSchedule(db.session, *container.get(IntentOutcomes, Operations, Transfers, PaymentJournal))


def _disputes(container: svcs.Container) -> Disputes:
    return Disputes(db.session, *container.get(Ledger, Operations, Transfers, PaymentJournal))


def _inbox(container: svcs.Container) -> EventInbox:
    return EventInbox(db.session, container.get_abstract(PaymentGateway), container.get(JobQueue))


def _looks(container: svcs.Container) -> PaymentLooks:
    return PaymentLooks(
        session=db.session,
        gateway=container.get_abstract(PaymentGateway),
        runner=container.get(OperationRunner),
        intents=container.get(IntentOutcomes),
        refunds=container.get(Refunds),
        disputes=container.get(Disputes),
        accounts=container.get(PayoutAccounts),
    )
