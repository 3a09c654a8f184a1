"""Background tasks of mails and receipts. Each may run more than once, and does its work once."""

from collections.abc import Mapping
from typing import Any, Final

import svcs

from backend.domains.messages.announcing import MAIL_JOB, RECEIPT_JOB
from backend.domains.messages.drafts import MailTask
from backend.domains.messages.issuing import ReceiptService
from backend.domains.messages.service import MessageService
from backend.infra.clock import Clock
from backend.infra.jobs import Task


def send(*, kind: str, subject: str, occasion: str, data: Mapping[str, Any]) -> None:
    """Send a mail."""
    now = svcs.flask.get_abstract(Clock).now()
    svcs.flask.get(MessageService).send(task=MailTask(kind, subject, occasion, data), now=now)


def issue_receipt(*, order_id: str) -> None:
    """Issue the receipt of an order, and mail it."""
    now = svcs.flask.get_abstract(Clock).now()
    svcs.flask.get(ReceiptService).deliver(order_id=order_id, now=now)


TASKS: Final = (
    Task(MAIL_JOB, send, patient=True),
    Task(RECEIPT_JOB, issue_receipt),
)
