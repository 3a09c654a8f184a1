"""Every mail, in every language: nothing untranslated, nothing missing, nothing unescaped."""

import re
from collections.abc import Mapping
from datetime import UTC, date, datetime
from types import SimpleNamespace
from typing import Any, Final

import pytest
from jinja2 import UndefinedError

from backend.domains.messages.announcing import KINDS
from backend.domains.messages.order_mails import Line
from backend.domains.messages.rendering import render
from backend.infra.wording import LANGUAGES, Wording
from backend.kernel.money import Money

A_DAY: Final = date(2026, 12, 24)
STARTS: Final = datetime(2026, 12, 14, 8, 0, tzinfo=UTC)
ENDS: Final = datetime(2026, 12, 14, 9, 0, tzinfo=UTC)


def context(**changes: Any) -> dict[str, Any]:
    """Values for any mail, none of which has a letter."""
    booking = SimpleNamespace(
        id="1",
        title="2",
        starts_at=STARTS,
        ends_at=ENDS,
        timezone="UTC",
        party=3,
        total=Money(400, "EUR"),
        paid=Money(100, "EUR"),
    )
    order = SimpleNamespace(id="5", total=Money(600, "EUR"), placed_at=STARTS)
    return {
        "seller": "7",
        "recipient": "8",
        "domain_url": "//9",
        "subject_id": "10",
        "booking": booking,
        "provider": SimpleNamespace(name="11"),
        "customer": "15",
        "answer_by": STARTS,
        "refund": Money(50, "EUR"),
        "reason": "12",
        "order": order,
        "lines": [
            Line("13", Money(600, "EUR"), fate)
            for fate in ("confirmed", "awaits_provider", "declined", "cancelled", None)
        ],
        "total": Money(600, "EUR"),
        "amount": Money(700, "EUR"),
        "what": "14",
        "expert": "15",
        "on": A_DAY,
        "retry_on": A_DAY,
        "cancelled_on": A_DAY,
        **changes,
    }


# Mails that say something else when a value is another or missing.
VARIANTS: Final[Mapping[str, dict[str, Any]]] = {
    "as it is": {},
    "without what may be missing": {"reason": None, "refund": None, "retry_on": None, "cancelled_on": None},
    "with nothing paid": {
        "refund": None,
        "booking": SimpleNamespace(**{**vars(context()["booking"]), "paid": Money(0, "EUR")}),
    },
}


@pytest.mark.parametrize("kind", sorted(KINDS))
class TestLetters:
    @pytest.mark.parametrize("variant", VARIANTS)
    def test_are_wholly_in_the_language_of_the_customer(self, kind: str, variant: str) -> None:
        values = context(**VARIANTS[variant])

        english, german = (render(kind, Wording.of(tag), values) for tag in ("en", "de"))

        assert english.subject != german.subject
        same = set(english.text.splitlines()) & set(german.text.splitlines())
        assert not any(re.search("[A-Za-z]", line) for line in same)

    @pytest.mark.parametrize("language", LANGUAGES)
    def test_say_the_same_as_text_and_as_html(self, kind: str, language: str) -> None:
        letter = render(kind, Wording.of(language), context())

        shown = " ".join(re.sub("<[^>]*>", " ", letter.html.partition("</head>")[2]).split())
        for line in letter.text.splitlines():
            for words in line.replace("--", "").split(": "):
                assert " ".join(words.split()) in shown
        assert f'<html lang="{language}">' in letter.html
        assert f"<title>{letter.subject}</title>" in letter.html

    def test_escape_what_people_wrote(self, kind: str) -> None:
        evil = "<script>alert('x')</script>\nBcc: a@b.example"
        booking = SimpleNamespace(**{**vars(context()["booking"]), "title": evil})
        named = {
            "recipient": evil,
            "reason": evil,
            "what": evil,
            "customer": evil,
            "lines": [Line(evil, Money(1, "EUR"))],
        }

        letter = render(
            kind,
            Wording.of("fr"),
            context(booking=booking, provider=SimpleNamespace(name=evil), **named),
        )

        assert "<script" not in letter.html
        assert "&lt;script&gt;" in letter.html
        assert "<script>" in letter.text
        assert "\n" not in letter.subject

    def test_are_refused_rather_than_sent_with_a_gap(self, kind: str) -> None:
        values = context()
        del values["recipient"]

        with pytest.raises(UndefinedError):
            render(kind, Wording.of("en"), values)
