"""The types a fact may have: how a value is written by staff, read back, and held in Python."""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any, Final

from backend.kernel.money import EXPONENTS, CurrencyError, Money

_NUMBER: Final = re.compile(r"[+-]?[0-9]{1,15}(\.[0-9]{1,9})?")
_INTEGER: Final = re.compile(r"[+-]?[0-9]{1,15}")
_WITH_UNIT: Final = re.compile(r"([+-]?[0-9]{1,15}(?:\.[0-9]{1,9})?)\s*[A-Za-z]+")
_MONEY: Final = re.compile(r"(?P<amount>\S+) (?P<currency>[A-Z]{3})")
_DATE: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_TIME: Final = re.compile(r"[0-9]{2}:[0-9]{2}(:[0-9]{2})?")
_DURATION_PART: Final = re.compile(r"([0-9]{1,9}) (week|day|hour|minute|second)s?")
_UNIT_SECONDS: Final = {"week": 604800, "day": 86400, "hour": 3600, "minute": 60, "second": 1}
_PLAIN_TEXT: Final = re.compile(r"[^\W_][\w .:/@+&'-]*")
_LONGEST_DURATION: Final = timedelta(days=36500)


@dataclass(frozen=True, slots=True)
class ValueType:
    """One type of value.

    `python` is the exact class of a value; `ordered` says whether `<` and intervals make sense;
    `parse` reads what staff write and raises ValueError with a sentence saying what is wrong;
    `write` gives back text that `parse` reads as the same value.
    """

    name: str
    python: type
    ordered: bool
    example: str
    parse: Callable[[str], Any]
    write: Callable[[Any], str]


def _parse_text(text: str) -> str:
    if text.startswith('"'):
        try:
            value = json.loads(text)
        except ValueError:
            raise ValueError(f"{text} has no closing quotation mark") from None
        return str(value)
    return text


def _write_text(value: str) -> str:
    plain = _PLAIN_TEXT.fullmatch(value) and value == value.strip() and not _looks_like_a_test(value)
    return value if plain else json.dumps(value, ensure_ascii=False)


def _looks_like_a_test(value: str) -> bool:
    return value in {"missing", "present"} or ".." in value or value.startswith("has ")


def _refuse_unit(text: str) -> None:
    found = _WITH_UNIT.fullmatch(text)
    if found:
        raise ValueError(f"{text!r} is a number with a unit; write the number alone: {found[1]}")


def _parse_integer(text: str) -> int:
    _refuse_unit(text)
    if not _INTEGER.fullmatch(text):
        raise ValueError(f"{text!r} is not a whole number; write one such as 3")
    return int(text)


def _parse_number(text: str) -> Decimal:
    if text.endswith("%"):
        raise ValueError(f"{text!r} is a percentage, and a plain number is wanted; leave out the '%'")
    if "," in text:
        raise ValueError(f"{text!r} has a comma; write the decimals after a point, such as 2.5")
    _refuse_unit(text)
    if not _NUMBER.fullmatch(text):
        raise ValueError(f"{text!r} is not a number; write one such as 2.5")
    return Decimal(text)


def _write_number(value: Decimal) -> str:
    return f"{value:f}"


def _parse_percent(text: str) -> Decimal:
    number = text.removesuffix("%")
    if number != number.rstrip():
        raise ValueError(f"{text!r} has a space before the '%'; write {number.rstrip() + '%'!r}")
    if "," in number:
        raise ValueError(f"{text!r} has a comma; write the decimals after a point, such as 2.5%")
    if not _NUMBER.fullmatch(number):
        raise ValueError(f"{text!r} is not a percentage; write one such as 25%")
    value = Decimal(number)
    if number == text:
        meant = f"{(value * 100).normalize():f}%" if abs(value) < 1 else f"{text}%"
        raise ValueError(f"{text!r} is not a percentage: it needs a '%' at the end; write {meant!r}")
    return value


def _write_percent(value: Decimal) -> str:
    return f"{value:f}%"


def _parse_money(text: str) -> Money:
    found = _MONEY.fullmatch(text)
    if found is None:
        raise ValueError(
            f"{text!r} is not an amount of money; write amount, space, currency, such as 15.00 EUR"
        )
    amount = _parse_number(found["amount"])
    currency = found["currency"]
    if currency not in EXPONENTS:
        raise ValueError(f"{currency!r} is not a currency of ISO 4217; write one such as EUR")
    try:
        return Money.of(amount, currency)
    except CurrencyError as error:
        raise ValueError(str(error)) from None


def _parse_date(text: str) -> date:
    if not _DATE.fullmatch(text):
        raise ValueError(f"{text!r} is not a date; write year-month-day, such as 2026-12-24")
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise ValueError(f"{text!r} is not a day of the calendar") from None


def _parse_time(text: str) -> time:
    if not _TIME.fullmatch(text):
        raise ValueError(f"{text!r} is not a time of day; write hours and minutes, such as 18:00 or 09:30")
    try:
        return time.fromisoformat(text)
    except ValueError:
        raise ValueError(f"{text!r} is not a time of day; the day runs from 00:00 to 23:59") from None


def _write_time(value: time) -> str:
    return value.isoformat("seconds" if value.second else "minutes")


def _parse_datetime(text: str) -> datetime:
    try:
        value = datetime.fromisoformat(text)
    except ValueError:
        value = None
    if value is None or "T" not in text:
        raise ValueError(f"{text!r} is not a date with a time; write one such as 2026-12-24T18:00+01:00")
    if value.tzinfo is None:
        raise ValueError(f"{text!r} does not say its offset from UTC; write one such as {text + '+01:00'}")
    return value


def _parse_duration(text: str) -> timedelta:
    parts = _DURATION_PART.findall(text)
    if not parts or _DURATION_PART.sub("", text).strip():
        raise ValueError(
            f"{text!r} is not a length of time; write one such as '3 days' or '1 hour 30 minutes'"
        )
    value = timedelta(seconds=sum(int(count) * _UNIT_SECONDS[unit] for count, unit in parts))
    if value > _LONGEST_DURATION:
        raise ValueError(f"{text!r} is longer than a hundred years")
    return value


def _write_duration(value: timedelta) -> str:
    left = int(value.total_seconds())
    parts: list[str] = []
    for unit in ("day", "hour", "minute", "second"):
        count, left = divmod(left, _UNIT_SECONDS[unit])
        if count:
            parts.append(f"{count} {unit}{'s' if count > 1 else ''}")
    return " ".join(parts) or "0 minutes"


def _parse_boolean(text: str) -> bool:
    if text not in {"true", "false"}:
        raise ValueError(f"{text!r} is neither true nor false; write one of the two")
    return text == "true"


def _write_boolean(value: object) -> str:
    return "true" if value else "false"


def _parse_list(text: str) -> tuple[str, ...]:
    return tuple(_parse_text(part.strip()) for part in text.split(",") if part.strip())


def _write_list(value: tuple[str, ...]) -> str:
    return ", ".join(_write_text(item) for item in value)


TEXT: Final = ValueType("text", str, False, "Paris", _parse_text, _write_text)
ENUM: Final = ValueType("enum", str, False, "mon", _parse_text, _write_text)
INTEGER: Final = ValueType("integer", int, True, "3", _parse_integer, str)
NUMBER: Final = ValueType("number", Decimal, True, "2.5", _parse_number, _write_number)
MONEY: Final = ValueType("money", Money, True, "15.00 EUR", _parse_money, str)
PERCENT: Final = ValueType("percent", Decimal, True, "25%", _parse_percent, _write_percent)
DATE: Final = ValueType("date", date, True, "2026-12-24", _parse_date, date.isoformat)
TIME: Final = ValueType("time", time, True, "18:00", _parse_time, _write_time)
DATETIME: Final = ValueType(
    "datetime", datetime, True, "2026-12-24T18:00+01:00", _parse_datetime, datetime.isoformat
)
DURATION: Final = ValueType("duration", timedelta, True, "3 days", _parse_duration, _write_duration)
BOOLEAN: Final = ValueType("boolean", bool, False, "true", _parse_boolean, _write_boolean)
LIST: Final = ValueType("list", tuple, False, "spa, pool", _parse_list, _write_list)

TYPES: Final[Mapping[str, ValueType]] = {
    kind.name: kind
    for kind in (
        TEXT, ENUM, INTEGER, NUMBER, MONEY, PERCENT, DATE, TIME, DATETIME, DURATION, BOOLEAN, LIST,
    )
}  # fmt: skip
