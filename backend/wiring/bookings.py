"""Builds bookings and the waitlist."""

from datetime import timedelta
from typing import Final

import svcs
from flask import Flask

from backend.config import Settings
from backend.domains.availability.holds import HoldService
from backend.domains.availability.service import AvailabilityService
from backend.domains.bookings import jobs as booking_jobs
from backend.domains.bookings.access import BookingAccess
from backend.domains.bookings.journal import BookingJournal
from backend.domains.bookings.lifecycle import BookingLifecycle
from backend.domains.bookings.listing import BookableSlots
from backend.domains.bookings.orders import OrderBookings
from backend.domains.bookings.paying import BookingPayable, PaidBookings
from backend.domains.bookings.service import BookingService
from backend.domains.bookings.terms import PaymentTerms
from backend.domains.catalog.service import CatalogService
from backend.domains.identity.service import UserService
from backend.domains.payments.service import Payments
from backend.domains.pricing.cancellation import CancellationPolicy
from backend.domains.pricing.listing import SlotListing
from backend.domains.pricing.service import QuoteService
from backend.domains.waitlist import jobs as waitlist_jobs
from backend.domains.waitlist.service import WaitlistService
from backend.infra.announcements import Announcements
from backend.infra.audit import AuditLog
from backend.infra.event_buffer import Events
from backend.infra.jobs import JobQueue
from backend.infra.postgres import db

TASKS: Final = (*booking_jobs.TASKS, *waitlist_jobs.TASKS)


def register_bookings(app: Flask) -> None:
    """Slots to book, bookings, their life, and those who wait."""
    register = svcs.flask.register_factory
    register(app, BookableSlots, _slots)
    register(app, WaitlistService, _waitlist)
    register(app, BookingAccess, _access)
    register(app, BookingJournal, _journal)
    register(app, BookingService, _bookings)
    register(app, BookingLifecycle, _lifecycle)
    register(app, PaidBookings, _paid_bookings)
    register(app, BookingPayable, _payable)
    register(app, OrderBookings, _order_bookings)


def _slots(container: svcs.Container) -> BookableSlots:
    return BookableSlots(*container.get(CatalogService, SlotListing))


def _waitlist(container: svcs.Container) -> WaitlistService:
    return WaitlistService(
        session=db.session,
        availability=container.get(AvailabilityService),
        holds=container.get(HoldService),
        jobs=container.get(JobQueue),
        events=container.get(Events),
        offered_for=timedelta(seconds=container.get(Settings).waitlist_offer_seconds),
    )


def _access(container: svcs.Container) -> BookingAccess:
    return BookingAccess(db.session, *container.get(CatalogService, WaitlistService))


def _journal(container: svcs.Container) -> BookingJournal:
    audit, events = container.get(AuditLog, Events)
    return BookingJournal(db.session, audit, events, container.get_abstract(Announcements))


def _bookings(container: svcs.Container) -> BookingService:
    return BookingService(
        session=db.session,
        access=container.get(BookingAccess),
        journal=container.get(BookingJournal),
        quotes=container.get(QuoteService),
        availability=container.get(AvailabilityService),
        holds=container.get(HoldService),
        waitlist=container.get(WaitlistService),
        users=container.get(UserService),
        payments=container.get(Payments),
        terms=container.get(PaymentTerms),
    )


def _paid_bookings(container: svcs.Container) -> PaidBookings:
    return PaidBookings(
        session=db.session,
        journal=container.get(BookingJournal),
        lifecycle=container.get(BookingLifecycle),
        payments=container.get(Payments),
        holds=container.get(HoldService),
        waitlist=container.get(WaitlistService),
    )


def _payable(container: svcs.Container) -> BookingPayable:
    return BookingPayable(db.session, container.get(PaidBookings))


def _order_bookings(container: svcs.Container) -> OrderBookings:
    return OrderBookings(
        session=db.session,
        journal=container.get(BookingJournal),
        lifecycle=container.get(BookingLifecycle),
        availability=container.get(AvailabilityService),
        holds=container.get(HoldService),
        waitlist=container.get(WaitlistService),
        paid_bookings=container.get(PaidBookings),
    )


def _lifecycle(container: svcs.Container) -> BookingLifecycle:
    return BookingLifecycle(
        session=db.session,
        access=container.get(BookingAccess),
        journal=container.get(BookingJournal),
        catalog=container.get(CatalogService),
        policy=container.get(CancellationPolicy),
        holds=container.get(HoldService),
        waitlist=container.get(WaitlistService),
        payments=container.get(Payments),
    )
