"""Every text in every language, and amounts and times as they are written there."""

import configparser
from datetime import UTC, datetime
from typing import Final

import pytest
from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po

from backend.config import ROOT
from backend.infra.wording import CATALOGS, LANGUAGES, Wording
from backend.kernel.money import Money

# Where texts for people stand, as in ops/dev/texts.sh.
FOLDERS: Final = tuple(
    ROOT / "backend" / name for name in ("domains/messages", "domains/bargain", "infra/wording")
)
KEYWORDS: Final = {"_": None, "gettext": None, "ngettext": (1, 2), "say": None, "count": (1, 2)}


def written() -> Catalog:
    """All texts in the templates and in the code, as `make texts` finds them."""
    mapping = configparser.RawConfigParser()
    mapping.read(CATALOGS / "babel.cfg")
    methods = [(section.split(": ")[1], section.split(": ")[0]) for section in mapping.sections()]
    options = {section.split(": ")[1]: dict(mapping.items(section)) for section in mapping.sections()}
    catalog = Catalog()
    for folder in FOLDERS:
        for _, _, text, _, _ in extract_from_dir(folder, methods, options, KEYWORDS):
            catalog.add(text)
    return catalog


def translated(language: str) -> Catalog:
    with (CATALOGS / f"{language}.po").open("rb") as file:
        return read_po(file, locale=language)


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
        assert LANGUAGES == ("en", "de", "fr")
