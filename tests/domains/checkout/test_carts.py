import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
import redis

from backend.domains.checkout.carts import CartOwner, CartStore
from backend.domains.checkout.contents import CartFullError, Contents
from backend.infra.redis import connect
from tests.conftest import Stores

USER = CartOwner("usr_ada", None)
VISITOR = CartOwner(None, "crt_visitor")
TABS = 8


@pytest.fixture
def client(stores: Stores) -> Iterator[redis.Redis]:
    with connect(stores.redis_url) as found:
        found.flushdb()
        yield found


@pytest.fixture
def carts(client: redis.Redis) -> CartStore:
    return CartStore(client, users=timedelta(days=30), visitors=timedelta(days=7))


class TestReading:
    def test_of_a_visitor_who_is_new_keeps_the_id_and_stores_nothing(
        self, carts: CartStore, client: redis.Redis
    ) -> None:
        assert carts.read(VISITOR) == Contents("crt_visitor")
        assert client.keys() == []

    def test_of_a_user_makes_an_id(self, carts: CartStore) -> None:
        assert carts.read(USER).id.startswith("crt_")

    def test_keeps_the_cart_longer(self, carts: CartStore, client: redis.Redis) -> None:
        carts.change(USER, lambda cart: cart.with_product("prd_1", 1))
        client.pexpire(USER.key, 1000)

        carts.read(USER)

        assert client.ttl(USER.key) > 29 * 86400


class TestChanging:
    def test_counts_the_changes(self, carts: CartStore) -> None:
        first = carts.change(USER, lambda cart: cart.with_product("prd_1", 1))
        second = carts.change(USER, lambda cart: cart.with_product("prd_1", 1))
        same = carts.change(USER, lambda cart: cart)

        assert (first.version, second.version, same.version) == (1, 2, 2)
        assert carts.read(USER) == second
        assert first.id == second.id

    def test_that_is_refused_leaves_it_as_it_was(self, carts: CartStore) -> None:
        before = carts.change(USER, lambda cart: cart.with_product("prd_1", 99))

        with pytest.raises(CartFullError):
            carts.change(USER, lambda cart: cart.with_product("prd_1", 1))

        assert carts.read(USER) == before

    def test_in_two_tabs_at_once_loses_nothing(self, carts: CartStore) -> None:
        start = threading.Barrier(TABS)

        def tab(number: int) -> None:
            start.wait(30)
            for _ in range(5):
                carts.change(USER, lambda cart: cart.with_product(f"prd_{number % 4}", 1))

        with ThreadPoolExecutor(TABS) as pool:
            list(pool.map(tab, range(TABS)))

        cart = carts.read(USER)
        assert {item.thing: item.quantity for item in cart.items} == {f"prd_{n}": 10 for n in range(4)}
        assert cart.version == 5 * TABS

    def test_of_a_visitor_is_kept_for_a_shorter_time(self, carts: CartStore, client: redis.Redis) -> None:
        carts.change(VISITOR, lambda cart: cart.with_product("prd_1", 1))

        assert 6 * 86400 < client.ttl(VISITOR.key) <= 7 * 86400


class TestMerging:
    def test_ends_the_cart_of_the_visitor(self, carts: CartStore, client: redis.Redis) -> None:
        carts.change(VISITOR, lambda cart: cart.with_product("prd_1", 2))
        mine = carts.change(USER, lambda cart: cart.with_product("prd_1", 1))

        for _ in range(2):
            carts.merge(VISITOR, USER, lambda cart, other: cart.merged_with(other, kept={}))

        merged = carts.read(USER)
        assert (merged.id, merged.items[0].quantity, merged.version) == (mine.id, 3, 2)
        assert client.keys() == [USER.key]
