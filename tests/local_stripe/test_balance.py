from backend.local_stripe.options import DAY
from tests.fakes.clock import FakeClock
from tests.local_stripe.calling import Api


class TestPayouts:
    def test_take_what_is_available_to_the_bank(self, api: Api, clock: FakeClock) -> None:
        api.paid()
        too_early = api.refused("/v1/payouts", {"amount": 5_000, "currency": "eur"})
        clock.advance(days=2)

        payout = api.post("/v1/payouts", {"amount": 5_000, "currency": "eur"})
        clock.advance(days=1)

        assert too_early["code"] == "balance_insufficient"
        assert (payout["status"], payout["arrival_date"]) == ("in_transit", payout["created"] + DAY)
        assert api.get(f"/v1/payouts/{payout['id']}")["status"] == "paid"
        assert api.balance() == (4_825, 0)
        assert api.told()[-2:] == ["payout.created", "payout.paid"]

    def test_may_come_back(self, api: Api) -> None:
        api.paid("pm_card_bypassPending")
        payout = api.post("/v1/payouts", {"amount": 5_000, "currency": "eur"})

        failed = api.post(f"/local/payouts/{payout['id']}/fail")
        again = api.refused(f"/local/payouts/{payout['id']}/fail")

        assert (failed["status"], failed["failure_code"]) == ("failed", "account_closed")
        assert again["type"] == "invalid_request_error"
        assert api.balance() == (9_825, 0)
        assert [line["type"] for line in api.get("/v1/balance_transactions")["data"]] == [
            "payout_failure",
            "payout",
            "charge",
        ]


class TestBalance:
    def test_is_pending_for_two_days(self, api: Api, clock: FakeClock) -> None:
        paid = api.paid()
        charge = api.get(f"/v1/charges/{paid['latest_charge']}")
        before = api.get(f"/v1/balance_transactions/{charge['balance_transaction']}")["status"]
        pending = api.balance()

        clock.advance(days=2)

        after = api.get(f"/v1/balance_transactions/{charge['balance_transaction']}")["status"]
        assert (before, after) == ("pending", "available")
        assert (pending, api.balance()) == ((0, 9_825), (9_825, 0))

    def test_is_kept_by_currency(self, api: Api) -> None:
        api.paid()
        api.post(
            "/v1/payment_intents",
            {"amount": 1000, "currency": "jpy", "payment_method": "pm_card_visa", "confirm": "true"},
        )

        found = api.get("/v1/balance")

        assert {entry["currency"]: entry["amount"] for entry in found["pending"]} == {
            "eur": 9_825,
            "jpy": 960,
        }

    def test_lists_its_lines_by_source_and_time(self, api: Api, clock: FakeClock) -> None:
        paid = api.paid()
        clock.advance(minutes=1)
        api.paid()

        of_first = api.get("/v1/balance_transactions", source=paid["latest_charge"])["data"]
        late = api.get("/v1/balance_transactions", **{"created[gt]": of_first[0]["created"]})["data"]

        assert [line["source"] for line in of_first] == [paid["latest_charge"]]
        assert len(late) == 1
