"""The basket of a django-oscar shop as JSON: `gunicorn shop:application`.

Everything is oscar's own: its middleware reads the basket of the signed cookie and lets its Applicator apply
the offers of the site at each request, as on every page of the shop that shows a basket.
"""

import os
from decimal import Decimal
from typing import Any

from django.core.wsgi import get_wsgi_application
from django.http import HttpRequest, JsonResponse
from django.urls import path

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "shop_settings")  # noqa: TID251 (Django's way)
application = get_wsgi_application()

# Oscar's models can be imported once Django is set up.
from oscar.apps.shipping.methods import FixedPrice  # noqa: E402
from oscar.apps.shipping.repository import Repository  # noqa: E402

CHARGE = Decimal(os.environ["SHOP_DELIVERY"]) / 100  # noqa: TID251 (a program of its own)


class Post(Repository):  # type: ignore[misc]
    """One way of delivery."""

    methods = (FixedPrice(charge_excl_tax=CHARGE, charge_incl_tax=CHARGE),)


def minor(amount: Decimal) -> int:
    """Cents."""
    return int(amount * 100)


def basket(request: HttpRequest) -> JsonResponse:
    """The priced basket: its lines, what each offer takes off, delivery and the total."""
    priced: Any = request.basket  # type: ignore[attr-defined]
    shipping = Post().get_default_shipping_method(priced, request=request).calculate(priced)
    offers = priced.offer_applications
    return JsonResponse(
        {
            "lines": [
                {
                    "product": line.product.title,
                    "quantity": line.quantity,
                    "price": minor(line.line_price_excl_tax_incl_discounts),
                }
                for line in priced.all_lines()
            ],
            "discounts": [
                {"name": one["name"], "amount": minor(one["discount"])} for one in offers.offer_discounts
            ],
            "offers": len(offers.offers),
            "shipping": minor(shipping.excl_tax),
            "total": minor(priced.total_excl_tax + shipping.excl_tax),
        }
    )


urlpatterns = [path("basket", basket)]
