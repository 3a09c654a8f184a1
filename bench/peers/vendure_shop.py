"""Vendure, on Node.js, where npm can install it."""

import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from bench.cart_case import CartCase
from bench.load import post
from bench.peers.shop import PEERS, WORKERS, NotInstalledError, Shop, free_port, run, serving

PROJECT: Final = PEERS / "vendure"
PINNED: Final = ("package.json", "package-lock.json")
SHOWN: Final = """totalWithTax shippingWithTax
    lines { productVariant { name } quantity proratedLinePriceWithTax }
    discounts { description amountWithTax }"""
CHANGE: Final = f"""mutation ($line: ID!, $quantity: Int!) {{
    adjustOrderLine(orderLineId: $line, quantity: $quantity) {{ ... on Order {{ {SHOWN} }} }} }}"""
READ: Final = f"{{ activeOrder {{ {SHOWN} }} }}"


def install(folder: Path) -> Path:
    """The folder of the modules that the lock file pins, installed once. Raises NotInstalledError."""
    npm = shutil.which("npm")
    if npm is None or shutil.which("node") is None:
        raise NotInstalledError("there is no node and npm on this machine")
    modules, made = folder / "node_modules", folder / "made-from.txt"
    wanted = "".join((PROJECT / name).read_text(encoding="utf-8") for name in PINNED)
    if not made.exists() or made.read_text(encoding="utf-8") != wanted:
        print("cart: installing Vendure (once)", flush=True)
        folder.mkdir(parents=True, exist_ok=True)
        for name in PINNED:
            shutil.copy(PROJECT / name, folder / name)
        command = [npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund"]
        run(command, folder=folder, environment=_environment())
        made.write_text(wanted, encoding="utf-8")
    return modules


@contextmanager
def vendure(
    case: CartCase, *, folder: Path, host: str, user: str, database: str
) -> Iterator[tuple[Shop, Shop]]:
    """The shop with the case in it: priced at a change of the cart, and read as it was stored."""
    modules, port = install(folder / "vendure"), free_port()
    environment = _environment() | {
        "NODE_ENV": "production",
        # It would report that it runs, and leave a file with its number.
        "VENDURE_DISABLE_TELEMETRY": "true",
        "NODE_PATH": str(modules),
        "SHOP_DATABASE": database,
        "SHOP_HOST": host,
        "SHOP_USER": user,
        "SHOP_PORT": str(port),
        "SHOP_WORKERS": str(WORKERS),
    }
    filled = run(
        ["node", "fill.js"], folder=PROJECT, environment=environment, given=json.dumps(case.document)
    )
    carts: list[dict[str, str]] = json.loads(filled)
    changes = [_request(CHANGE, cart["token"], line=cart["line"], quantity=case.quantity) for cart in carts]
    common: dict[str, Any] = {"port": port, "database": database, "expected": case.total_fixed_first()}
    log = folder / "vendure.log"
    with serving(["node", "serve.js"], folder=PROJECT, environment=environment, port=port, log=log):
        yield (
            Shop(
                name="Vendure",
                requests=changes,
                total_of=lambda answer: int(answer["data"]["adjustOrderLine"]["totalWithTax"]),
                **common,
            ),
            Shop(
                name="Vendure, stored price",
                requests=[_request(READ, cart["token"]) for cart in carts],
                total_of=lambda answer: int(answer["data"]["activeOrder"]["totalWithTax"]),
                stored=True,
                **common,
            ),
        )


def _request(query: str, token: str, **variables: object) -> bytes:
    body = json.dumps({"query": query, "variables": variables}).encode()
    return post("/shop-api", body, f"Authorization: Bearer {token}")


def _environment() -> dict[str, str]:
    return dict(os.environ)  # noqa: TID251 (what a child process inherits: npm's settings are there)
