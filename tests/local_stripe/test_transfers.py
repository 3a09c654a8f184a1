import pytest

from tests.fakes.clock import FakeClock
from tests.local_stripe.calling import Api


def transferred(api: Api, account: str, amount: int, **form: str) -> dict[str, object]:
    return api.post("/v1/transfers", {"amount": amount, "currency": "eur", "destination": account, **form})


class TestTransfers:
    def test_of_a_charge_wait_for_its_money(self, api: Api, clock: FakeClock) -> None:
        account, paid = api.account(), api.paid(transfer_group="ord_1")

        transfer = transferred(api, account, 8_000, source_transaction=paid["latest_charge"])
        pending = api.balance(account)
        clock.advance(days=2)

        assert (transfer["transfer_group"], transfer["amount_reversed"]) == ("ord_1", 0)
        assert (pending, api.balance(account)) == ((0, 8_000), (8_000, 0))
        assert api.balance() == (1_825, 0)
        assert api.get("/v1/transfers", transfer_group="ord_1")["data"] == [transfer]
        assert api.get("/v1/transfers", transfer_group="ord_2")["data"] == []

    def test_of_a_charge_never_exceed_it_together(self, api: Api) -> None:
        account, paid = api.account(), api.paid()
        source = {"source_transaction": paid["latest_charge"]}
        transferred(api, account, 6_000, **source)

        form = {"amount": 4_001, "currency": "eur", "destination": account, **source}
        error = api.refused("/v1/transfers", form)

        assert error["param"] == "amount"
        assert transferred(api, account, 4_000, **source)["amount"] == 4_000

    def test_without_a_charge_need_available_money(self, api: Api, clock: FakeClock) -> None:
        account = api.account()
        api.paid()
        form = {"amount": 8_000, "currency": "eur", "destination": account}

        error = api.refused("/v1/transfers", form)
        clock.advance(days=2)

        assert error["code"] == "balance_insufficient"
        assert api.post("/v1/transfers", form)["amount"] == 8_000

    @pytest.mark.parametrize(
        ("form", "code", "param"),
        [
            ({"destination": "acct_none"}, "resource_missing", "destination"),
            ({"source_transaction": "ch_none"}, "resource_missing", "source_transaction"),
            ({"currency": "usd"}, None, "currency"),
            ({"amount": ""}, "parameter_missing", "amount"),
        ],
    )
    def test_are_refused_when_they_make_no_sense(
        self, api: Api, form: dict[str, str], code: str | None, param: str
    ) -> None:
        charge = api.paid()["latest_charge"]
        good = {
            "amount": 1_000,
            "currency": "eur",
            "destination": api.account(),
            "source_transaction": charge,
        }

        error = api.refused("/v1/transfers", {**good, **form})

        assert (error.get("code"), error["param"]) == (code, param)

    def test_need_a_captured_charge_and_an_able_account(self, api: Api) -> None:
        held = api.paid(capture_method="manual")
        unable = api.post("/v1/accounts", {"capabilities[transfers][requested]": "true"})["id"]
        form = {"amount": 1_000, "currency": "eur", "source_transaction": held["latest_charge"]}

        uncaptured = api.refused("/v1/transfers", {**form, "destination": api.account()})
        inactive = api.refused("/v1/transfers", {**form, "destination": unable})

        assert uncaptured["param"] == "source_transaction"
        assert inactive["code"] == "insufficient_capabilities_for_transfer"


class TestReversals:
    def test_bring_a_transfer_back_in_parts(self, api: Api) -> None:
        account, paid = api.account(), api.paid()
        name = transferred(api, account, 8_000, source_transaction=paid["latest_charge"])["id"]

        first = api.post(f"/v1/transfers/{name}/reversals", {"amount": 3_000})
        rest = api.post(f"/v1/transfers/{name}/reversals")
        error = api.refused(f"/v1/transfers/{name}/reversals")

        found = api.get(f"/v1/transfers/{name}")
        assert (first["amount"], rest["amount"]) == (3_000, 5_000)
        assert (found["reversed"], found["amount_reversed"]) == (True, 8_000)
        assert [r["id"] for r in found["reversals"]["data"]] == [first["id"], rest["id"]]
        assert api.get(f"/v1/transfers/{name}/reversals/{first['id']}") == first
        assert "fully reversed" in error["message"]
        assert (api.balance(account), api.balance()) == ((0, 0), (0, 9_825))
        assert api.told()[-1] == "transfer.reversed"

    def test_are_of_what_was_transferred_at_most(self, api: Api) -> None:
        account, paid = api.account(), api.paid()
        name = transferred(api, account, 8_000, source_transaction=paid["latest_charge"])["id"]

        error = api.refused(f"/v1/transfers/{name}/reversals", {"amount": 8_001})

        assert error["param"] == "amount"

    def test_need_money_in_the_account(self, api: Api) -> None:
        account, paid = api.account(), api.paid("pm_card_bypassPending")
        name = transferred(api, account, 8_000, source_transaction=paid["latest_charge"])["id"]
        api.post("/v1/payouts", {"amount": 5_000, "currency": "eur"}, Stripe_Account=account)

        error = api.refused(f"/v1/transfers/{name}/reversals", {"amount": 3_001})

        assert error["code"] == "balance_insufficient"
        assert api.post(f"/v1/transfers/{name}/reversals", {"amount": 3_000})["amount"] == 3_000


class TestAccounts:
    def test_see_what_is_theirs_only(self, api: Api) -> None:
        account, paid = api.account(), api.paid()
        transferred(api, account, 8_000, source_transaction=paid["latest_charge"])

        own = api.send("GET", "/v1/balance_transactions", Stripe_Account=account).get_json()["data"]
        others = api.send("GET", f"/v1/payment_intents/{paid['id']}", Stripe_Account=account)

        assert [(line["type"], line["amount"]) for line in own] == [("payment", 8_000)]
        assert others.status_code == 404

    def test_of_others_are_a_matter_of_permission(self, api: Api) -> None:
        answer = api.send("GET", "/v1/accounts/acct_none")

        assert (answer.status_code, answer.get_json()["error"]["code"]) == (403, "account_invalid")
