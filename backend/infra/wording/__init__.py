"""The languages in which we write, and how amounts and times are written in each."""

import copy
import re
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import cache, lru_cache
from gettext import NullTranslations
from io import BytesIO
from pathlib import Path
from typing import Final

from babel import Locale, UnknownLocaleError
from babel.dates import format_date, format_time, get_timezone_gmt
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.numbers import NumberPattern, format_decimal
from babel.support import Translations

from backend.kernel.money import Money, exponent
from backend.kernel.time import zone

CATALOGS: Final = Path(__file__).parent / "catalogs"
ENGLISH: Final = "en"
# English stands in the templates and in the code; each other language has its catalogue.
LANGUAGES: Final = (ENGLISH, *sorted(file.stem for file in CATALOGS.glob("*.po")))
# KWD1.234: patterns of locales are made for signs such as €.
_CODE_BESIDE_DIGIT: Final = re.compile(r"(?<=[A-Za-z])(?=\d)")


@dataclass(frozen=True)
class Wording:
    """How we write to somebody: texts in their language, amounts and times as they are used to."""

    locale: Locale
    texts: NullTranslations

    @classmethod
    def of(cls, tag: str) -> "Wording":
        """For a locale such as `fr-CA` (BCP 47): English for a language that we do not have."""
        locale = _locale(tag)
        return cls(locale, translations(locale.language))

    @property
    def language(self) -> str:
        """The language of the texts, one of LANGUAGES."""
        return self.locale.language

    def say(self, text: str, **values: object) -> str:
        """An English text in this language, with `%(name)s` replaced by `values`."""
        said = self.texts.gettext(text)
        return said % values if values else said

    def count(self, one: str, many: str, number: int) -> str:
        """The form for `number`, with `%(num)d` replaced by it."""
        return self.texts.ngettext(one, many, number) % {"num": number}

    def persons(self, number: int) -> str:
        """So many persons."""
        return self.count("%(num)d person", "%(num)d persons", number)

    def money(self, amount: Money) -> str:
        """An amount to the minor unit, whatever is usual in speech."""
        return _written(self.locale, amount)

    def percent(self, percent: Decimal) -> str:
        """A percentage with as many decimals as it has: 20 %, 5.5 %."""
        number = format_decimal(percent.normalize(), locale=self.locale, decimal_quantization=False)
        return f"{number}\N{NO-BREAK SPACE}%"

    def day(self, day: date) -> str:
        """A day with its weekday."""
        return format_date(day, "full", locale=self.locale)

    def moment(self, instant: datetime, timezone: str) -> str:
        """A day and time on the clocks of an IANA zone, which is named."""
        local = instant.astimezone(zone(timezone))
        return f"{self.day(local)}, {self._time(local)} ({_zone(local, timezone)})"

    def period(self, start: datetime, end: datetime, timezone: str) -> str:
        """From when to when on the clocks of an IANA zone, which is named."""
        first, last = (instant.astimezone(zone(timezone)) for instant in (start, end))
        until = self._time(last) if _same_day(first, last) else f"{self.day(last)}, {self._time(last)}"
        return f"{self.day(first)}, {self._time(first)}\N{EN DASH}{until} ({_zone(first, timezone)})"

    def _time(self, local: datetime) -> str:
        return format_time(local.timetz(), "short", tzinfo=local.tzinfo, locale=self.locale)


@cache
def translations(language: str) -> NullTranslations:
    """The texts of a language, from its catalogue."""
    if language == ENGLISH:
        return NullTranslations()
    compiled = BytesIO()
    with (CATALOGS / f"{language}.po").open("rb") as file:
        write_mo(compiled, read_po(file, locale=language, abort_invalid=True))
    compiled.seek(0)
    return Translations(compiled)


# A price is often said again: in the next answer, or to the next customer.
@lru_cache(maxsize=4_096)
def _written(locale: Locale, amount: Money) -> str:
    pattern: NumberPattern = copy.copy(locale.currency_formats["standard"])
    decimals = exponent(amount.currency)
    pattern.frac_prec = (decimals, decimals)
    written: str = pattern.apply(amount.amount, locale, currency=amount.currency, currency_digits=False)
    return _CODE_BESIDE_DIGIT.sub("\N{NO-BREAK SPACE}", written)


@lru_cache(maxsize=256)
def _locale(tag: str) -> Locale:
    for spelling in (tag.replace("_", "-"), tag[:2]):
        try:
            locale = Locale.parse(spelling, sep="-")
        except (ValueError, UnknownLocaleError):
            continue
        if locale.language in LANGUAGES:
            return locale
    return Locale(ENGLISH)


def _same_day(first: datetime, last: datetime) -> bool:
    """Midnight ends the day before it."""
    return (last - timedelta(microseconds=1)).date() == first.date()


def _zone(local: datetime, timezone: str) -> str:
    """The zone's name, and by how much it differs from UTC that day."""
    return timezone if timezone == "UTC" else f"{timezone}, {get_timezone_gmt(local, 'long', locale='en')}"
