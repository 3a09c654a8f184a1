"""Writing and sending one mail, once."""

import hashlib
from dataclasses import dataclass
from datetime import datetime

import structlog
from sqlalchemy import update
from sqlalchemy.dialects.postgresql import insert

from backend.domains.messages.announcing import MAIL_JOB
from backend.domains.messages.booking_mails import BookingMails
from backend.domains.messages.cart_mails import CartMails
from backend.domains.messages.drafts import Draft, Later, MailTask
from backend.domains.messages.models import SentMail
from backend.domains.messages.order_mails import OrderMails
from backend.domains.messages.payment_mails import PaymentMails
from backend.domains.messages.rendering import render
from backend.infra import metrics
from backend.infra.after_commit import after_commit
from backend.infra.jobs import JobQueue
from backend.infra.mail import Mail, Mailer, MailRefusedError
from backend.infra.postgres import DbSession
from backend.infra.wording import Wording
from backend.kernel.errors import NotFoundError

log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class MessageService:
    """Sends mails; `seller` and `domain_url` stand on each."""

    session: DbSession
    mailer: Mailer
    jobs: JobQueue
    about_carts: CartMails
    about_bookings: BookingMails
    about_orders: OrderMails
    about_payments: PaymentMails
    seller: str
    domain_url: str

    def send(self, *, task: MailTask, now: datetime) -> bool:
        """Write the mail and hand it over, unless that was done before or it is too late; whether it was.

        MailServerError when the server is to be asked again; a mail that it refuses for good is written down.
        """
        try:
            draft = self._draft(task, now)
        except NotFoundError:
            # What it is about is no more: a demonstration that was reset.
            return False
        if draft is None or not self._claim(task, draft.to, now):
            return False
        if draft.later is not None:
            self._enqueue(draft.later, now)
        try:
            self.mailer.send(self._mail(task, draft))
        except MailRefusedError as error:
            self._refused(task, draft.to, error)
            return False
        after_commit(self.session, lambda: metrics.mail_settled(task.kind, "sent"))
        return True

    def _draft(self, task: MailTask, now: datetime) -> Draft | None:
        if task.kind.startswith("cart_"):
            return self.about_carts.draft(task)
        if task.kind.startswith("booking_"):
            return self.about_bookings.draft(task)
        if task.kind.startswith("order_"):
            return self.about_orders.draft(task, now=now)
        return self.about_payments.draft(task)

    def _claim(self, task: MailTask, recipient: str, now: datetime) -> bool:
        """Write down that it is sent; False when it was before. A second job waits here for the first."""
        row = {"key": task.key, "recipient": recipient, "kind": task.kind, "subject_id": task.subject}
        claim = insert(SentMail).values(**row, at=now).on_conflict_do_nothing().returning(SentMail.key)
        return self.session.scalar(claim) is not None

    def _enqueue(self, later: Later, now: datetime) -> None:
        task = later.task
        if later.at > now:
            self.jobs.enqueue(
                MAIL_JOB,
                at=later.at,
                kind=task.kind,
                subject=task.subject,
                occasion=task.occasion,
                data=dict(task.data),
            )

    def _mail(self, task: MailTask, draft: Draft) -> Mail:
        wording = Wording.of(draft.locale)
        constant = {"seller": self.seller, "domain_url": self.domain_url, "subject_id": task.subject}
        letter = render(task.kind, wording, {**constant, "recipient": draft.name, **draft.context})
        return Mail(
            id=hashlib.sha256(f"{task.key}:{draft.to}".encode()).hexdigest()[:32],
            to=draft.to,
            name=draft.name,
            subject=letter.subject,
            text=letter.text,
            html=letter.html,
            language=wording.language,
            attachments=draft.attach(wording),
        )

    def _refused(self, task: MailTask, recipient: str, error: MailRefusedError) -> None:
        log.warning("mail_refused", kind=task.kind, subject=task.subject, why=error.detail)
        row = (SentMail.key == task.key) & (SentMail.recipient == recipient)
        self.session.execute(update(SentMail).where(row).values(refusal=error.detail))
        after_commit(self.session, lambda: metrics.mail_settled(task.kind, "refused"))
