"""Finding products by words: full text first, and by similar spelling when that finds nothing.

The last word counts as begun (`head` finds headphones), as people search while they type. Accents and
case make no difference. docs/decisions/0094-search-in-two-steps.md tells why there are two steps.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from functools import reduce
from operator import add
from typing import Any, Final, NamedTuple

from sqlalchemy import ColumnElement, Integer, Select, and_, cast, func, select, text, tuple_

from backend.domains.catalog.listing import ListedProduct, ProductFilter, filtered, listed
from backend.domains.catalog.models import ProductRow
from backend.domains.catalog.rows import product_of
from backend.infra.postgres import DbSession

MOST_WORDS: Final = 10
# Shorter words have too few trigrams to be alike; they are left out when there are longer ones.
LONG: Final = 4
# How many of a word's trigrams must be there: two letters swapped in a word of six leave 3 of 7.
ALIKE: Final = text("SET LOCAL pg_trgm.word_similarity_threshold = 0.4")
# Ranks are compared as whole numbers, so that a cursor holds them exactly.
_SCALE: Final = 1_000_000
_WORD: Final = re.compile(r"[^\W_]+")


class Match(StrEnum):
    """How products were found."""

    WORDS = "words"
    SPELLING = "spelling"


class SearchKey(NamedTuple):
    """Where a list of found products goes on: how they were found, and the rank and id of the last."""

    match: str
    rank: int
    id: str


@dataclass(frozen=True)
class ProductSearch:
    """Finds active products, the best first."""

    session: DbSession

    def find(
        self, *, words: str, where: ProductFilter, after: SearchKey | None, limit: int, now: datetime
    ) -> list[ListedProduct]:
        """Up to `limit` products that `words` mean, after the one with the key `after`; none for no words.

        Keys are `SearchKey`s. A list that began by spelling goes on by spelling.
        """
        plain: str = self.session.scalars(select(func.plain_text(words))).one()
        wanted = _WORD.findall(plain)[:MOST_WORDS]
        if not wanted:
            return []
        if after is None or after.match == Match.WORDS:
            found = self._find(_by_words(wanted), Match.WORDS, where, after, limit, now)
            if found or after is not None:
                return found
        self.session.execute(ALIKE)
        return self._find(_by_spelling(wanted), Match.SPELLING, where, after, limit, now)

    def _find(
        self,
        how: "_How",
        match: Match,
        where: ProductFilter,
        after: SearchKey | None,
        limit: int,
        now: datetime,
    ) -> list[ListedProduct]:
        query = ranked(how, where, now).limit(limit)
        if after is not None:
            query = query.where(tuple_(how.rank, ProductRow.id) < tuple_(after.rank, after.id))
        return [
            ListedProduct(product_of(row), left, SearchKey(match, rank, row.id))
            for row, left, rank in self.session.execute(query)
        ]


class _How(NamedTuple):
    """A condition, and a whole number that is higher for better matches."""

    condition: ColumnElement[bool]
    rank: ColumnElement[int]


def ranked(how: _How, where: ProductFilter, now: datetime) -> Select[Any]:
    """The statement that finds them."""
    query = filtered(listed(now).add_columns(how.rank), where, now)
    return query.where(how.condition).order_by(how.rank.desc(), ProductRow.id.desc())


def _by_words(words: Sequence[str]) -> _How:
    asked = func.to_tsquery("pg_catalog.english", " & ".join(words) + ":*")
    return _How(ProductRow.search.bool_op("@@")(asked), _number(func.ts_rank(ProductRow.search, asked)))


def _by_spelling(words: Sequence[str]) -> _How:
    long = [word for word in words if len(word) >= LONG] or words
    # What is in the name counts twice, as it is among all the words, too.
    places = (ProductRow.words, ProductRow.name_key)
    alike = (func.word_similarity(word, place) for word in long for place in places)
    every = (ProductRow.words.bool_op("%>")(word) for word in long)
    return _How(and_(*every), _number(reduce(add, alike)))


def _number(rank: ColumnElement[Any]) -> ColumnElement[int]:
    return cast(rank * _SCALE, Integer)
