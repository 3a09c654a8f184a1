"""Search over HTTP."""

from typing import Any

import pytest
from flask.testing import FlaskClient

from tests.factories.catalog import make_retail


@pytest.fixture
def shop(client: FlaskClient) -> FlaskClient:
    """A shop with a few products."""
    make_retail(name="Wireless Headphones", brand="Sonora", tags=["audio"], subcategory="headphones")
    make_retail(name="Headphone Stand", description="Holds wireless headphones.")
    make_retail(name="Gaming Laptop", brand="Ápex")
    make_retail(name="Café Crème Maker")
    return client


def found(shop: FlaskClient, words: str, **query: Any) -> list[str]:
    answer = shop.get("/api/products/search", query_string={"q": words, **query})
    assert answer.status_code == 200, answer.json
    return [item["name"] for item in answer.json["items"]]


class TestSearch:
    @pytest.mark.parametrize(
        ("words", "best"),
        [
            ("wireless headphones", "Wireless Headphones"),
            ("HEADPHONES wireless", "Wireless Headphones"),
            ("wire", "Wireless Headphones"),
            ("sonora", "Wireless Headphones"),
            ("wireles headfones", "Wireless Headphones"),
            ("hedphones", "Wireless Headphones"),
            ("labtop", "Gaming Laptop"),
            ("laptpo", "Gaming Laptop"),
            ("apex", "Gaming Laptop"),
            ("cafe creme", "Café Crème Maker"),
            ("CAFÉ", "Café Crème Maker"),
            ("laptop for teh gaming", "Gaming Laptop"),
        ],
    )
    def test_finds_what_is_meant(self, shop: FlaskClient, words: str, best: str) -> None:
        assert found(shop, words)[:1] == [best]

    @pytest.mark.parametrize(
        "words",
        [
            "refrigerator",
            "!!",
            "'",
            "the",
            "\N{VULGAR FRACTION ONE HALF} \N{MODIFIER LETTER APOSTROPHE}",
            "a:b & !c",
            "\\",
            "%",
        ],
    )
    def test_finds_nothing_where_nothing_is_meant(self, shop: FlaskClient, words: str) -> None:
        assert found(shop, words) == []

    def test_ranks_names_before_descriptions(self, shop: FlaskClient) -> None:
        assert found(shop, "wireless headphones") == ["Wireless Headphones", "Headphone Stand"]

    def test_goes_with_filters(self, shop: FlaskClient) -> None:
        assert found(shop, "headphone", tags="audio") == ["Wireless Headphones"]

    @pytest.mark.parametrize("words", ["wireless", "wirelsse"])
    def test_goes_on_page_by_page(self, client: FlaskClient, words: str) -> None:
        made = {make_retail(name=f"Wireless mouse {number}").id for number in range(5)}
        pages, cursor = [], None
        while cursor or not pages:
            query = {"q": words, "limit": 2} | ({"cursor": cursor} if cursor else {})
            page = client.get("/api/products/search", query_string=query).json
            pages.append([item["id"] for item in page["items"]])
            cursor = page["next"]

        ids = [id_ for page in pages for id_ in page]
        assert [len(page) for page in pages] == [2, 2, 1]
        assert set(ids) == made

    def test_refuses_a_cursor_of_another_list(self, shop: FlaskClient) -> None:
        cursor = "WyJuYW1lIiwgMSwgInByZCJd"

        answer = shop.get("/api/products/search", query_string={"q": "laptop", "cursor": cursor})

        assert answer.status_code == 422
