"""How columns of somebody else's rows become values of ours: a small closed set of conversions. Pure."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any, Final, Protocol

from backend.kernel.money import HUNDRED, Money, exponent, round_minor

Row = Mapping[str, Any]
"""A row by column names; a column inside an object is written `paid.adr`."""

WEEKDAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
DATE_PARTS: Final[Mapping[str, Callable[[date], str]]] = {
    "date": date.isoformat,
    "year": lambda day: str(day.year),
    "month": lambda day: str(day.month),
    "day": lambda day: str(day.day),
    "weekday": lambda day: WEEKDAYS[day.weekday()],
}


class Conversion(Protocol):
    """One way to make a value from a row."""

    def value(self, row: Row) -> str | None:
        """The value as staff write it, None where the row has none; ValueError says what is wrong."""
        ...


@dataclass(frozen=True, slots=True)
class Column:
    """What stands in a column."""

    name: str

    def value(self, row: Row) -> str | None:
        """As `Conversion.value`; a row without the column is an error, one with nothing in it is not."""
        found: Any = row
        for part in self.name.split("."):
            if not isinstance(found, Mapping) or part not in found:
                raise ValueError(f"there is no column {self.name!r}")
            found = found[part]
        return _written(found, self.name)


@dataclass(frozen=True, slots=True)
class Constant:
    """The same for every row."""

    text: str

    def value(self, _: Row) -> str | None:
        """As `Conversion.value`."""
        return self.text


@dataclass(frozen=True, slots=True)
class DatePart:
    """A part of a day written `2026-12-24`; what follows the day is left out."""

    of: Conversion
    part: str

    def value(self, row: Row) -> str | None:
        """As `Conversion.value`."""
        text = self.of.value(row)
        if text is None:
            return None
        try:
            return DATE_PARTS[self.part](date.fromisoformat(text[:10]))
        except ValueError:
            raise ValueError(f"{text!r} is not a day; one looks like '2026-12-24'") from None


@dataclass(frozen=True, slots=True)
class LookUp:
    """What a table says of a value; `otherwise` for those it does not name, an error without one."""

    of: Conversion
    table: Mapping[str, str]
    otherwise: str | None = None

    def value(self, row: Row) -> str | None:
        """As `Conversion.value`."""
        text = self.of.value(row)
        if text is None:
            return self.otherwise
        found = self.table.get(text, self.otherwise)
        if found is None:
            raise ValueError(f"the look-up has no value for {text!r}; add it, or say 'otherwise'")
        return found


@dataclass(frozen=True, slots=True)
class Count:
    """The sum of whole numbers; nothing counts as 0."""

    of: tuple[Conversion, ...]

    def value(self, row: Row) -> str | None:
        """As `Conversion.value`."""
        total = sum((number(one.value(row) or "0") for one in self.of), Decimal(0))
        if total != total.to_integral_value():
            raise ValueError(f"{total} is not a whole number")
        return str(int(total))


@dataclass(frozen=True, slots=True)
class Ratio:
    """One number as a percentage of another, to two decimals."""

    of: Conversion
    to: Conversion

    def value(self, row: Row) -> str | None:
        """As `Conversion.value`."""
        part, whole = self.of.value(row), self.to.value(row)
        if part is None or whole is None:
            return None
        if number(whole) == 0:
            raise ValueError("a ratio to 0 is nothing")
        return f"{Decimal(round_minor(number(part) * HUNDRED * HUNDRED / number(whole))) / HUNDRED}%"


@dataclass(frozen=True, slots=True)
class Amount:
    """Money in a currency, `times` something where that is said; rounded once."""

    of: Conversion
    currency: str
    times: Conversion | None = None

    def value(self, row: Row) -> str | None:
        """As `Conversion.value`."""
        text = self.of.value(row)
        factor = self.times.value(row) if self.times else "1"
        if text is None or factor is None:
            return None
        minor = (number(text) * number(factor)).scaleb(exponent(self.currency))
        return str(Money(round_minor(minor), self.currency))


def number(text: str) -> Decimal:
    """A plain number; ValueError for anything else."""
    try:
        found = Decimal(text)
    except InvalidOperation:
        raise ValueError(f"{text!r} is not a number") from None
    if not found.is_finite() or abs(found) > 10**15:
        raise ValueError(f"{text!r} is not a number that can be counted with")
    return found


def same(text: str | None, other: str) -> bool:
    """Whether two texts say the same: `0`, `0.0` and `0.00` do."""
    if text is None or text == other:
        return text == other
    try:
        return number(text) == number(other)
    except ValueError:
        return False


def _written(found: object, name: str) -> str | None:
    if found is None or found == "":
        return None
    if isinstance(found, bool):
        return "true" if found else "false"
    if isinstance(found, Decimal):
        return f"{found:f}"
    if isinstance(found, str | int):
        return str(found)
    raise ValueError(f"column {name!r} holds no single value")
