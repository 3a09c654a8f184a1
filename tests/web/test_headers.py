from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from tests.conftest import Stores
from tests.factories.apps import running_app

SHOP = "https://shop.example"
OFFICE = "https://office.example"


@pytest.fixture(scope="module")
def live(stores: Stores) -> Iterator[Flask]:
    """An application as in production, behind one proxy, for a shop and an office."""
    settings: dict[str, Any] = {"environment": "production", "cors_origins": (SHOP, OFFICE), "proxy_count": 1}
    with running_app(stores, **settings) as app:
        yield app


class TestProtection:
    @pytest.mark.parametrize("address", ["/health", "/api/nowhere", "/openapi.json"])
    def test_every_answer_says_what_a_browser_may_do_with_it(self, client: FlaskClient, address: str) -> None:
        headers = client.get(address).headers

        assert headers["Content-Security-Policy"].startswith("default-src 'none';")
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["X-Frame-Options"] == "DENY"
        assert headers["Referrer-Policy"] == "no-referrer"

    @pytest.mark.parametrize("address", ["/health", "/api/nowhere", "/api/auth/me"])
    def test_nobody_keeps_an_answer_unless_a_view_says_so(self, client: FlaskClient, address: str) -> None:
        assert client.get(address).headers["Cache-Control"] == "no-store"

    def test_browsers_are_told_to_stay_with_https_in_production(self, live: Flask) -> None:
        answer = live.test_client().get("/health", headers={"X-Forwarded-Proto": "https"})

        assert "max-age=31536000" in answer.headers["Strict-Transport-Security"]

    def test_they_are_not_over_plain_http(self, live: Flask) -> None:
        assert "Strict-Transport-Security" not in live.test_client().get("/health").headers

    def test_they_are_not_outside_of_production(self, client: FlaskClient) -> None:
        answer = client.get("/health", base_url="https://localhost")

        assert "Strict-Transport-Security" not in answer.headers


class TestOrigins:
    def test_a_configured_origin_may_read_answers_and_their_headers(self, live: Flask) -> None:
        headers = live.test_client().get("/api/nowhere", headers={"Origin": SHOP}).headers

        assert headers["Access-Control-Allow-Origin"] == SHOP
        assert headers["Access-Control-Allow-Credentials"] == "true"
        assert {"ETag", "X-Request-Id", "Retry-After"} <= set(
            headers["Access-Control-Expose-Headers"].split(", ")
        )
        assert "Origin" in headers["Vary"]

    def test_a_preflight_allows_what_the_api_needs(self, live: Flask) -> None:
        asked = {
            "Origin": SHOP,
            "Access-Control-Request-Method": "POST",
            "Access-Control-Request-Headers": "authorization, idempotency-key",
        }

        answer = live.test_client().options("/api/auth/login", headers=asked)

        assert answer.status_code == 200
        assert answer.headers["Access-Control-Allow-Origin"] == SHOP
        assert "POST" in answer.headers["Access-Control-Allow-Methods"]
        assert answer.headers["Access-Control-Allow-Headers"].lower() == "authorization, idempotency-key"

    @pytest.mark.parametrize(
        "origin", ["https://evil.example", "http://shop.example", "https://shop.example.evil.example", "null"]
    )
    def test_another_origin_may_not(self, live: Flask, origin: str) -> None:
        answer = live.test_client().get("/api/nowhere", headers={"Origin": origin})

        assert "Access-Control-Allow-Origin" not in answer.headers

    def test_metrics_are_for_no_other_origin(self, live: Flask) -> None:
        answer = live.test_client().get("/metrics", headers={"Origin": SHOP})

        assert "Access-Control-Allow-Origin" not in answer.headers

    def test_without_configured_origins_nobody_may(self, client: FlaskClient) -> None:
        answer = client.get("/api/nowhere", headers={"Origin": SHOP})

        assert "Access-Control-Allow-Origin" not in answer.headers
