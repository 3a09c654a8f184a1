"""A mail server that keeps what it is given, or refuses as it is told."""

from dataclasses import dataclass, field

from backend.infra.mail import Mail


@dataclass
class Outbox:
    """Implements the mailer port; raises `failure` instead, if there is one."""

    failure: Exception | None = None
    mails: list[Mail] = field(default_factory=list)

    def send(self, mail: Mail) -> None:
        """Keep it."""
        if self.failure is not None:
            raise self.failure
        self.mails.append(mail)
