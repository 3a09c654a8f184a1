"""Builds mails, vouchers and receipts."""

from typing import Final
from urllib.parse import urlsplit

import structlog
import svcs
from flask import Flask

from backend.config import Settings
from backend.domains.bookings.access import BookingAccess
from backend.domains.bookings.orders import OrderBookings
from backend.domains.bookings.service import BookingService
from backend.domains.catalog.service import CatalogService
from backend.domains.checkout.orders import OrderService
from backend.domains.checkout.outcomes import Outcomes
from backend.domains.identity.service import UserService
from backend.domains.messages import jobs
from backend.domains.messages.announcing import MailAnnouncements
from backend.domains.messages.booking_mails import BookingMails
from backend.domains.messages.cart_mails import CartMails
from backend.domains.messages.issuing import ReceiptService
from backend.domains.messages.order_mails import OrderMails
from backend.domains.messages.payment_mails import PaymentMails
from backend.domains.messages.service import MessageService
from backend.domains.messages.vouchers import VoucherCodes, VoucherService
from backend.domains.payments.service import Payments
from backend.infra.announcements import Announcements
from backend.infra.clock import Clock
from backend.infra.jobs import JobQueue
from backend.infra.mail import FileMailer, Letterhead, Mailer, SmtpMailer
from backend.infra.postgres import db

TASKS: Final = jobs.TASKS

log = structlog.get_logger(__name__)


def register_messages(app: Flask, settings: Settings) -> None:
    """Register what writes to customers, and the port through which others announce what to write about."""
    register = svcs.flask.register_factory
    register(app, Announcements, _announcements)
    register(app, Mailer, _mailer)
    register(app, VoucherService, _vouchers)
    register(app, ReceiptService, _receipts)
    register(app, CartMails, _about_carts)
    register(app, BookingMails, _about_bookings)
    register(app, OrderMails, _about_orders)
    register(app, PaymentMails, _about_payments)
    register(app, MessageService, _messages)
    if settings.production and settings.smtp is None:
        log.warning("mail_goes_to_files", folder=str(settings.data_dir / "mail"), remedy="set SMTP_HOST")


def _announcements(container: svcs.Container) -> MailAnnouncements:
    return MailAnnouncements(container.get(JobQueue))


def _mailer(container: svcs.Container) -> Mailer:
    settings = container.get(Settings)
    letterhead = Letterhead(settings.mail_from, _host(settings), container.get_abstract(Clock))
    if settings.smtp is None:
        return FileMailer(settings.data_dir / "mail", letterhead)
    return SmtpMailer(settings.smtp, letterhead)


def _about_carts(container: svcs.Container) -> CartMails:
    return CartMails(container.get(UserService))


def _about_bookings(container: svcs.Container) -> BookingMails:
    services = container.get(BookingService, CatalogService, UserService, VoucherService)
    return BookingMails(*services, _host(container.get(Settings)))


def _vouchers(container: svcs.Container) -> VoucherService:
    settings = container.get(Settings)
    return VoucherService(
        access=container.get(BookingAccess),
        catalog=container.get(CatalogService),
        users=container.get(UserService),
        codes=VoucherCodes(settings.jwt_secret),
        seller=settings.seller,
        domain_url=settings.domain_url,
    )


def _about_orders(container: svcs.Container) -> OrderMails:
    return OrderMails(
        orders=container.get(OrderService),
        outcomes=_outcomes(container),
        users=container.get(UserService),
        receipts=container.get(ReceiptService),
    )


def _outcomes(container: svcs.Container) -> Outcomes:
    return Outcomes(*container.get(OrderBookings, Payments))


def _receipts(container: svcs.Container) -> ReceiptService:
    return ReceiptService(
        session=db.session,
        orders=container.get(OrderService),
        outcomes=_outcomes(container),
        users=container.get(UserService),
        jobs=container.get(JobQueue),
        seller=container.get(Settings).seller,
    )


def _about_payments(container: svcs.Container) -> PaymentMails:
    return PaymentMails(*container.get(BookingService, OrderService, UserService))


def _messages(container: svcs.Container) -> MessageService:
    settings = container.get(Settings)
    return MessageService(
        session=db.session,
        mailer=container.get_abstract(Mailer),
        jobs=container.get(JobQueue),
        about_carts=container.get(CartMails),
        about_bookings=container.get(BookingMails),
        about_orders=container.get(OrderMails),
        about_payments=container.get(PaymentMails),
        seller=settings.seller.name,
        domain_url=settings.domain_url,
    )


def _host(settings: Settings) -> str:
    return urlsplit(settings.domain_url).hostname or "localhost"
