"""Fills an empty shop with the measured case: JSON at stdin, the cookies of the baskets at stdout."""

import json
import sys
from decimal import Decimal
from typing import Any

import django

django.setup()

from django.contrib.sites.models import Site  # noqa: E402 (after the set-up)
from django.core.management import call_command  # noqa: E402
from django.core.signing import Signer  # noqa: E402
from oscar.apps.basket.models import Basket  # noqa: E402
from oscar.apps.catalogue.models import Product, ProductClass  # noqa: E402
from oscar.apps.offer.models import Benefit, Condition, ConditionalOffer, Range  # noqa: E402
from oscar.apps.partner.models import Partner, StockRecord  # noqa: E402
from oscar.apps.partner.strategy import Default  # noqa: E402


def money(minor: int) -> Decimal:
    """Cents as oscar has amounts."""
    return Decimal(minor) / 100


def products(wanted: list[int]) -> list[Any]:
    """A product for each of the prices, in stock."""
    kind = ProductClass.objects.create(name="Goods", requires_shipping=True, track_stock=True)
    partner = Partner.objects.create(name="Warehouse")
    made = [
        Product.objects.create(product_class=kind, title=f"Product {number}", structure=Product.STANDALONE)
        for number in range(len(wanted))
    ]
    for product, price in zip(made, wanted, strict=True):
        StockRecord.objects.create(
            product=product,
            partner=partner,
            partner_sku=product.title,
            price_currency="EUR",
            price=money(price),
            num_in_stock=1_000_000,
        )
    return made


def promote(case: dict[str, Any], made: list[Any]) -> None:
    """Offers of the site, none of which excludes another."""
    everything = Range.objects.create(name="Everything", includes_all_products=True)
    large = Condition.objects.create(
        type=Condition.VALUE, range=everything, value=money(case["minimum_order"])
    )
    for number, (percent, members) in enumerate(case["on_products"]):
        few = Range.objects.create(name=f"Range {number}")
        few.included_products.set([made[member] for member in members])
        pair = Condition.objects.create(type=Condition.COUNT, range=few, value=len(members))
        offer(f"{percent} % off range {number}", pair, few, Benefit.PERCENTAGE, Decimal(percent))
    for amount in case["fixed"]:
        offer(f"{money(amount)} off", large, everything, Benefit.FIXED, money(amount))
    percent = Decimal(case["on_order"])
    offer(f"{percent} % off the order", large, everything, Benefit.PERCENTAGE, percent)
    offer("Free delivery", large, None, Benefit.SHIPPING_PERCENTAGE, Decimal(100))


def offer(name: str, condition: Any, products_: Any, kind: str, value: Decimal) -> None:
    """One offer, applied once to a basket."""
    benefit = Benefit.objects.create(range=products_, type=kind, value=value)
    ConditionalOffer.objects.create(
        name=name,
        condition=condition,
        benefit=benefit,
        exclusive=False,
        max_basket_applications=1,
    )


def main() -> None:
    """Schema, products, offers, baskets."""
    case = json.load(sys.stdin)
    call_command("migrate", verbosity=0)
    Site.objects.get_or_create(pk=1, defaults={"domain": "bench", "name": "bench"})
    made = products(case["prices"])
    promote(case, made)
    cookies = []
    for _ in range(case["carts"]):
        basket = Basket.objects.create()
        basket.strategy = Default()
        for product in made:
            basket.add_product(product, quantity=case["quantity"])
        cookies.append(Signer().sign(basket.id))
    json.dump(cookies, sys.stdout)


main()
