"""How the SDK of Stripe reaches a web application of this process: by a call, without a socket."""

from collections.abc import Mapping
from typing import Any

import stripe
from werkzeug.test import Client


class WsgiHttpClient(stripe.HTTPClient):
    """Implements the SDK's HTTP client over a WSGI application; a request to no address reaches it."""

    name = "wsgi"

    def __init__(self, app: Any) -> None:
        super().__init__()
        self._client = Client(app, use_cookies=False)

    def request(
        self, method: str, url: str, headers: Mapping[str, str] | None, post_data: Any = None, **_: Any
    ) -> tuple[bytes, int, Mapping[str, str]]:
        answer = self._client.open(
            url, method=method.upper(), headers=dict(headers or {}), data=post_data or None
        )
        return answer.data, answer.status_code, answer.headers

    def close(self) -> None:
        """Nothing is open."""
