"""/api/users/purchase-history."""

from flask.testing import FlaskClient

from tests.factories.bookings import Customer, make_consultant
from tests.factories.checkout import ON_SITE, fill


class TestPurchaseHistory:
    def test_has_orders_and_bookings_newest_first_and_each_once(self, client: FlaskClient) -> None:
        shop, customer = make_consultant(), Customer.new(client)
        slots = [slot["slot_id"] for slot in customer.slots(shop)]
        bought = [customer.book(slots[0])["id"]]
        for slot_id in slots[2:4]:
            fill(customer, **{slot_id: 1})
            order = customer.post("/api/cart/checkout", ON_SITE)
            assert order.status_code == 201, order.text
            bought.append(order.json["id"])
        bought.append(customer.book(slots[5])["id"])

        pages = _pages(customer, limit=2)

        assert [one["id"] for page in pages for one in page] == sorted(bought, key=_moment, reverse=True)
        assert [len(page) for page in pages] == [2, 2]
        assert {one["kind"] for page in pages for one in page} == {"booking", "order"}
        assert all(one["items"] == [shop.product.name] for page in pages for one in page)

    def test_is_of_the_caller_alone(self, client: FlaskClient) -> None:
        shop, customer = make_consultant(), Customer.new(client)
        customer.book(customer.slots(shop)[0]["slot_id"])

        assert _pages(Customer.new(client), limit=5) == [[]]
        assert client.get("/api/users/purchase-history").status_code == 401


def _moment(one: str) -> str:
    return one.partition("_")[2]


def _pages(customer: Customer, *, limit: int) -> list[list[dict[str, object]]]:
    pages, cursor = [], None
    while cursor or not pages:
        query = {"limit": limit, **({"cursor": cursor} if cursor else {})}
        answer = customer.get("/api/users/purchase-history", query_string=query)
        pages.append(answer.json["items"])
        cursor = answer.json["next"]
    return pages
