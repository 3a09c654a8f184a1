"""Mail: the port, an SMTP server behind it, and files where there is no server."""

import smtplib
import ssl
from dataclasses import dataclass, field
from email import policy
from email.errors import HeaderParseError
from email.headerregistry import Address
from email.message import EmailMessage
from pathlib import Path
from typing import Final, Protocol

from backend.config import STARTTLS, TLS, Smtp
from backend.infra.clock import Clock
from backend.kernel.errors import ConflictError, UpstreamError

TIMEOUT_SECONDS: Final = 20
# Replies of this class are final; those of 400 to 499 ask to come back later (RFC 5321, 4.2.1).
_FINAL: Final = 500


class MailRefusedError(ConflictError):
    """It will never arrive: there is no such address, or the server does not take this message."""

    title = "The mail was refused"


class MailServerError(UpstreamError):
    """The server does not answer, does not let us in, or asks to come back later: try it again."""

    title = "The mail server does not take mail"


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file that comes with a mail; `media_type` may have parameters."""

    name: str
    media_type: str
    content: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Mail:
    """A message to one person, as text and as HTML, in a `language` (BCP 47).

    `id` is the same each time that the same mail is sent: `Message-ID` is made of it, by which servers and
    people know a repetition.
    """

    id: str
    to: str
    name: str
    subject: str
    text: str
    html: str
    language: str
    attachments: tuple[Attachment, ...] = ()


class Mailer(Protocol):
    """Sends mail."""

    def send(self, mail: Mail) -> None:
        """Hand it over. MailRefusedError when that is hopeless, MailServerError when it is to be repeated."""
        ...


@dataclass(frozen=True)
class Letterhead:
    """What is the same on every mail: `sender` (an address, maybe with a name) and our `host`."""

    sender: str
    host: str
    clock: Clock

    def message(self, mail: Mail) -> EmailMessage:
        """The mail as it travels. MailRefusedError for what is no address."""
        message = EmailMessage(policy=policy.SMTP)
        message["Message-ID"] = f"<{mail.id}@{self.host}>"
        message["Date"] = self.clock.now()
        message["From"] = self.sender
        message["To"] = _address(mail)
        message["Subject"] = _one_line(mail.subject)
        # Asks holiday notices and other machines not to answer (RFC 3834).
        message["Auto-Submitted"] = "auto-generated"
        message.set_content(mail.text, cte="quoted-printable")
        message.add_alternative(mail.html, subtype="html", cte="quoted-printable")
        for file in mail.attachments:
            _attach(message, file)
        # Last: until then, setting content takes the headers of content away.
        message["Content-Language"] = mail.language
        return message


@dataclass(frozen=True)
class SmtpMailer:
    """Hands mail to an SMTP server, each in a connection of its own. `tls` says whose certificates count."""

    smtp: Smtp
    letterhead: Letterhead
    tls: ssl.SSLContext = field(default_factory=ssl.create_default_context)

    def send(self, mail: Mail) -> None:
        """As the port says."""
        message = self.letterhead.message(mail)
        try:
            with self._connection() as server:
                _hand_over(server, message)
        except OSError as error:
            raise MailServerError(f"The mail server fails: {type(error).__name__}: {error}") from error

    def _connection(self) -> smtplib.SMTP:
        host, port, name = self.smtp.host, self.smtp.port, self.letterhead.host
        if self.smtp.security == TLS:
            return self._signed_in(
                smtplib.SMTP_SSL(host, port, name, timeout=TIMEOUT_SECONDS, context=self.tls)
            )
        return self._signed_in(smtplib.SMTP(host, port, name, timeout=TIMEOUT_SECONDS))

    def _signed_in(self, server: smtplib.SMTP) -> smtplib.SMTP:
        try:
            if self.smtp.security == STARTTLS:
                server.starttls(context=self.tls)
            if self.smtp.user is not None:
                server.login(self.smtp.user, self.smtp.password or "")
        except OSError:
            server.close()
            raise
        return server


@dataclass(frozen=True)
class FileMailer:
    """Writes each mail into a folder, as a file that mail programs open; the same mail is the same file."""

    folder: Path
    letterhead: Letterhead

    def send(self, mail: Mail) -> None:
        """As the port says."""
        content = self.letterhead.message(mail).as_bytes()
        self.folder.mkdir(parents=True, exist_ok=True)
        draft = self.folder / f"{mail.id}.draft"
        draft.write_bytes(content)
        draft.replace(self.folder / f"{mail.id}.eml")


def _address(mail: Mail) -> Address:
    try:
        return Address(display_name=_one_line(mail.name), addr_spec=mail.to)
    except (ValueError, IndexError, HeaderParseError) as error:
        raise MailRefusedError(f"{mail.to!r} is no address that mail could be sent to: {error}") from error


def _one_line(text: str) -> str:
    """Without line breaks: those would begin another header."""
    return " ".join(text.splitlines())


def _attach(message: EmailMessage, file: Attachment) -> None:
    media_type, *parameters = file.media_type.split("; ")
    maintype, subtype = media_type.split("/")
    named = dict(parameter.split("=") for parameter in parameters)
    message.add_attachment(file.content, maintype, subtype, filename=file.name, params=named)


def _hand_over(server: smtplib.SMTP, message: EmailMessage) -> None:
    """Send it; what the server says of this one mail is told apart from what ails the server (OSError)."""
    try:
        server.send_message(message)
    except smtplib.SMTPRecipientsRefused as error:
        ((code, reply),) = error.recipients.values()
        raise _refusal(code, reply) from error
    except smtplib.SMTPDataError as error:
        raise _refusal(error.smtp_code, error.smtp_error) from error
    except smtplib.SMTPNotSupportedError as error:
        raise MailRefusedError(f"The mail server cannot deliver to this address: {error}") from error


def _refusal(code: int, reply: bytes | str) -> MailRefusedError | MailServerError:
    said = reply.decode(errors="replace") if isinstance(reply, bytes) else reply
    if code >= _FINAL:
        return MailRefusedError(f"The mail server refuses: {code} {said}")
    return MailServerError(f"The mail server asks to come back later: {code} {said}")
