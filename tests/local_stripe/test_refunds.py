import pytest

from tests.fakes.clock import FakeClock
from tests.local_stripe.calling import Api


class TestRefunds:
    def test_give_back_without_the_fee(self, api: Api) -> None:
        paid = api.paid()

        refund = api.post("/v1/refunds", {"payment_intent": paid["id"], "metadata[reference]": "rfd_1"})

        charge = api.get(f"/v1/charges/{paid['latest_charge']}")
        assert (refund["status"], refund["amount"], refund["charge"]) == ("succeeded", 10_000, charge["id"])
        assert (charge["refunded"], charge["amount_refunded"]) == (True, 10_000)
        assert api.get(f"/v1/payment_intents/{paid['id']}")["amount_received"] == 10_000
        assert api.balance() == (0, -175)
        assert api.told()[-2:] == ["refund.created", "charge.refunded"]

    def test_never_give_more_than_is_left(self, api: Api) -> None:
        paid = api.paid()
        form = {"payment_intent": paid["id"]}
        api.post("/v1/refunds", {**form, "amount": 9_000})

        too_much = api.refused("/v1/refunds", {**form, "amount": 1_001})
        api.post("/v1/refunds", {**form, "amount": 1_000})
        nothing_left = api.refused("/v1/refunds", form)

        assert too_much["param"] == "amount"
        assert nothing_left["code"] == "charge_already_refunded"

    def test_of_a_part_that_was_captured_leave_the_rest(self, api: Api) -> None:
        held = api.paid(capture_method="manual")
        api.post(f"/v1/payment_intents/{held['id']}/capture", {"amount_to_capture": 6_000})

        error = api.refused("/v1/refunds", {"payment_intent": held["id"], "amount": 6_001})
        refund = api.post("/v1/refunds", {"payment_intent": held["id"]})

        assert error["param"] == "amount"
        assert refund["amount"] == 6_000

    @pytest.mark.parametrize(
        ("form", "code"),
        [
            ({}, None),
            ({"payment_intent": "pi_none"}, "resource_missing"),
            ({"charge": "ch_none"}, "resource_missing"),
        ],
    )
    def test_need_a_charge(self, api: Api, form: dict[str, str], code: str | None) -> None:
        assert api.refused("/v1/refunds", form).get("code") == code

    def test_need_money_that_was_taken(self, api: Api) -> None:
        held = api.paid(capture_method="manual")

        error = api.refused("/v1/refunds", {"payment_intent": held["id"]})
        by_charge = api.refused("/v1/refunds", {"charge": held["latest_charge"]})

        assert error["code"] == "payment_intent_unexpected_state"
        assert by_charge["code"] == "charge_not_refundable"

    def test_may_be_pending_and_succeed_later(self, api: Api, clock: FakeClock) -> None:
        paid = api.paid("pm_card_pendingRefund")
        refund = api.post("/v1/refunds", {"payment_intent": paid["id"]})

        clock.advance(minutes=1)

        assert refund["status"] == "pending"
        assert api.get(f"/v1/refunds/{refund['id']}")["status"] == "succeeded"
        assert api.told()[-1] == "refund.updated"

    def test_may_succeed_and_fail_later(self, api: Api, clock: FakeClock) -> None:
        paid = api.paid("pm_card_refundFail")
        refund = api.post("/v1/refunds", {"payment_intent": paid["id"], "amount": 4_000})

        clock.advance(minutes=1)

        found = api.get(f"/v1/refunds/{refund['id']}")
        line = api.get(f"/v1/balance_transactions/{found['failure_balance_transaction']}")
        assert (refund["status"], found["status"]) == ("succeeded", "failed")
        assert (line["type"], line["amount"], line["source"]) == ("refund_failure", 4_000, refund["id"])
        assert api.get(f"/v1/charges/{paid['latest_charge']}")["amount_refunded"] == 0
        assert api.balance() == (0, 9_825)
        assert api.told()[-2:] == ["refund.failed", "charge.refund.updated"]
