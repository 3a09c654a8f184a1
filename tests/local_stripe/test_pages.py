"""Pages on which a person pays, proves who they are, and completes an account."""

from urllib.parse import parse_qs, urlsplit

import pytest
from werkzeug.test import Client, TestResponse

from backend.local_stripe.local import LocalStripe
from tests.fakes.clock import FakeClock
from tests.local_stripe.calling import Api

BACK = "https://shop.example/back?order=1"
SCA = "pm_card_authenticationRequired"


def at(local: LocalStripe, url: str, method: str = "GET", **form: str) -> TestResponse:
    parts = urlsplit(url)
    return Client(local.app).open(f"{parts.path}?{parts.query}", method=method, data=form)


class TestAuthenticating:
    def asked(self, api: Api, **form: str) -> dict[str, object]:
        return api.paid(SCA, return_url=BACK, **form)

    def url(self, intent: dict[str, object]) -> str:
        return str(intent["next_action"]["redirect_to_url"]["url"])  # type: ignore[index]

    @pytest.mark.parametrize(
        ("capture", "status"), [("automatic", "succeeded"), ("manual", "requires_capture")]
    )
    def test_pays(self, api: Api, local: LocalStripe, capture: str, status: str) -> None:
        asked = self.asked(api, capture_method=capture)

        page = at(local, self.url(asked))
        answer = at(local, self.url(asked), "POST", outcome="succeed")

        sent_to = urlsplit(answer.headers["Location"])
        assert "is it you who pays 100.00 eur" in page.text
        assert parse_qs(sent_to.query)["redirect_status"] == ["succeeded"]
        assert parse_qs(sent_to.query)["order"] == ["1"]
        assert api.get(f"/v1/payment_intents/{asked['id']}")["status"] == status
        assert "payment_intent.requires_action" in api.told()

    def test_fails_without_a_charge(self, api: Api, local: LocalStripe) -> None:
        asked = self.asked(api)

        answer = at(local, self.url(asked), "POST", outcome="fail")

        found = api.get(f"/v1/payment_intents/{asked['id']}")
        assert "redirect_status=failed" in answer.headers["Location"]
        assert found["status"] == "requires_payment_method"
        assert found["last_payment_error"]["code"] == "payment_intent_authentication_failure"
        assert found["latest_charge"] is None

    def test_may_end_in_a_decline(self, api: Api, local: LocalStripe) -> None:
        asked = api.paid("pm_card_authenticationRequiredChargeDeclinedInsufficientFunds", return_url=BACK)

        at(local, self.url(asked), "POST", outcome="succeed")

        error = api.get(f"/v1/payment_intents/{asked['id']}")["last_payment_error"]
        assert error["decline_code"] == "insufficient_funds"

    def test_is_done_once(self, api: Api, local: LocalStripe) -> None:
        asked = self.asked(api)
        at(local, self.url(asked), "POST", outcome="succeed")

        again = at(local, self.url(asked), "POST", outcome="succeed")

        assert again.status_code == 409
        assert api.balance() == (0, 9_825)

    def test_is_left_to_a_script_where_nobody_says_where_to_come_back_to(self, api: Api) -> None:
        assert api.paid(SCA)["next_action"]["type"] == "use_stripe_sdk"

    def test_needs_the_secret(self, api: Api, local: LocalStripe) -> None:
        asked = self.asked(api)

        answer = at(local, f"/authenticate/{asked['id']}?client_secret=x", "POST", outcome="succeed")

        assert answer.status_code == 403


class TestHome:
    def test_shows_what_happened_last(self, api: Api, local: LocalStripe) -> None:
        empty = at(local, "/")
        intent = api.paid(description="A tour")

        page = at(local, "/")

        assert "none yet" in empty.text
        assert "A tour" in page.text
        assert f"/pay/{intent['id']}?client_secret={intent['client_secret']}" in page.text
        assert "payment_intent.succeeded" in page.text


class TestPaying:
    def test_offers_the_test_cards_and_sends_back(self, api: Api, local: LocalStripe) -> None:
        intent = api.intent(description="A tour <1>")
        url = f"/pay/{intent['id']}?client_secret={intent['client_secret']}&return_url={BACK}"

        page = at(local, url)
        declined = at(local, url, "POST", payment_method="pm_card_visa_chargeDeclined")
        asked = at(local, url, "POST", payment_method=SCA)
        paid = at(local, asked.headers["Location"], "POST", outcome="succeed")

        assert "A tour &lt;1&gt;" in page.text
        assert "4000000000009995" in page.text
        assert "redirect_status=failed" in declined.headers["Location"]
        assert "redirect_status=succeeded" in paid.headers["Location"]
        assert api.get(f"/v1/payment_intents/{intent['id']}")["status"] == "succeeded"

    def test_stays_on_the_page_when_nobody_wants_people_back(self, api: Api, local: LocalStripe) -> None:
        intent = api.intent()
        url = f"/pay/{intent['id']}?client_secret={intent['client_secret']}"

        paid = at(local, url, "POST", payment_method="pm_card_visa")
        page = at(local, paid.headers["Location"])

        assert "succeeded" in page.text
        assert "<button>" not in page.text


class TestOnboarding:
    def link(self, api: Api) -> tuple[str, str]:
        account = api.post("/v1/accounts", {"type": "express", "capabilities[transfers][requested]": "true"})
        form = {
            "account": account["id"],
            "type": "account_onboarding",
            "return_url": "https://shop.example/done",
            "refresh_url": "https://shop.example/again",
        }
        link = api.post("/v1/account_links", form)
        return account["id"], link["url"]

    def test_completes_an_account(self, api: Api, local: LocalStripe) -> None:
        account, url = self.link(api)
        before = api.get(f"/v1/accounts/{account}")

        page = at(local, url)
        answer = at(local, url, "POST", outcome="complete")

        after = api.get(f"/v1/accounts/{account}")
        assert (before["capabilities"], before["payouts_enabled"]) == ({"transfers": "inactive"}, False)
        assert before["requirements"]["currently_due"]
        assert "external_account" in page.text
        assert answer.headers["Location"] == "https://shop.example/done"
        assert (after["capabilities"], after["payouts_enabled"]) == ({"transfers": "active"}, True)
        assert after["requirements"]["currently_due"] == []
        (event,) = local.events("account.updated")
        assert event["account"] == account

    def test_may_leave_something_out(self, api: Api, local: LocalStripe) -> None:
        account, url = self.link(api)

        at(local, url, "POST", outcome="document_missing")

        after = api.get(f"/v1/accounts/{account}")
        assert (after["details_submitted"], after["payouts_enabled"]) == (True, False)
        assert after["requirements"]["currently_due"] == ["individual.verification.document"]

    def test_works_once(self, api: Api, local: LocalStripe) -> None:
        _, url = self.link(api)
        at(local, url, "POST", outcome="complete")

        again = at(local, url)

        assert again.headers["Location"] == "https://shop.example/again"

    def test_ends_after_minutes(self, api: Api, local: LocalStripe, clock: FakeClock) -> None:
        _, url = self.link(api)

        clock.advance(minutes=5)

        assert at(local, url, "POST", outcome="complete").headers["Location"] == "https://shop.example/again"
        assert at(local, "/onboard/link_none").status_code == 404
