"""Opening a payout account over HTTP, up to the page of the local gateway."""

from urllib.parse import urlsplit

import pytest
import svcs
from flask.testing import FlaskClient
from werkzeug.test import Client

from backend.domains.payments.account_jobs import see_incomplete
from backend.domains.payments.accounts import PayoutAccounts
from backend.kernel.roles import Role
from backend.local_stripe.local import LocalStripe
from tests.factories.bookings import Customer, make_consultant
from tests.factories.catalog import make_provider
from tests.factories.identity import auth_headers, make_user
from tests.factories.payments import at, onboard, posting
from tests.factories.till import Till, work_off

PROVIDERS = "/api/providers/stripe-onboard"
EXPERTS = "/api/experts/stripe-onboard"


class TestProviders:
    def test_complete_their_account_on_the_gateways_page(
        self, client: FlaskClient, local_stripe: LocalStripe
    ) -> None:
        user = make_user(roles=[Role.PROVIDER])
        make_provider(user_id=user.id)
        headers = auth_headers(client, user)
        before = client.get(PROVIDERS, headers=headers)

        opened = client.post(PROVIDERS, json={"return_url": "http://127.0.0.1:5000/me"}, headers=headers)
        left = Client(local_stripe.app).post(urlsplit(opened.json["url"]).path, data={"outcome": "complete"})
        after = client.get(PROVIDERS, headers=headers)

        assert before.status_code == 404
        assert opened.status_code == 200
        assert opened.json.keys() == {"account_id", "url", "expires_at", "requirements"}
        assert "external_account" in opened.json["requirements"]
        assert left.headers["Location"] == "http://127.0.0.1:5000/me"
        assert after.json["account_id"] == opened.json["account_id"]
        assert (after.json["takes_transfers"], after.json["requirements"]) == (True, [])

    def test_are_known_to_have_completed_it_by_an_event(
        self, client: FlaskClient, local_stripe: LocalStripe
    ) -> None:
        user = make_user(roles=[Role.PROVIDER])
        owner = f"provider:{make_provider(user_id=user.id).id}"
        account_id = client.post(PROVIDERS, json={}, headers=auth_headers(client, user)).json["account_id"]
        before = svcs.flask.get(PayoutAccounts).account_of(owner)

        onboard(local_stripe, account_id)
        sent = local_stripe.deliver_due(post=posting(client))
        work_off()

        assert [(one.kind, one.status) for one in sent] == [("account.updated", 200)]
        assert before is None
        assert svcs.flask.get(PayoutAccounts).account_of(owner) == account_id

    def test_of_others_are_told_of_in_vain(self, client: FlaskClient, local_stripe: LocalStripe) -> None:
        stranger = at(local_stripe, "/v1/accounts", email="a@example.com")["id"]
        onboard(local_stripe, stranger)

        (sent,) = local_stripe.deliver_due(post=posting(client))
        work_off()

        assert sent.status == 200
        assert svcs.flask.get(PayoutAccounts).account_of(f"expert:{make_user().id}") is None

    def test_say_which_when_they_are_several(self, client: FlaskClient, local_stripe: LocalStripe) -> None:
        user = make_user(roles=[Role.PROVIDER])
        providers = [make_provider(user_id=user.id) for _ in range(2)]
        headers = auth_headers(client, user)

        vague = client.post(PROVIDERS, json={}, headers=headers)
        clear = [client.post(PROVIDERS, json={"provider_id": p.id}, headers=headers) for p in providers]

        assert vague.status_code == 422
        assert providers[1].id in vague.text
        assert len({answer.json["account_id"] for answer in clear}) == 2

    def test_are_not_opened_by_others_but_by_support(
        self, client: FlaskClient, local_stripe: LocalStripe
    ) -> None:
        provider = make_provider(user_id=make_user().id)
        asked = {"provider_id": provider.id}

        other = client.post(PROVIDERS, json=asked, headers=auth_headers(client, make_user()))
        analyst = make_user(roles=[Role.ANALYST])
        nosy = client.post(PROVIDERS, json=asked, headers=auth_headers(client, analyst))
        support = make_user(roles=[Role.SUPPORT])
        helpful = client.post(PROVIDERS, json=asked, headers=auth_headers(client, support))

        assert (other.status_code, nosy.status_code, helpful.status_code) == (403, 403, 200)

    def test_need_somebody_who_could_complete_it(
        self, client: FlaskClient, local_stripe: LocalStripe
    ) -> None:
        provider = make_provider()
        headers = auth_headers(client, make_user(roles=[Role.SUPPORT]))

        answer = client.post(PROVIDERS, json={"provider_id": provider.id}, headers=headers)

        assert answer.status_code == 409

    def test_come_back_to_pages_of_ours_only(self, client: FlaskClient, local_stripe: LocalStripe) -> None:
        user = make_user(roles=[Role.PROVIDER])
        make_provider(user_id=user.id)

        answer = client.post(
            PROVIDERS,
            json={"return_url": "http://127.0.0.1:5000@evil.example/"},
            headers=auth_headers(client, user),
        )

        assert answer.status_code == 422

    def test_act_for_somebody(self, client: FlaskClient) -> None:
        answer = client.post(PROVIDERS, json={}, headers=auth_headers(client, make_user()))

        assert answer.status_code == 404


class TestExperts:
    def test_have_an_account_of_their_own(self, client: FlaskClient, local_stripe: LocalStripe) -> None:
        headers = auth_headers(client, make_user(roles=[Role.EXPERT]))

        opened = client.post(EXPERTS, json={}, headers=headers)
        state = client.get(EXPERTS, headers=headers)

        assert opened.status_code == 200
        assert state.json["account_id"] == opened.json["account_id"]
        assert state.json["takes_transfers"] is False

    def test_are_not_everybody(self, client: FlaskClient) -> None:
        answer = client.post(EXPERTS, json={}, headers=auth_headers(client, make_user()))

        assert answer.status_code == 403


class TestPassingOn:
    """What was earned before an account was complete."""

    @pytest.mark.parametrize("way", ["event", "look", "hourly job"])
    def test_begins_when_the_account_takes_transfers(
        self, client: FlaskClient, local_stripe: LocalStripe, way: str
    ) -> None:
        shop, ada = make_consultant(), Customer.new(client)
        headers = auth_headers(client, shop.owner)
        account_id = client.post(PROVIDERS, json={}, headers=headers).json["account_id"]
        till = Till(ada)
        till.pay(till.book(ada.slots(shop)[0]["slot_id"]))
        work_off()
        before = local_stripe.events("transfer.created")
        onboard(local_stripe, account_id)

        if way == "event":
            local_stripe.deliver_due(post=posting(client))
        elif way == "look":
            client.get(PROVIDERS, headers=headers)
        else:
            see_incomplete()
        work_off()

        (told,) = local_stripe.events("transfer.created")
        assert before == []
        assert told["data"]["object"]["destination"] == account_id


class TestConfig:
    def test_tells_browsers_their_key_and_no_secret(self, client: FlaskClient) -> None:
        answer = client.get("/api/payments/config")

        assert answer.json == {"publishable_key": None}
