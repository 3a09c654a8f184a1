"""Milliseconds in PostgreSQL of a search among 10,000 products, beside the same words with ILIKE.

Each query is run in turns by all ways, on the same rows: *ours* (the statements of `ProductSearch`),
*ILIKE* (every word somewhere in name, brand, tags or description, as most shops begin), and *similarity*
(the trigram similarity of the whole name, without an index). *found* tells how many there are on the
first page of 20. Exits with 1 when the median of one of our queries is 50 ms or more, or when its plan
reads the table from end to end.
"""

import sys
import time
from collections.abc import Callable
from contextlib import contextmanager
from datetime import UTC, datetime
from itertools import product
from statistics import median
from typing import Any, Final

import svcs
from sqlalchemy import event, insert, text

from backend.domains.catalog.listing import ProductFilter
from backend.domains.catalog.models import CategoryRow, ProductRow
from backend.domains.catalog.search import ProductSearch
from backend.infra import logging
from backend.infra.postgres import db
from backend.kernel import ids
from bench.fresh import fresh_stores
from tests.factories.apps import running_app

PRODUCTS: Final = 10_000
ROUNDS: Final = 15
LIMIT: Final = 20
MOST_MS: Final = 50.0
AT: Final = datetime(2026, 12, 7, tzinfo=UTC)

LOOKS: Final = (
    "black", "compact", "electric", "foldable", "leather", "organic", "smart", "vintage", "wireless",
    "wooden",
)  # fmt: skip
THINGS: Final = (
    "backpack", "bicycle", "blender", "camera", "chair", "desk", "guitar", "headphones", "jacket", "kettle",
    "keyboard", "lamp", "laptop", "monitor", "mug", "phone", "pillow", "shirt", "speaker", "tent",
)  # fmt: skip
BRANDS: Final = (
    "Akusta", "Cairn", "Hearth", "Kestrel", "Lumen", "Marlow", "Norrland", "Orbitel", "Sonora", "Velora",
)  # fmt: skip
QUERIES: Final = (
    "headphones",
    "wireless headphones",
    "smart lamp lumen",
    "key",
    "hedphones",
    "wireles headfones",
    "labtop",
    "vintge gitar",
    "refrigerator",
)

ILIKE: Final = """
SELECT id FROM products WHERE is_active AND {every} ORDER BY rating DESC, id DESC LIMIT 20"""
ONE: Final = "concat_ws(' ', name, brand, array_to_string(tags, ' '), description) ILIKE :w{number}"
SIMILARITY: Final = """
SELECT id FROM products WHERE is_active AND similarity(name, :words) > 0.3
ORDER BY similarity(name, :words) DESC, id DESC LIMIT 20"""

Way = Callable[[str], int]


def main() -> int:
    """Print the table."""
    logging.configure(level="ERROR", file=None)
    with fresh_stores("bench_search") as stores, running_app(stores) as app, app.app_context():
        _fill()
        print(f"search: ms in PostgreSQL among {PRODUCTS} products, medians of {ROUNDS} rounds (found)\n")
        print(f"  {'':22}{'ours':>16}{'ILIKE':>16}{'similarity':>16}  indexes of ours")
        wrong = [words for words in QUERIES if not _measure(words)]
    print(f"\n{len(QUERIES) - len(wrong)} of {len(QUERIES)} below {MOST_MS:.0f} ms, by an index")
    return 1 if wrong else 0


def _fill() -> None:
    category = {"slug": "things", "name": "Things", "position": 0, "is_active": True, "version": 1}
    db.session.execute(insert(CategoryRow).values(category))
    kinds = list(product(LOOKS, THINGS, BRANDS))
    rows = [_row(number, *kinds[number % len(kinds)]) for number in range(PRODUCTS)]
    db.session.execute(insert(ProductRow), rows)
    db.session.commit()
    db.session.execute(text("ANALYZE products"))


def _row(number: int, look: str, thing: str, brand: str) -> dict[str, Any]:
    return {
        "id": ids.new_id(ids.PRODUCT),
        "kind": "retail",
        "name": f"{look} {thing} {number % 97}".capitalize(),
        "description": f"The {look} {thing} by {brand}, made to last, with a warranty of {number % 5} years.",
        "category": "things",
        "brand": brand,
        "tags": sorted({look, f"series-{number % 41}"}),
        "price_minor": 100 + number,
        "currency": "EUR",
        "price_per": "unit",
        "max_party": 1,
        "rating": number % 51 / 10,
        "review_count": 1 + number % 300,
        "is_active": True,
        "created_at": AT,
        "version": 1,
    }


def _measure(words: str) -> bool:
    ways: tuple[Way, ...] = (_ours, _ilike, _similarity)
    times: list[list[float]] = [[] for _ in ways]
    for _ in range(ROUNDS):
        for way, taken in zip(ways, times, strict=True):
            with _in_database() as spent:
                way(words)
            taken.append(spent[0] * 1000)
    shown = [f"{median(taken):9.1f} ({way(words):2})" for way, taken in zip(ways, times, strict=True)]
    indexes = _indexes(words)
    print(
        f"  {words:22}" + "".join(f"{one:>16}" for one in shown) + f"  {', '.join(indexes) or 'none'}",
        flush=True,
    )
    return median(times[0]) < MOST_MS and bool(indexes)


def _ours(words: str) -> int:
    search = svcs.flask.get(ProductSearch)
    return len(search.find(words=words, where=ProductFilter(), after=None, limit=LIMIT, now=AT))


def _ilike(words: str) -> int:
    wanted = words.split()
    every = " AND ".join(ONE.format(number=number) for number in range(len(wanted)))
    values = {f"w{number}": f"%{word}%" for number, word in enumerate(wanted)}
    return len(db.session.execute(text(ILIKE.format(every=every)), values).all())


def _similarity(words: str) -> int:
    return len(db.session.execute(text(SIMILARITY), {"words": words}).all())


@contextmanager
def _in_database() -> Any:
    """Adds up the seconds between sending a statement and its answer."""
    spent, begun = [0.0], [0.0]

    def before(*_: Any) -> None:
        begun[0] = time.perf_counter()

    def after(*_: Any) -> None:
        spent[0] += time.perf_counter() - begun[0]

    event.listen(db.engine, "before_cursor_execute", before)
    event.listen(db.engine, "after_cursor_execute", after)
    try:
        yield spent
    finally:
        event.remove(db.engine, "before_cursor_execute", before)
        event.remove(db.engine, "after_cursor_execute", after)
        db.session.rollback()


def _indexes(words: str) -> list[str]:
    """The indexes of products in the plans of our statements; none when one of them does without."""
    plans: list[str] = []

    def explain(connection: Any, _cursor: Any, statement: str, values: Any, *_: Any) -> None:
        if "FROM products" in statement and not statement.startswith("EXPLAIN"):
            found = connection.exec_driver_sql(f"EXPLAIN {statement}", values)
            plans.append("\n".join(line for (line,) in found))

    event.listen(db.engine, "before_cursor_execute", explain)
    try:
        _ours(words)
    finally:
        event.remove(db.engine, "before_cursor_execute", explain)
        db.session.rollback()
    if any("Seq Scan on products" in plan for plan in plans):
        return []
    known = ("ix_products_search", "ix_products_words")
    return [name for name in known if any(name in plan for plan in plans)]


if __name__ == "__main__":
    sys.exit(main())
