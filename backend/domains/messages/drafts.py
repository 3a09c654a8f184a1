"""What a mail is made of, before it is put into words."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from backend.domains.bookings.access import Actor
from backend.domains.identity.service import User
from backend.infra.mail import Attachment
from backend.infra.wording import Wording

# Jobs act for the house, which may see everything.
THE_HOUSE: Final = Actor("", is_staff=True)

Attach = Callable[[Wording], tuple[Attachment, ...]]


@dataclass(frozen=True, slots=True)
class MailTask:
    """A mail to be written: its kind, what it is about, which time of several, and what was known then."""

    kind: str
    subject: str
    occasion: str
    data: Mapping[str, Any]

    @property
    def key(self) -> str:
        """The same for the same mail, however often its job runs."""
        return f"{self.kind}:{self.subject}:{self.occasion}"


def nothing(_: Wording) -> tuple[Attachment, ...]:
    """No attachment."""
    return ()


@dataclass(frozen=True, slots=True)
class Draft:
    """To whom, in which locale, with which values for its template and which files; what comes after it."""

    to: str
    name: str
    locale: str
    context: Mapping[str, Any]
    attach: Attach = nothing
    later: "Later | None" = None

    @classmethod
    def of(
        cls,
        user: User,
        contact: Mapping[str, Any],
        context: Mapping[str, Any],
        attach: Attach = nothing,
        later: "Later | None" = None,
    ) -> "Draft":
        """To the contact that was given, else to the user; in the user's language, as contacts have none."""
        name, address = contact.get("name") or user.name, contact.get("email") or user.email
        return cls(address, name, user.locale, context, attach, later)


@dataclass(frozen=True, slots=True)
class Later:
    """Another mail, at an instant to come."""

    at: datetime
    task: MailTask
