"""ClimbUp, under gunicorn as it ships: five promotions are rules, five are coupons in the cart."""

import json
import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

from backend.config import ROOT
from backend.domains.coupons.entities import CouponKind
from backend.kernel.money import Money
from bench.cart_case import CartCase
from bench.load import get, post
from bench.peers.shop import THREADS, WORKERS, Shop, ask, free_port, serving
from tests.conftest import Stores
from tests.factories.apps import running_app
from tests.factories.catalog import make_retail
from tests.factories.coupons import make_coupon
from tests.factories.rules import SHIPPED

EXPRESS: Final = "express"
PROMOTIONS: Final = "rules/promotions.yaml"
COUPONS: Final = "rules/coupons.yaml"
STOCK: Final = 1_000_000
HEAD: Final = """decision: base
owner: benchmark
about: Percents off two products each.
applies_to: {kind: [retail]}
hit_policy: collect
rules:
"""
RULE: Final = """  - id: range-{place}
    about: "{percent} % off range {place}."
    when: {{tags: has range-{place}}}
    then: {{discount: {percent}%}}
"""
SCENARIO: Final = """scenarios:
  - name: A product of a range
    given: {{kind: retail, tags: [range-0], base: 100.00 EUR}}
    expect: {{fired: [range-0], price: {price}.00 EUR}}
"""


def rules_of(case: CartCase) -> dict[str, str]:
    """The shipped rules, those of the promotions, and more coupons together than the shipped ones allow."""
    rules = [RULE.format(place=place, percent=one[0]) for place, one in enumerate(case.on_products)]
    scenario = SCENARIO.format(price=100 - case.on_products[0][0])
    coupons = SHIPPED[COUPONS].replace('coupon_count: "> 3"', 'coupon_count: "> 5"')
    coupons = coupons.replace("coupon_count: 4,", "coupon_count: 6,")
    return SHIPPED | {PROMOTIONS: "".join((HEAD, *rules, scenario)), COUPONS: coupons}


@contextmanager
def climbup(case: CartCase, *, folder: Path, stores: Stores, database: str) -> Iterator[tuple[Shop, Shop]]:
    """The shop with the case in it, served while the block runs: looks at carts, and changes of them.

    Both price the cart anew. A change sets the quantity that an item has, as one of Vendure's does.
    """
    rules = folder / "climbup-rules"
    for name, text in rules_of(case).items():
        file = rules / name.removeprefix("rules/")
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
    products, codes = _fill(case, stores)
    port, log = free_port(), folder / "climbup.log"
    metrics = folder / "climbup-metrics"
    metrics.mkdir(exist_ok=True)
    environment = {
        "PATH": os.defpath,
        "CLIMBUP_ENV": "production",
        "JWT_SECRET_KEY": "a key of a benchmark that is long enough",
        "POSTGRES_URL": stores.postgres_url,
        "REDIS_URL": stores.redis_url,
        "PORT": str(port),
        "DATA_DIR": str(folder),
        "RULES_DIR": str(rules),
        "PROMETHEUS_MULTIPROC_DIR": str(metrics),
        "LOG_FILE": str(folder / "climbup-app.log"),
        "LOG_LEVEL": "WARNING",
        "RATE_LIMIT": "10000000 per minute",
        "WEB_WORKERS": str(WORKERS),
        "WEB_THREADS": str(THREADS),
    }
    command = [sys.executable, "-m", "gunicorn", "-c", "python:backend.cli.gunicorn_conf", "app:application"]
    with serving(command, folder=ROOT, environment=environment, port=port, log=log):
        carts = [_fill_cart(case, port, products, codes) for _ in range(case.carts)]
        common: dict[str, Any] = {
            "port": port,
            "database": database,
            "total_of": lambda answer: int(answer["total"]["amount"]),
            "expected": case.total_percents_first(),
            "ours": True,
        }
        looks = [get("/api/cart", f"X-Cart-Id: {cart['id']}") for cart in carts]
        changes = [_change(cart, case.quantity) for cart in carts]
        yield (
            Shop(name="ClimbUp", requests=looks, **common),
            Shop(name="ClimbUp, change", requests=changes, **common),
        )


def _fill(case: CartCase, stores: Stores) -> tuple[list[str], list[str]]:
    """The ids of its products, and the codes of its coupons."""
    ranges = {place: number for number, (_, places) in enumerate(case.on_products) for place in places}
    least = _eur(case.minimum_order)
    with running_app(stores) as app, app.app_context():
        products = [
            make_retail(
                name=f"Product {place}", price=_eur(price), stock=STOCK, tags=[f"range-{ranges[place]}"]
            )
            for place, price in enumerate(case.prices)
        ]
        coupons = [make_coupon(amount=_eur(amount), minimum_order=least) for amount in case.fixed]
        coupons += [
            make_coupon(percent=Decimal(case.on_order), minimum_order=least),
            make_coupon(kind=CouponKind.FREE_SHIPPING, minimum_order=least),
        ]
        return [product.id for product in products], [coupon.code for coupon in coupons]


def _eur(minor: int) -> Money:
    return Money(minor, "EUR")


def _change(cart: dict[str, Any], quantity: int) -> bytes:
    """A request that sets the quantity of the first item."""
    body = json.dumps({"item_id": cart["items"][0]["id"], "quantity": quantity}).encode()
    return post("/api/cart/update", body, f"X-Cart-Id: {cart['id']}", method="PUT")


def _fill_cart(case: CartCase, port: int, products: Sequence[str], codes: Sequence[str]) -> dict[str, Any]:
    """A visitor's cart."""
    headers: tuple[str, ...] = ()
    cart: dict[str, Any] = {}
    for product in products:
        body = {"product_id": product, "quantity": case.quantity}
        cart = ask(port, post("/api/cart/add", json.dumps(body).encode(), *headers))
        headers = (f"X-Cart-Id: {cart['id']}",)
    for path, wish in (("options", {"shipping_option": EXPRESS}), ("coupons", {"codes": codes})):
        ask(port, post(f"/api/cart/{path}", json.dumps(wish).encode(), *headers, method="PUT"))
    return cart
