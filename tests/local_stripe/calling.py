"""Requests to the local gateway as any client of Stripe's makes them."""

from dataclasses import dataclass
from typing import Any

from werkzeug.test import Client, TestResponse

from backend.local_stripe.local import LocalStripe
from tests.factories.payments import AUTH

CARD = "pm_card_visa"


@dataclass(frozen=True)
class Api:
    """The API of a gateway: forms in, JSON out."""

    local: LocalStripe

    def send(
        self, method: str, path: str, form: dict[str, Any] | None = None, **headers: str
    ) -> TestResponse:
        """A request with the secret key; `headers` are named with `_` for `-`."""
        sent = {**AUTH, **{name.replace("_", "-"): value for name, value in headers.items()}}
        values = {"query_string": form} if method == "GET" else {"data": form}
        return Client(self.local.app).open(path, method=method, headers=sent, **values)

    def get(self, path: str, **form: Any) -> dict[str, Any]:
        """The JSON of a GET that succeeds."""
        return self._json(self.send("GET", path, form))

    def post(self, path: str, form: dict[str, Any] | None = None, **headers: str) -> dict[str, Any]:
        """The JSON of a POST that succeeds."""
        return self._json(self.send("POST", path, form, **headers))

    def refused(self, path: str, form: dict[str, Any] | None = None, **headers: str) -> dict[str, Any]:
        """The error object of a POST that does not, with its `status`."""
        answer = self.send("POST", path, form, **headers)
        assert answer.status_code >= 400, answer.text
        return {**answer.get_json()["error"], "status": answer.status_code}

    def intent(self, **form: Any) -> dict[str, Any]:
        """A new PaymentIntent of 100 EUR."""
        return self.post("/v1/payment_intents", {"amount": 10_000, "currency": "eur", **form})

    def paid(self, card: str = CARD, **form: Any) -> dict[str, Any]:
        """A PaymentIntent of 100 EUR, confirmed with `card`."""
        return self.intent(payment_method=card, confirm="true", **form)

    def account(self) -> str:
        """The id of a connected account that takes transfers."""
        account = self.post("/v1/accounts", {"type": "express", "capabilities[transfers][requested]": "true"})
        self.post(f"/local/accounts/{account['id']}", {"outcome": "complete"})
        return str(account["id"])

    def balance(self, account: str | None = None) -> tuple[int, int]:
        """What is available and what is pending, in cents."""
        headers = {"Stripe_Account": account} if account else {}
        found = self._json(self.send("GET", "/v1/balance", **headers))
        return found["available"][0]["amount"], found["pending"][0]["amount"]

    def told(self) -> list[str]:
        """The kinds of all events, oldest first."""
        return [event["type"] for event in self.local.events()]

    def _json(self, answer: TestResponse) -> dict[str, Any]:
        assert answer.status_code == 200, answer.text
        return dict(answer.get_json())
