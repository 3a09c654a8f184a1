"""Pages of products: whatever the order, together they are the whole list."""

from dataclasses import dataclass
from itertools import count
from typing import Any

import hypothesis.strategies as st
import pytest
from flask.testing import FlaskClient
from hypothesis import HealthCheck, given, settings
from sqlalchemy import text

from backend.infra.postgres import db
from backend.kernel.money import Money
from tests.factories.catalog import make_category, make_product, make_provider, make_retail

SORTS = {
    "oldest": lambda item: item["id"],
    "newest": lambda item: item["id"],
    "price": lambda item: (item["price"]["amount"], item["id"]),
    "-price": lambda item: (item["price"]["amount"], item["id"]),
    "rating": lambda item: (item["rating"], item["review_count"], item["id"]),
    "name": lambda item: (item["name"].lower(), item["id"]),
    "featured": lambda item: (item["is_featured"], item["rating"], item["review_count"], item["id"]),
}
NUMBERS = count()
DOWN = {"newest", "-price", "rating", "featured"}

GOODS = st.fixed_dictionaries(
    {
        "name": st.sampled_from(["a", "B", "b b", "c"]),
        "price": st.sampled_from([Money(0, "EUR"), Money(500, "EUR"), Money(999, "EUR")]),
        "rating": st.sampled_from([0, 3.5, 4.1]),
        "review_count": st.integers(1, 3),
        "is_featured": st.booleans(),
    }
)


@dataclass(frozen=True)
class Shop:
    client: FlaskClient

    def get(self, **query: Any) -> list[str]:
        """The names on the first page."""
        answer = self.client.get("/api/products/", query_string=query)
        assert answer.status_code == 200, answer.json
        return [item["name"] for item in answer.json["items"]]

    def walk(self, *, meanwhile: Any = lambda: None, **query: Any) -> list[dict[str, Any]]:
        """Everything, page by page, with something done between the pages."""
        items, cursor = [], None
        for _ in range(100):
            asked = query | ({"cursor": cursor} if cursor else {})
            page = self.client.get("/api/products/", query_string=asked).json
            items += page["items"]
            cursor = page["next"]
            if cursor is None:
                return items
            meanwhile()
        raise AssertionError("the pages have no end")


@pytest.fixture
def shop(client: FlaskClient) -> Shop:
    return Shop(client)


class TestPages:
    @pytest.mark.parametrize("sort", SORTS)
    @settings(
        max_examples=10, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
    )
    @given(goods=st.lists(GOODS, max_size=9), limit=st.integers(1, 4))
    def test_are_together_the_whole_list_in_order(
        self, shop: Shop, sort: str, goods: list[dict[str, Any]], limit: int
    ) -> None:
        category = f"c{next(NUMBERS)}"
        made = [make_retail(category=category, **one).id for one in goods]

        items = shop.walk(sort=sort, limit=limit, category=category, currency="EUR")

        assert sorted(item["id"] for item in items) == sorted(made)
        assert items == sorted(items, key=SORTS[sort], reverse=sort in DOWN)

    @pytest.mark.parametrize("sort", SORTS)
    def test_neither_repeat_nor_leave_out_when_something_is_added(self, shop: Shop, sort: str) -> None:
        there = [make_retail(name=name, rating=3, review_count=1).id for name in "abcdef"]

        items = shop.walk(
            sort=sort,
            limit=2,
            currency="EUR",
            meanwhile=lambda: make_retail(name="aa", rating=4, review_count=1),
        )

        ids = [item["id"] for item in items]
        assert set(there) <= set(ids)
        assert len(set(ids)) == len(ids)

    @pytest.mark.parametrize("cursor", ["W10", "WzFd", "bm9wZQ", "WyJhIiwgImIiXQ", "WzEsICJcdTAwMDAiXQ", "$"])
    def test_refuse_cursors_that_are_not_ours(self, shop: Shop, cursor: str) -> None:
        answer = shop.client.get(
            "/api/products/", query_string={"sort": "price", "currency": "EUR", "cursor": cursor}
        )

        assert answer.status_code == 422
        assert list(answer.json["errors"]) == ["cursor"]


class TestFilters:
    def test_a_category_includes_those_below_it(self, shop: Shop) -> None:
        make_retail(name="phone", category="electronics", subcategory="phones")
        make_retail(name="radio", category="electronics")
        make_retail(name="shirt", category="fashion")

        assert shop.get(category="electronics", sort="name") == ["phone", "radio"]
        assert shop.get(category="phones") == ["phone"]

    def test_a_retired_subcategory_is_not_below_any_more(self, shop: Shop) -> None:
        make_retail(name="phone", category="electronics", subcategory="phones")
        db.session.execute(text("UPDATE categories SET is_active = false WHERE slug = 'phones'"))

        assert shop.get(category="electronics") == []

    def test_every_tag_must_be_there(self, shop: Shop) -> None:
        make_retail(name="both", tags=["red", "warm"])
        make_retail(name="one", tags=["red"])

        assert shop.get(tags="red,warm") == ["both"]
        assert shop.get(tags="red", sort="name") == ["both", "one"]

    def test_amounts_are_of_one_currency(self, shop: Shop) -> None:
        for amount in (100, 200, 300):
            make_retail(name=f"{amount}", price=Money(amount, "EUR"))
        make_retail(name="yen", price=Money(200, "JPY"))

        found = shop.get(min_price=200, max_price=300, currency="EUR")
        refused = shop.client.get("/api/products/?min_price=200")
        unordered = shop.client.get("/api/products/?sort=price")

        assert found == ["200", "300"]
        assert [answer.status_code for answer in (refused, unordered)] == [422, 422]
        assert refused.json["errors"] == {"currency": ["Needed with min_price."]}

    def test_stock_brand_kind_provider_and_featured(self, shop: Shop) -> None:
        merchant = make_provider()
        make_retail(name="there", stock=1, brand="Acme", is_featured=True)
        make_retail(name="gone", stock=0, provider_id=merchant.id)
        make_product(name="slot")

        assert shop.get(in_stock="true", sort="name") == ["slot", "there"]
        assert shop.get(in_stock="false") == ["gone"]
        assert shop.get(brand="Acme") == shop.get(featured="true") == ["there"]
        assert shop.get(kind="retail", sort="name") == ["gone", "there"]
        assert shop.get(provider=merchant.id) == ["gone"]

    def test_of_a_category_that_is_not_there(self, client: FlaskClient) -> None:
        assert client.get("/api/products/category/nothing").status_code == 404

    def test_featured_products_have_a_list_of_their_own_best_first(self, client: FlaskClient) -> None:
        make_retail(name="good", is_featured=True, rating=4, review_count=9)
        make_retail(name="best", is_featured=True, rating=5, review_count=2)
        make_retail(name="plain", rating=5, review_count=99)

        answer = client.get("/api/products/featured")

        assert [item["name"] for item in answer.json["items"]] == ["best", "good"]


class TestCategoryTree:
    def test_counts_what_its_list_shows(self, client: FlaskClient) -> None:
        make_retail(category="electronics", subcategory="phones")
        make_retail(category="electronics")
        make_retail(category="electronics", is_active=False)
        make_category("empty")

        nodes = client.get("/api/categories/").json["items"]

        (electronics,) = (node for node in nodes if node["slug"] == "electronics")
        assert electronics["product_count"] == 2
        assert [child["product_count"] for child in electronics["children"]] == [1]
        assert len(client.get("/api/products/category/electronics").json["items"]) == 2
