"""Every mail, in every language: nothing untranslated, nothing missing, nothing unescaped."""

import configparser
import re
from collections.abc import Mapping
from datetime import UTC, date, datetime
from types import SimpleNamespace
from typing import Any, Final

import pytest
from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po
from jinja2 import UndefinedError

from backend.domains.messages import wording as messages
from backend.domains.messages.announcing import KINDS
from backend.domains.messages.order_mails import Line
from backend.domains.messages.rendering import render
from backend.domains.messages.wording import CATALOGS, LANGUAGES, Wording
from backend.kernel.money import Money

DOMAIN: Final = CATALOGS.parent
KEYWORDS: Final = {"_": None, "gettext": None, "ngettext": (1, 2), "say": None, "count": (1, 2)}
A_DAY: Final = date(2026, 12, 24)
STARTS: Final = datetime(2026, 12, 14, 8, 0, tzinfo=UTC)
ENDS: Final = datetime(2026, 12, 14, 9, 0, tzinfo=UTC)


def written() -> Catalog:
    """All texts in the templates and in the code, as `make texts` finds them."""
    mapping = configparser.RawConfigParser()
    mapping.read(DOMAIN / "babel.cfg")
    methods = [(section.split(": ")[1], section.split(": ")[0]) for section in mapping.sections()]
    options = {section.split(": ")[1]: dict(mapping.items(section)) for section in mapping.sections()}
    catalog = Catalog()
    for _, _, text, _, _ in extract_from_dir(DOMAIN, methods, options, KEYWORDS):
        catalog.add(text)
    return catalog


def translated(language: str) -> Catalog:
    with (CATALOGS / f"{language}.po").open("rb") as file:
        return read_po(file, locale=language)


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


@pytest.mark.parametrize("language", [one for one in LANGUAGES if one != "en"])
class TestCatalogs:
    def test_have_every_text_and_no_other(self, language: str) -> None:
        found = {message.id for message in translated(language) if message.id}

        assert found == {message.id for message in written() if message.id}

    def test_translate_every_text(self, language: str) -> None:
        missing = [
            message.id
            for message in translated(language)
            if message.id and not all([message.string] if message.pluralizable is False else message.string)
        ]

        assert missing == []

    def test_keep_the_placeholders(self, language: str) -> None:
        wrong = [
            (message.id, [str(error) for error in errors]) for message, errors in translated(language).check()
        ]

        assert wrong == []
        assert not any(message.fuzzy for message in translated(language) if message.id)


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


class TestWording:
    @pytest.mark.parametrize(
        ("tag", "language", "amount"),
        [
            ("en", "en", "€1,234.50"),
            ("en-GB", "en", "€1,234.50"),
            ("fr-CA", "fr", "1 234,50 €"),
            ("de-CH", "de", "EUR 1\N{RIGHT SINGLE QUOTATION MARK}234.50"),
            ("DE", "de", "1.234,50 €"),
            ("fr-XX", "fr", "1 234,50 €"),
            ("it-IT", "en", "€1,234.50"),
            ("nonsense!", "en", "€1,234.50"),
            ("", "en", "€1,234.50"),
        ],
    )
    def test_is_that_of_the_locale(self, tag: str, language: str, amount: str) -> None:
        wording = Wording.of(tag)

        assert wording.language == language
        assert " ".join(wording.money(Money(123450, "EUR")).split()) == amount

    @pytest.mark.parametrize(
        ("amount", "said"),
        [
            (Money(1234, "JPY"), "¥1,234"),
            (Money(1234, "KWD"), "KWD 1.234"),
            (Money(-5, "EUR"), "-€0.05"),
            # Lebanon's pound has two decimals in ISO 4217 and none in speech.
            (Money(1234, "LBP"), "LBP 12.34"),
        ],
    )
    def test_writes_amounts_to_the_minor_unit(self, amount: Money, said: str) -> None:
        assert " ".join(Wording.of("en").money(amount).split()) == said

    def test_knows_one_from_many(self) -> None:
        assert [Wording.of("de").persons(number) for number in (1, 2)] == ["1 Person", "2 Personen"]

    def test_tells_a_time_on_the_clocks_of_its_zone(self) -> None:
        in_winter, in_summer = (datetime(2026, month, 1, 12, 0, tzinfo=UTC) for month in (1, 7))

        said = [Wording.of("de").moment(one, "Europe/Paris") for one in (in_winter, in_summer)]

        assert said == [
            "Donnerstag, 1. Januar 2026, 13:00 (Europe/Paris, GMT+01:00)",
            "Mittwoch, 1. Juli 2026, 14:00 (Europe/Paris, GMT+02:00)",
        ]

    def test_takes_midnight_as_the_end_of_the_day(self) -> None:
        start, end = datetime(2026, 12, 14, 22, 0, tzinfo=UTC), datetime(2026, 12, 15, 0, 0, tzinfo=UTC)

        assert (
            Wording.of("de").period(start, end, "UTC")
            == "Montag, 14. Dezember 2026, 22:00\N{EN DASH}00:00 (UTC)"
        )

    def test_has_a_catalogue_for_each_language_but_english(self) -> None:
        assert messages.LANGUAGES == ("en", "de", "fr")
