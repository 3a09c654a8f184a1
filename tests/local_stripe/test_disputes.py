import pytest

from tests.local_stripe.calling import Api


class TestDisputes:
    def test_withdraw_the_money_and_a_fee(self, api: Api) -> None:
        paid = api.paid("pm_card_createDispute")

        (dispute,) = api.get("/v1/disputes", payment_intent=paid["id"])["data"]

        (line,) = dispute["balance_transactions"]
        assert (dispute["status"], dispute["reason"]) == ("needs_response", "fraudulent")
        assert (line["type"], line["amount"], line["fee"]) == ("adjustment", -10_000, 1_500)
        assert api.get(f"/v1/charges/{paid['latest_charge']}")["disputed"] is True
        assert api.told()[-2:] == ["charge.dispute.created", "charge.dispute.funds_withdrawn"]
        assert api.refused("/v1/refunds", {"payment_intent": paid["id"]})["code"] == "charge_disputed"

    @pytest.mark.parametrize(
        ("evidence", "status", "balance"),
        [
            ("winning_evidence", "won", 8_325),
            ("losing_evidence", "lost", -1_675),
            ("some", "under_review", -1_675),
        ],
    )
    def test_are_decided_by_evidence(self, api: Api, evidence: str, status: str, balance: int) -> None:
        paid = api.paid("pm_card_createDispute")
        (dispute,) = api.get("/v1/disputes", payment_intent=paid["id"])["data"]
        form = {"evidence[uncategorized_text]": evidence}

        draft = api.post(f"/v1/disputes/{dispute['id']}", form)
        decided = api.post(f"/v1/disputes/{dispute['id']}", {**form, "submit": "true"})

        assert (draft["status"], decided["status"]) == ("needs_response", status)
        assert sum(api.balance()) == balance

    def test_are_decided_once(self, api: Api) -> None:
        paid = api.paid()
        dispute = api.post("/local/disputes", {"payment_intent": paid["id"], "amount": 3_000})

        won = api.post(f"/local/disputes/{dispute['id']}", {"status": "won"})
        error = api.refused(f"/v1/disputes/{dispute['id']}/close")

        assert (dispute["amount"], won["status"], error["code"]) == (3_000, "won", "dispute_closed")
        assert api.told()[-2:] == ["charge.dispute.closed", "charge.dispute.funds_reinstated"]
        assert api.post("/v1/refunds", {"payment_intent": paid["id"]})["status"] == "succeeded"

    def test_may_only_ask(self, api: Api) -> None:
        paid = api.paid("pm_card_createDisputeInquiry")

        (dispute,) = api.get("/v1/disputes", payment_intent=paid["id"])["data"]
        closed = api.post(f"/v1/disputes/{dispute['id']}/close")

        assert (dispute["status"], closed["status"]) == ("warning_needs_response", "warning_closed")
        assert sum(api.balance()) == 9_825

    def test_need_money_that_was_taken(self, api: Api) -> None:
        held = api.paid(capture_method="manual")

        assert api.refused("/local/disputes", {"payment_intent": held["id"]})["code"] == "charge_not_captured"
