"""Mail over a real SMTP server of this machine, with its failures."""

import email
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from email import policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any, Final

import hypothesis.strategies as st
import pytest
import trustme
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, Session
from hypothesis import given, settings

from backend.config import PLAIN, STARTTLS, TLS, Smtp
from backend.infra.mail import (
    Attachment,
    FileMailer,
    Letterhead,
    Mail,
    MailRefusedError,
    MailServerError,
    SmtpMailer,
)
from tests.cli.ports import free_port
from tests.conftest import NOW
from tests.fakes.clock import FakeClock

LETTERHEAD: Final = Letterhead("ClimbUp <noreply@climbup.example>", "shop.example", FakeClock(NOW))
MAIL: Final = Mail(
    id="0123456789abcdef",
    to="zofia@example.com",
    name="Žofia Łukasiewicz",
    subject="Bestätigt: eine Stunde",
    text="Guten Tag Žofia,\n\nfür 100,00 €.\n",
    html="<p>Guten Tag Žofia,</p>",
    language="de",
    attachments=(
        Attachment("voucher.pdf", "application/pdf", b"%PDF-1.4 \x00\xff"),
        Attachment("booking.ics", "text/calendar; charset=utf-8; method=PUBLISH", b"BEGIN:VCALENDAR\r\n"),
    ),
)
OK: Final = "250 OK"
# What JSON can hold and PostgreSQL keep.
TEXTS: Final = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=120)


class Postbox:
    """Keeps what arrives; answers RCPT and DATA as it is told."""

    def __init__(self, *, rcpt: str = OK, data: str = OK) -> None:
        self.rcpt = rcpt
        self.data = data
        self.tries = 0
        self.envelopes: list[Envelope] = []

    @property
    def messages(self) -> list[EmailMessage]:
        return [
            email.message_from_bytes(one.content or b"", policy=policy.default)  # type: ignore[misc]
            for one in self.envelopes
        ]

    async def handle_RCPT(  # noqa: N802
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        self.tries += 1
        envelope.rcpt_tos.append(address)
        return self.rcpt

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        if self.data == OK:
            self.envelopes.append(envelope)
        return self.data


@contextmanager
def smtp_server(postbox: Postbox, **options: Any) -> Iterator[int]:
    """A server on a port of its own."""
    controller = Controller(postbox, hostname="127.0.0.1", port=free_port(), ready_timeout=30, **options)
    controller.start()
    try:
        yield controller.port
    finally:
        controller.stop()


def mailer(port: int, **changes: Any) -> SmtpMailer:
    smtp = Smtp(host="127.0.0.1", port=port, security=PLAIN)
    return SmtpMailer(replace(smtp, **changes), LETTERHEAD, ssl.create_default_context())


class TestLetterhead:
    @settings(max_examples=50)
    @given(name=TEXTS, subject=TEXTS)
    def test_writes_the_same_headers_whatever_people_call_themselves(self, name: str, subject: str) -> None:
        content = LETTERHEAD.message(replace(MAIL, name=name, subject=subject)).as_bytes()

        read = email.message_from_bytes(content, policy=policy.default)
        assert read.keys() == LETTERHEAD.message(MAIL).keys()
        assert [one.addr_spec for one in read["To"].addresses] == [MAIL.to]


class TestSmtpMailer:
    @pytest.fixture
    def postbox(self) -> Postbox:
        return Postbox()

    def test_delivers_text_html_and_files(self, postbox: Postbox) -> None:
        with smtp_server(postbox) as port:
            mailer(port).send(MAIL)

        (envelope,), (message,) = postbox.envelopes, postbox.messages
        text, html = message.get_body(["plain"]), message.get_body(["html"])
        voucher, calendar = message.iter_attachments()
        assert (envelope.mail_from, envelope.rcpt_tos) == ("noreply@climbup.example", ["zofia@example.com"])
        assert message["Subject"] == MAIL.subject
        assert message["To"] == "Žofia Łukasiewicz <zofia@example.com>"
        assert message["From"] == "ClimbUp <noreply@climbup.example>"
        assert message["Date"].datetime == NOW
        assert (message["Content-Language"], message["Auto-Submitted"]) == ("de", "auto-generated")
        assert text.get_content().splitlines() == MAIL.text.splitlines()
        assert html.get_content().strip() == MAIL.html
        assert (voucher.get_filename(), voucher.get_content()) == ("voucher.pdf", b"%PDF-1.4 \x00\xff")
        assert calendar.get_content_type() == "text/calendar"
        assert calendar.get_param("method") == "PUBLISH"

    def test_names_the_same_mail_the_same_each_time(self, postbox: Postbox) -> None:
        with smtp_server(postbox) as port:
            for _ in range(2):
                mailer(port).send(MAIL)
            mailer(port).send(replace(MAIL, id="another"))

        assert [message["Message-ID"] for message in postbox.messages] == [
            "<0123456789abcdef@shop.example>",
            "<0123456789abcdef@shop.example>",
            "<another@shop.example>",
        ]

    @pytest.mark.parametrize("field", ["subject", "name"])
    @pytest.mark.parametrize("end", ["\n", "\r\n", "\r", "\u2028", "\x0b"])
    def test_lets_no_text_begin_another_header(self, postbox: Postbox, field: str, end: str) -> None:
        with smtp_server(postbox) as port:
            mailer(port).send(replace(MAIL, **{field: f"Hello{end}Bcc: victim@example.com{end}{end}<p>"}))

        (envelope,), (message,) = postbox.envelopes, postbox.messages
        assert envelope.rcpt_tos == ["zofia@example.com"]
        assert message["Bcc"] is None
        assert "Bcc: victim@example.com" in (message["Subject"] if field == "subject" else message["To"])

    @pytest.mark.parametrize(
        "address",
        [
            "",
            "nobody",
            "a@b.example\nBcc: c@d.example",
            "a@b.example, c@d.example",
            "a@b.example <c@d.example>",
            "@",
        ],
    )
    def test_refuses_what_is_no_address(self, postbox: Postbox, address: str) -> None:
        with smtp_server(postbox) as port, pytest.raises(MailRefusedError):
            mailer(port).send(replace(MAIL, to=address))

        assert postbox.tries == 0

    @pytest.mark.parametrize("reply", ["550 5.1.1 No such user", "554 5.7.1 We do not take your mail"])
    @pytest.mark.parametrize("at", ["rcpt", "data"])
    def test_gives_up_what_the_server_will_never_take(self, at: str, reply: str) -> None:
        postbox = Postbox(**{at: reply})

        with smtp_server(postbox) as port, pytest.raises(MailRefusedError, match=reply[4:]):
            mailer(port).send(MAIL)

        assert postbox.tries == 1

    @pytest.mark.parametrize("reply", ["450 4.2.1 Come back later", "451 4.3.0 The disk is full"])
    @pytest.mark.parametrize("at", ["rcpt", "data"])
    def test_asks_to_be_repeated_what_the_server_will_take_later(self, at: str, reply: str) -> None:
        postbox = Postbox(**{at: reply})

        with smtp_server(postbox) as port, pytest.raises(MailServerError, match=reply[4:]):
            mailer(port).send(MAIL)

    def test_asks_to_be_repeated_when_nobody_answers(self) -> None:
        with pytest.raises(MailServerError, match="ConnectionRefusedError"):
            mailer(free_port()).send(MAIL)

    def test_refuses_an_address_that_the_server_cannot_write(self) -> None:
        with smtp_server(Postbox(), enable_SMTPUTF8=False) as port, pytest.raises(MailRefusedError):
            mailer(port).send(replace(MAIL, to="žofia@example.com"))


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    """Who signs certificates."""
    return trustme.CA()


class TestEncryption:
    @pytest.fixture
    def theirs(self, authority: trustme.CA) -> ssl.SSLContext:
        """What the server shows."""
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        authority.issue_cert("127.0.0.1").configure_cert(context)
        return context

    @pytest.fixture
    def ours(self, authority: trustme.CA) -> ssl.SSLContext:
        """Whom we believe."""
        context = ssl.create_default_context()
        authority.configure_trust(context)
        return context

    @staticmethod
    def check(server: SMTP, session: Session, envelope: Envelope, mechanism: str, data: Any) -> AuthResult:
        return AuthResult(success=(data.login, data.password) == (b"shop", b"secret"), handled=False)

    def test_begins_once_the_connection_stands(self, theirs: ssl.SSLContext, ours: ssl.SSLContext) -> None:
        postbox = Postbox()
        smtp = {"security": STARTTLS, "user": "shop", "password": "secret"}

        with smtp_server(
            postbox, tls_context=theirs, require_starttls=True, auth_required=True, authenticator=self.check
        ) as port:
            replace(mailer(port, **smtp), tls=ours).send(MAIL)

        assert len(postbox.messages) == 1

    def test_is_there_from_the_start(self, theirs: ssl.SSLContext, ours: ssl.SSLContext) -> None:
        postbox = Postbox()

        with smtp_server(postbox, ssl_context=theirs) as port:
            replace(mailer(port, security=TLS), tls=ours).send(MAIL)

        assert len(postbox.messages) == 1

    @pytest.mark.parametrize("security", [STARTTLS, TLS])
    def test_is_refused_with_a_stranger(self, theirs: ssl.SSLContext, security: str) -> None:
        postbox = Postbox()
        options = {"tls_context": theirs} if security == STARTTLS else {"ssl_context": theirs}

        with (
            smtp_server(postbox, **options) as port,
            pytest.raises(MailServerError, match="certificate verify failed"),
        ):
            mailer(port, security=security).send(MAIL)

        assert postbox.tries == 0

    def test_is_never_left_out_where_it_is_wanted(self) -> None:
        postbox = Postbox()

        with smtp_server(postbox) as port, pytest.raises(MailServerError, match="STARTTLS"):
            mailer(port, security=STARTTLS).send(MAIL)

        assert postbox.tries == 0

    def test_with_a_wrong_password_is_to_be_repeated(
        self, theirs: ssl.SSLContext, ours: ssl.SSLContext
    ) -> None:
        smtp = {"security": STARTTLS, "user": "shop", "password": "wrong"}

        with (
            smtp_server(Postbox(), tls_context=theirs, authenticator=self.check) as port,
            pytest.raises(MailServerError, match="535"),
        ):
            replace(mailer(port, **smtp), tls=ours).send(MAIL)


class TestFileMailer:
    def test_writes_a_file_for_each_mail_and_one_for_the_same(self, tmp_path: Path) -> None:
        files = FileMailer(tmp_path / "mail", LETTERHEAD)

        for mail in (MAIL, MAIL, replace(MAIL, id="another")):
            files.send(mail)

        names = sorted(file.name for file in (tmp_path / "mail").iterdir())
        message = email.message_from_bytes((tmp_path / "mail" / names[0]).read_bytes(), policy=policy.default)
        assert names == ["0123456789abcdef.eml", "another.eml"]
        assert message["Subject"] == MAIL.subject
