import re

import pytest
from flask.testing import FlaskClient

from backend.web.docs import ASSETS, BUNDLES

PAGES = ("/docs", "/redoc")


def addresses(html: str) -> list[str]:
    """Everything that the page loads."""
    return re.findall(r'(?:src|href|spec-url|data-spec)="([^"]+)"', html)


def status(client: FlaskClient, address: str) -> int:
    """The status alone; the file behind the answer is closed."""
    with client.get(address) as answer:
        return answer.status_code


class TestPages:
    @pytest.mark.parametrize("page", PAGES)
    def test_a_page_loads_only_what_is_served_here(self, client: FlaskClient, page: str) -> None:
        html = client.get(page).get_data(as_text=True)

        loaded = addresses(html)
        assert "/openapi.json" in loaded
        assert all(address.startswith("/") and not address.startswith("//") for address in loaded)
        assert [status(client, address) for address in loaded] == [200] * len(loaded)

    @pytest.mark.parametrize("page", PAGES)
    def test_a_page_forbids_scripts_and_requests_to_elsewhere(self, client: FlaskClient, page: str) -> None:
        policy = client.get(page).headers["Content-Security-Policy"]

        assert "script-src 'self';" in policy
        assert "connect-src 'self';" in policy
        assert "http" not in policy

    @pytest.mark.parametrize("page", PAGES)
    def test_a_page_has_no_script_in_itself(self, client: FlaskClient, page: str) -> None:
        html = client.get(page).get_data(as_text=True)

        assert not re.search(r"<script[^>]*>[^<]", html)
        assert not re.search(r"\son\w+=", html)

    @pytest.mark.parametrize("page", PAGES)
    def test_a_page_answers_with_a_slash_at_its_end_too(self, client: FlaskClient, page: str) -> None:
        assert client.get(page + "/").status_code == 200


class TestAssets:
    @pytest.mark.parametrize("name", sorted(ASSETS))
    def test_an_asset_is_kept_by_browsers_for_as_long_as_its_address_lasts(
        self, client: FlaskClient, name: str
    ) -> None:
        with client.get(f"/docs/assets/{BUNDLES}/{name}") as answer:
            headers = answer.headers

        assert "immutable" in headers["Cache-Control"]
        assert int(headers["Content-Length"]) > 100

    @pytest.mark.parametrize(
        "path", [f"{BUNDLES}/index.html", f"{BUNDLES}/..%2f__init__.py", "0.0.1/swagger-ui.css"]
    )
    def test_nothing_else_is_served(self, client: FlaskClient, path: str) -> None:
        assert client.get(f"/docs/assets/{path}").status_code == 404
