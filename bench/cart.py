"""What pricing a cart takes over HTTP, beside django-oscar and Vendure: ten products twice, ten promotions.

All shops run at the same time, on one PostgreSQL server, with as many processes each, and are asked in turns.
Before they are measured, the totals they answer are compared with what their ways of adding up come to,
and PostgreSQL counts the statements of a request. Exits with 1 when a total or an answer is wrong.
"""

import os
import shutil
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Final
from urllib.parse import parse_qs, urlsplit

from backend.infra import embedded
from backend.infra.postgres import ensure_database, with_database
from bench.cart_case import CASE
from bench.fresh import FOLDER, drop, fresh_stores
from bench.load import Result, drive
from bench.peers.climbup_shop import climbup
from bench.peers.oscar_shop import oscar
from bench.peers.shop import NotInstalledError, Shop
from bench.peers.vendure_shop import vendure
from bench.statements import Statements, count_each, logged

CLIENTS: Final = (1, 16)
ROUNDS: Final = 3
SECONDS: Final = 4.0
WARM_UP_SECONDS: Final = 3.0
COUNTED_REQUESTS: Final = 20
TIMES_FASTER: Final = 10
MOST_STATEMENTS: Final = 6
PEERS: Final = FOLDER / "peers"
OURS: Final = "bench_cart_climbup"
OSCAR: Final = "bench_cart_oscar"
VENDURE: Final = "bench_cart_vendure"


def main() -> int:
    """Print totals, statements, latencies and ratios; 1 when an answer is wrong."""
    PEERS.mkdir(parents=True, exist_ok=True)
    print(f"cart: {len(CASE.prices)} products x {CASE.quantity}, {CASE.promotions} promotions;")
    print(f"      {os.cpu_count()} processors, load before the run {os.getloadavg()[0]:.1f}", flush=True)
    with ExitStack() as stack:
        server = embedded.ensure_running(FOLDER).postgres
        shops = _open(stack, server)
        counts = _statements(server, shops)
        right = _totals_are_right(shops)
        results = _in_turns(shops)
    _print_table(shops, results, counts)
    _print_ratios(shops, results, counts)
    answered = all(set(result.statuses) == {200} for result in results.values())
    return 0 if right and answered else 1


def _open(stack: ExitStack, server: str) -> list[Shop]:
    """The shops that can be had; why others cannot is printed."""
    stores = stack.enter_context(fresh_stores(OURS))
    scratch = stack.enter_context(_scratch(FOLDER / "cart"))
    shops = [*stack.enter_context(climbup(CASE, folder=scratch, stores=stores, database=OURS))]
    with _told("django-oscar"):
        where = _where(stack, server, OSCAR)
        shops.append(stack.enter_context(oscar(CASE, folder=PEERS, database=OSCAR, **where)))
    with _told("Vendure"):
        where = _where(stack, server, VENDURE)
        shops += stack.enter_context(vendure(CASE, folder=PEERS, database=VENDURE, **where))
    return shops


@contextmanager
def _scratch(folder: Path) -> Iterator[Path]:
    """An empty folder, removed afterwards."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    try:
        yield folder
    finally:
        shutil.rmtree(folder)


@contextmanager
def _told(name: str) -> Iterator[None]:
    """A shop that cannot be installed is left out, and the reason printed."""
    try:
        yield
    except NotInstalledError as error:
        print(f"cart: without {name}: {error}", flush=True)


def _where(stack: ExitStack, server: str, database: str) -> dict[str, str]:
    """Host and user of a new database that is dropped afterwards."""
    drop(server, database)
    ensure_database(with_database(server, database))
    stack.callback(drop, server, database)
    url = urlsplit(server)
    (host,) = parse_qs(url.query).get("host", [url.hostname or ""])
    return {"host": host, "user": url.username or ""}


def _statements(server: str, shops: Sequence[Shop]) -> dict[str, Statements]:
    log = FOLDER / "postgres" / "server.log"
    counts = {}
    with logged(server):
        for shop in shops:
            ask = _asking(shop)
            counts[shop.name] = count_each(log, shop.database, ask, times=COUNTED_REQUESTS)
    return counts


def _asking(shop: Shop) -> Callable[[], object]:
    return lambda: shop.total(0)


def _totals_are_right(shops: Sequence[Shop]) -> bool:
    right = True
    for shop in shops:
        totals = {shop.total(cart) for cart in range(CASE.carts)}
        is_right = totals == {shop.expected}
        right = right and is_right
        print(
            f"  {shop.name:24} total {shop.expected / 100:.2f}: {'right' if is_right else totals}", flush=True
        )
    return right


def _in_turns(shops: Sequence[Shop]) -> dict[tuple[str, int], Result]:
    """What each shop answered to each number of clients, over all rounds."""
    results = {(shop.name, clients): Result() for shop in shops for clients in CLIENTS}
    for shop in shops:
        drive(shop.port, shop.requests, clients=max(CLIENTS), seconds=WARM_UP_SECONDS, apart=True)
    for turn in range(ROUNDS):
        for clients in CLIENTS:
            # Each round begins with another one.
            for shop in (*shops[turn % len(shops) :], *shops[: turn % len(shops)]):
                run = drive(shop.port, shop.requests, clients=clients, seconds=SECONDS, apart=True)
                results[shop.name, clients].add(run)
    return results


def _print_table(
    shops: Sequence[Shop], results: dict[tuple[str, int], Result], counts: dict[str, Statements]
) -> None:
    print(f"\n  {'':24}{'clients':>8}{'per s':>9}{'p50 ms':>9}{'p95 ms':>9}{'statements':>13}  answers")
    for clients in CLIENTS:
        for shop in shops:
            result, count = results[shop.name, clients], counts[shop.name]
            times = "".join(f"{result.percentile(percent):>9.1f}" for percent in (50, 95))
            sent = f"{count.work} + {count.transaction}"
            print(f"  {shop.name:24}{clients:>8}{result.rate:>9.1f}{times}{sent:>13}  {result.statuses}")
    print("  statements: that read or write + that begin or end transactions or try a connection")


def _print_ratios(
    shops: Sequence[Shop], results: dict[tuple[str, int], Result], counts: dict[str, Statements]
) -> None:
    ours, peers = shops[0], [shop for shop in shops if not shop.ours]
    for clients in CLIENTS:
        own = results[ours.name, clients].percentile(50)
        for peer in peers:
            ratio = times_faster(own, results[peer.name, clients].percentile(50))
            print(f"  {clients:>2} clients, p50: {ratio:.1f} times as fast as {peer.name}")
    pricing = [peer for peer in peers if not peer.stored]
    if pricing:
        quickest = min(results[peer.name, 1].percentile(50) for peer in pricing)
        ratio = times_faster(results[ours.name, 1].percentile(50), quickest)
        _print_aim(
            f"{TIMES_FASTER} times as fast as the quickest peer that prices",
            f"{ratio:.1f}",
            ratio >= TIMES_FASTER,
        )
    sent = counts[ours.name].work
    _print_aim(f"at most {MOST_STATEMENTS} statements", str(sent), sent <= MOST_STATEMENTS)


def times_faster(own: float, other: float) -> float:
    """How many times as long as `own` the `other` took."""
    return other / own


def _print_aim(aim: str, found: str, reached: bool) -> None:  # noqa: FBT001 (a line of output)
    print(f"  aim: {aim}: {found}, {'reached' if reached else 'missed'}", flush=True)


if __name__ == "__main__":
    sys.exit(main())
