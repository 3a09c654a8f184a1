"""The daily feed of the European Central Bank (eurofxref-daily.xml), read with distrust. Pure.

<gesmes:Envelope xmlns:gesmes="http://www.gesmes.org/xml/2002-08-01" xmlns="http://www.ecb.int/…">
<Cube><Cube time="2026-12-04"><Cube currency="USD" rate="1.1172"/>…</Cube></Cube>
</gesmes:Envelope>
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Final
from xml.etree.ElementTree import Element, ParseError

from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import fromstring

from backend.domains.currency.overrides import is_far
from backend.domains.currency.rates import EURO, EuroRate
from backend.kernel.money import EXPONENTS

ENVELOPE: Final = "{http://www.gesmes.org/xml/2002-08-01}Envelope"
CUBE: Final = "{http://www.ecb.int/vocabulary/2002-08-01/eurofxref}Cube"
_NUMBER: Final = re.compile(r"[0-9]{1,9}(\.[0-9]{1,10})?", re.ASCII)
# The bank's day may have begun where the clock of this machine still shows the day before.
_AHEAD: Final = timedelta(days=1)


class FeedRefusedError(Exception):
    """What is wrong with a feed, in words for the log."""


@dataclass(frozen=True, slots=True)
class DailyRates:
    """What one euro was worth on `day`, by currency."""

    day: date
    rates: Mapping[str, Decimal]


def read_feed(body: bytes) -> DailyRates:
    """The one day of rates in a feed. FeedRefusedError for anything that is not exactly that."""
    try:
        root = fromstring(body, forbid_dtd=True)
    except DefusedXmlException as error:
        raise FeedRefusedError(f"it declares what a feed has no use for: {error}") from error
    except (ParseError, ValueError) as error:
        raise FeedRefusedError(f"it is no XML: {error}") from error
    if root.tag != ENVELOPE:
        raise FeedRefusedError(f"its root is {root.tag[:100]!r}, not {ENVELOPE!r}")
    days = root.findall(f"{CUBE}/{CUBE}[@time]")
    if len(days) != 1:
        raise FeedRefusedError(f"it holds {len(days)} days, not one")
    return DailyRates(_day(days[0]), _rates(days[0]))


def require_plausible(
    found: DailyRates, *, today: date, known: Mapping[str, EuroRate], by_staff: Mapping[str, EuroRate]
) -> None:
    """FeedRefusedError for a day to come, and for a rate that more than doubled or halved.

    `known` are the rates before it. A rate that is near what staff set, `by_staff`, is taken all the same.
    """
    if found.day > today + _AHEAD:
        raise FeedRefusedError(f"it is of {found.day}, which is still to come")
    for currency, rate in found.rates.items():
        before, agreed = known.get(currency), by_staff.get(currency)
        is_agreed = agreed is not None and not is_far(rate, agreed.rate)
        if before is not None and is_far(rate, before.rate) and not is_agreed:
            raise FeedRefusedError(
                f"one euro is {rate:f} {currency} in it, and was {before.rate:f} on {before.day}; if that is "
                "so, let an administrator set a rate near it"
            )


def _day(cube: Element) -> date:
    try:
        return date.fromisoformat(cube.attrib["time"])
    except ValueError:
        raise FeedRefusedError(f"{cube.attrib['time'][:100]!r} is no day") from None


def _rates(day: Element) -> Mapping[str, Decimal]:
    rates: dict[str, Decimal] = {}
    for cube in day.findall(CUBE):
        currency, text = cube.get("currency", ""), cube.get("rate", "")
        if currency not in EXPONENTS or currency == EURO or currency in rates:
            raise FeedRefusedError(f"{currency[:100]!r} is no other currency, or there twice")
        if not _NUMBER.fullmatch(text) or not Decimal(text):
            raise FeedRefusedError(f"{text[:100]!r} is no rate of {currency}")
        rates[currency] = Decimal(text)
    if not rates:
        raise FeedRefusedError("it holds no rates")
    return rates
