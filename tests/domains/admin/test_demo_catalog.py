"""The demonstration shop."""

import svcs
from flask import Flask
from flask.testing import FlaskClient

from backend.domains.admin.demo_catalog import seed_catalog
from backend.domains.catalog.editing import CatalogEditing
from backend.domains.catalog.listing import ListedProduct, ProductFilter, ProductListing, Sort
from backend.domains.catalog.stock_keeping import StockKeeping
from backend.infra.postgres import db
from tests.conftest import NOW


def seeded() -> list[ListedProduct]:
    """All that is in the shop after it was filled."""
    editing, stock = svcs.flask.get(CatalogEditing, StockKeeping)
    seed_catalog(editing=editing, stock=stock, actor_id="demo", now=NOW)
    db.session.commit()
    return svcs.flask.get(ProductListing).page(
        where=ProductFilter(), sort=Sort.NAME, after=None, limit=100, now=NOW
    )


class TestSeedCatalog:
    def test_has_80_goods_in_20_of_5(self, client: FlaskClient) -> None:
        goods = seeded()

        tree = client.get("/api/categories/").json["items"]
        assert len(goods) == len({listed.product.name for listed in goods}) == 80
        assert [node["product_count"] for node in tree] == [16] * 5
        assert [child["product_count"] for node in tree for child in node["children"]] == [4] * 20

    def test_is_a_shop_in_which_there_is_something_to_see(self, app: Flask) -> None:
        goods = seeded()

        sold_out = [listed for listed in goods if listed.stock_quantity == 0]
        reduced = [listed.product for listed in goods if listed.product.was_price]
        assert 0 < len(sold_out) < 10
        assert len(reduced) == 17
        assert all(product.was_price > product.price for product in reduced)
        assert 5 <= sum(listed.product.is_featured for listed in goods) <= 20
        assert all(listed.product.cost < listed.product.price for listed in goods)

    def test_is_searched_with_a_typo(self, client: FlaskClient) -> None:
        seeded()

        answer = client.get("/api/products/search?q=wireles headfones")

        assert answer.json["items"][0]["name"] == "Hush Wireless Headphones"
