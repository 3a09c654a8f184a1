"""Mails that are waiting in the queue, sent as a worker would, and what came of them."""

from dataclasses import replace
from datetime import datetime
from typing import Any

import svcs
from sqlalchemy import text

from backend.domains.messages.announcing import MAIL_JOB
from backend.domains.messages.drafts import MailTask
from backend.domains.messages.service import MessageService
from backend.infra.mail import Mail
from backend.infra.postgres import db
from tests.conftest import NOW
from tests.fakes.mail import Outbox


def waiting(task: str = MAIL_JOB) -> list[dict[str, Any]]:
    """The arguments of jobs that wait to be run now, oldest first."""
    query = "SELECT args FROM procrastinate_jobs WHERE task_name = :task AND scheduled_at IS NULL ORDER BY id"
    return list(db.session.execute(text(query), {"task": task}).scalars())


def post(outbox: Outbox, *, now: datetime = NOW, only: dict[str, Any] | None = None) -> list[Mail]:
    """Send what waits, or `only` one; all mails that were sent so far."""
    service = replace(svcs.flask.get(MessageService), mailer=outbox)
    for arguments in waiting() if only is None else [only]:
        service.send(task=MailTask(**arguments), now=now)
    return outbox.mails
