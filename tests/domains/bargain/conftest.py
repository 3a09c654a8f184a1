"""Who bargains, and over what."""

import pytest
from flask import Flask

from backend.domains.catalog.entities import Product
from tests.factories.bookings import Customer
from tests.factories.haggling import make_bargain_goods


@pytest.fixture
def goods(app: Flask) -> Product:
    """Goods at 100.00 EUR that cost the house 40.00."""
    return make_bargain_goods()


@pytest.fixture
def customer(app: Flask) -> Customer:
    """Somebody who has just signed in."""
    return Customer.new(app.test_client())
