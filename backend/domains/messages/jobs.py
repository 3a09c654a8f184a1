"""Background tasks of mail: one job is one mail, and may run more than once."""

from collections.abc import Mapping
from typing import Any, Final

import svcs

from backend.domains.messages.announcing import MAIL_JOB
from backend.domains.messages.drafts import MailTask
from backend.domains.messages.service import MessageService
from backend.infra.clock import Clock
from backend.infra.jobs import Task


def send(*, kind: str, subject: str, occasion: str, data: Mapping[str, Any]) -> None:
    """Send a mail."""
    now = svcs.flask.get_abstract(Clock).now()
    svcs.flask.get(MessageService).send(task=MailTask(kind, subject, occasion, data), now=now)


TASKS: Final = (Task(MAIL_JOB, send, patient=True),)
