from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import pytest
from flask import Flask

from backend.config import SettingsError
from backend.infra.redis import Outage, connect
from backend.kernel.errors import TooManyError
from backend.web.limits import Counters, LoginAttempts, Rate, RequestLimit, address_block
from tests.conftest import Stores
from tests.factories.apps import NO_REDIS, running_app
from tests.factories.identity import PASSWORD, auth_headers, make_user


class TestRate:
    def test_is_read_as_staff_write_it(self) -> None:
        assert Rate.parse("10 per 15 minutes", variable="X") == Rate(10, 900)

    @pytest.mark.parametrize("text", ["", "often", "10", "ten per minute"])
    def test_names_the_variable_that_cannot_be_read(self, text: str) -> None:
        with pytest.raises(SettingsError, match="LOGIN_ATTEMPTS must look like"):
            Rate.parse(text, variable="LOGIN_ATTEMPTS")


class TestAddressBlock:
    @pytest.mark.parametrize(
        ("address", "block"),
        [
            ("192.0.2.7", "192.0.2.7"),
            ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
            ("", "unknown"),
            ("a spoofed header", "unknown"),
        ],
    )
    def test_counts_a_customer_as_one(self, address: str, block: str) -> None:
        assert address_block(address) == block


class TestRequestLimit:
    def test_tells_where_it_stands_and_refuses_what_is_over(self, own_stores: Stores) -> None:
        with running_app(own_stores, rate_limit="3 per minute") as app:
            client = app.test_client()

            answers = [client.get("/api/auth/me") for _ in range(4)]

        assert [answer.status_code for answer in answers] == [401, 401, 401, 429]
        assert [answer.headers["RateLimit-Remaining"] for answer in answers] == ["2", "1", "0", "0"]
        refused = answers[-1]
        assert refused.headers["RateLimit-Limit"] == "3"
        assert 1 <= int(refused.headers["RateLimit-Reset"]) <= 60
        assert 1 <= int(refused.headers["Retry-After"]) <= 60
        assert refused.content_type == "application/problem+json"
        assert refused.json["title"] == "Too many requests"

    def test_counts_users_apart_and_everywhere(self, own_stores: Stores) -> None:
        limit = {"rate_limit": "2 per minute"}
        with running_app(own_stores, **limit) as one, running_app(own_stores, **limit) as other:
            with one.app_context():
                ada, bob = (auth_headers(one, make_user()) for _ in range(2))

            statuses = [
                app.test_client().get("/api/auth/me", headers=headers).status_code
                for app, headers in [(one, ada), (other, ada), (one, ada), (other, bob)]
            ]

        assert statuses == [200, 200, 429, 200]

    def test_also_counts_addresses_where_there_is_nothing(self, own_stores: Stores) -> None:
        with running_app(own_stores, rate_limit="1 per minute") as app:
            client = app.test_client()

            statuses = [client.get(f"/nothing/{n}").status_code for n in range(2)]

        assert statuses == [404, 429]

    def test_never_refuses_probes(self, own_stores: Stores) -> None:
        with running_app(own_stores, rate_limit="1 per minute") as app:
            client = app.test_client()

            answers = [client.get("/health") for _ in range(3)]

        assert 429 not in {answer.status_code for answer in answers}

    def test_lets_everybody_through_without_redis_and_asks_it_once_in_a_while(self) -> None:
        ticks = iter([0.0, 0.0, 1.0, 4.9, 5.1, 5.1])
        outage = Outage(lambda: next(ticks))
        limit = RequestLimit(Counters(connect(NO_REDIS)), Rate(1, 60), outage)

        standings = [limit.count(who="ada") for _ in range(4)]

        assert standings == [None] * 4
        assert list(ticks) == []


class TestProxies:
    @pytest.mark.parametrize(
        ("proxies", "statuses"), [(0, [404, 429]), (1, [404, 404])], ids=["untrusted", "trusted"]
    )
    def test_their_word_counts_only_when_configured(
        self, own_stores: Stores, proxies: int, statuses: list[int]
    ) -> None:
        with running_app(own_stores, rate_limit="1 per minute", proxy_count=proxies) as app:
            client = app.test_client()

            found = [
                client.get("/nothing", headers={"X-Forwarded-For": address}).status_code
                for address in ("198.51.100.1", "198.51.100.2")
            ]

        assert found == statuses

    def test_a_client_cannot_speak_for_the_proxy(self, own_stores: Stores) -> None:
        with running_app(own_stores, rate_limit="1 per minute", proxy_count=1) as app:
            client = app.test_client()

            found = [
                client.get("/nothing", headers={"X-Forwarded-For": f"{spoofed}, 198.51.100.1"}).status_code
                for spoofed in ("203.0.113.1", "203.0.113.2")
            ]

        assert found == [404, 429]


class TestLoginAttempts:
    @pytest.fixture
    def attempts(self, app: Flask, stores: Stores) -> LoginAttempts:
        return LoginAttempts(Counters(connect(stores.redis_url)), Rate(2, 900))

    def test_an_account_is_guarded_from_all_addresses_together(self, attempts: LoginAttempts) -> None:
        attempts.begin(account="ada@example.com", address="192.0.2.1")
        attempts.begin(account="Ada@example.com", address="192.0.2.2")

        with pytest.raises(TooManyError, match="on this account") as refused:
            attempts.begin(account="ada@example.com", address="192.0.2.3")

        assert 1 <= refused.value.retry_after <= 900

    def test_an_address_is_stopped_whatever_the_account(self, attempts: LoginAttempts) -> None:
        attempts.begin(account="a@example.com", address="192.0.2.1")
        attempts.begin(account="b@example.com", address="192.0.2.1")

        with pytest.raises(TooManyError, match="from your address"):
            attempts.begin(account="c@example.com", address="192.0.2.1")

    def test_a_stopped_address_locks_nobody_out(self, attempts: LoginAttempts) -> None:
        for _ in range(2):
            attempts.begin(account="mallory@example.com", address="192.0.2.66")
        for _ in range(5):
            with pytest.raises(TooManyError):
                attempts.begin(account="ada@example.com", address="192.0.2.66")

        attempts.begin(account="ada@example.com", address="192.0.2.1")
        attempts.forgive(account="ada@example.com", address="192.0.2.1")

        attempts.begin(account="ada@example.com", address="192.0.2.1")

    def test_right_passwords_are_not_counted(self, attempts: LoginAttempts) -> None:
        for _ in range(10):
            attempts.begin(account="ada@example.com", address="192.0.2.1")
            attempts.forgive(account="ada@example.com", address="192.0.2.1")

        for _ in range(2):
            attempts.begin(account="ada@example.com", address="192.0.2.1")
        with pytest.raises(TooManyError):
            attempts.begin(account="ada@example.com", address="192.0.2.1")

    def test_forgiving_after_the_window_gives_no_credit(
        self, attempts: LoginAttempts, stores: Stores
    ) -> None:
        attempts.forgive(account="ada@example.com", address="192.0.2.1")

        for _ in range(2):
            attempts.begin(account="ada@example.com", address="192.0.2.1")
        with pytest.raises(TooManyError):
            attempts.begin(account="ada@example.com", address="192.0.2.1")

    def test_guesses_sent_at_once_to_two_processes_are_all_counted(self, own_stores: Stores) -> None:
        limit = {"login_attempts": "5 per 15 minutes"}
        with running_app(own_stores, **limit) as one, running_app(own_stores, **limit) as other:
            with one.app_context():
                email = make_user().email

            def guess(number: int) -> int:
                body = {"email": email, "password": f"guess number {number}"}
                client = (one, other)[number % 2].test_client()
                return client.post("/api/auth/login", json=body).status_code

            with ThreadPoolExecutor(8) as pool:
                statuses = Counter(pool.map(guess, range(16)))
            right = one.test_client().post("/api/auth/login", json={"email": email, "password": PASSWORD})

        assert statuses == {401: 5, 429: 11}
        assert right.status_code == 429
        assert int(right.headers["Retry-After"]) > 800
