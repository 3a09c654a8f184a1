import pytest

from tests.fakes.clock import FakeClock
from tests.local_stripe.calling import Api

SCA = "pm_card_authenticationRequired"


class TestCreate:
    @pytest.mark.parametrize(
        ("form", "code"),
        [
            ({"currency": "eur"}, "parameter_missing"),
            ({"amount": 1000}, "parameter_missing"),
            ({"amount": 0, "currency": "eur"}, "parameter_invalid_integer"),
            ({"amount": 49, "currency": "eur"}, "amount_too_small"),
            ({"amount": 100_000_000, "currency": "eur"}, "amount_too_large"),
            ({"amount": 1050, "currency": "isk"}, "parameter_invalid"),
            ({"amount": 1005, "currency": "kwd"}, "parameter_invalid"),
            ({"amount": 1000, "currency": "eur", "customer": "cus_none"}, "resource_missing"),
            ({"amount": 1000, "currency": "eur", "payment_method": "pm_none"}, "resource_missing"),
            ({"amount": 1000, "currency": "eur", "off_session": "true"}, "parameter_invalid"),
            (
                {"amount": 1000, "currency": "eur", "payment_method_types[]": "card"},
                "payment_method_types_no_longer_supported",
            ),
        ],
    )
    def test_refuses_what_cannot_be_paid(self, api: Api, form: dict[str, object], code: str) -> None:
        error = api.refused("/v1/payment_intents", form)

        assert (error["status"], error["code"]) == (400, code)
        assert api.told() == []

    def test_keeps_what_it_is_told(self, api: Api) -> None:
        made = api.intent(
            **{"metadata[reference]": "ord_1", "transfer_group": "ord_1", "description": "Tour"}
        )

        found = api.get(f"/v1/payment_intents/{made['id']}")

        assert found == made
        assert (found["metadata"], found["transfer_group"]) == ({"reference": "ord_1"}, "ord_1")
        assert (found["status"], found["amount_received"]) == ("requires_payment_method", 0)

    def test_waits_for_the_confirmation_when_it_has_a_card(self, api: Api) -> None:
        assert api.intent(payment_method="pm_card_visa")["status"] == "requires_confirmation"


class TestUpdate:
    def test_changes_the_amount_until_it_is_paid(self, api: Api) -> None:
        made, paid = api.intent(), api.paid()

        changed = api.post(f"/v1/payment_intents/{made['id']}", {"amount": 5000})
        error = api.refused(f"/v1/payment_intents/{paid['id']}", {"amount": 5000})

        assert changed["amount"] == 5000
        assert error["code"] == "payment_intent_unexpected_state"

    def test_changes_what_is_said_of_it_and_the_card(self, api: Api) -> None:
        made = api.intent(**{"metadata[a]": "1", "metadata[b]": "2"})
        form = {"description": "Tour", "metadata[a]": "", "setup_future_usage": "off_session"}

        changed = api.post(f"/v1/payment_intents/{made['id']}", {**form, "payment_method": "pm_card_visa"})

        assert (changed["description"], changed["metadata"]) == ("Tour", {"b": "2"})
        assert (changed["status"], changed["setup_future_usage"]) == ("requires_confirmation", "off_session")

    def test_are_confirmed_with_the_details_of_a_card(self, api: Api) -> None:
        made = api.intent()
        form = {"payment_method_data[type]": "card", "payment_method_data[card][token]": "tok_visa"}

        paid = api.post(f"/v1/payment_intents/{made['id']}/confirm", form)

        assert paid["status"] == "succeeded"


class TestConfirm:
    def test_takes_the_money_with_its_fee(self, api: Api) -> None:
        paid = api.paid()

        charge = api.get(f"/v1/charges/{paid['latest_charge']}", **{"expand[]": "balance_transaction"})
        assert (paid["status"], paid["amount_received"]) == ("succeeded", 10_000)
        assert (charge["captured"], charge["amount_captured"]) == (True, 10_000)
        assert (charge["balance_transaction"]["fee"], charge["balance_transaction"]["net"]) == (175, 9_825)
        assert api.told() == ["payment_intent.created", "charge.succeeded", "payment_intent.succeeded"]

    def test_is_done_once(self, api: Api) -> None:
        paid = api.paid()

        error = api.refused(f"/v1/payment_intents/{paid['id']}/confirm", {"payment_method": "pm_card_visa"})

        assert error["code"] == "payment_intent_unexpected_state"
        assert error["payment_intent"]["status"] == "succeeded"
        assert api.balance() == (0, 9_825)

    @pytest.mark.parametrize(
        ("card", "code", "decline_code"),
        [
            ("pm_card_visa_chargeDeclined", "card_declined", "generic_decline"),
            ("pm_card_visa_chargeDeclinedInsufficientFunds", "card_declined", "insufficient_funds"),
            ("pm_card_visa_chargeDeclinedStolenCard", "card_declined", "stolen_card"),
            ("pm_card_chargeDeclinedExpiredCard", "expired_card", None),
            ("pm_card_chargeDeclinedIncorrectCvc", "incorrect_cvc", None),
            ("pm_card_chargeDeclinedProcessingError", "processing_error", None),
        ],
    )
    def test_says_why_a_card_is_declined(
        self, api: Api, card: str, code: str, decline_code: str | None
    ) -> None:
        made = api.intent()

        error = api.refused(f"/v1/payment_intents/{made['id']}/confirm", {"payment_method": card})

        found = api.get(f"/v1/payment_intents/{made['id']}")
        charge = api.get(f"/v1/charges/{error['charge']}")
        assert (error["status"], error["type"]) == (402, "card_error")
        assert (error["code"], error.get("decline_code")) == (code, decline_code)
        assert error["payment_intent"] == found
        assert (found["status"], found["last_payment_error"]["code"]) == ("requires_payment_method", code)
        assert (charge["status"], charge["paid"], charge["failure_code"]) == ("failed", False, code)
        assert api.told()[-2:] == ["charge.failed", "payment_intent.payment_failed"]

    def test_takes_another_card_after_a_decline(self, api: Api) -> None:
        made = api.intent()
        path = f"/v1/payment_intents/{made['id']}/confirm"
        api.refused(path, {"payment_method": "pm_card_visa_chargeDeclined"})

        paid = api.post(path, {"payment_method": "pm_card_visa"})

        assert (paid["status"], paid["last_payment_error"]) == ("succeeded", None)

    def test_wants_a_card(self, api: Api) -> None:
        made = api.intent()

        assert api.refused(f"/v1/payment_intents/{made['id']}/confirm")["code"] == "parameter_missing"


class TestCapture:
    def held(self, api: Api) -> str:
        return str(api.paid(capture_method="manual")["id"])

    def test_takes_a_part_and_gives_the_rest_back(self, api: Api) -> None:
        held = self.held(api)

        taken = api.post(f"/v1/payment_intents/{held}/capture", {"amount_to_capture": 6_000})

        charge = api.get(f"/v1/charges/{taken['latest_charge']}")
        assert (taken["status"], taken["amount_received"], taken["amount_capturable"]) == (
            "succeeded",
            6_000,
            0,
        )
        assert (charge["amount_captured"], charge["amount_refunded"]) == (6_000, 4_000)
        assert api.balance() == (0, 6_000 - 115)
        assert api.told()[-4:] == [
            "charge.succeeded",
            "payment_intent.amount_capturable_updated",
            "charge.captured",
            "payment_intent.succeeded",
        ]

    def test_takes_no_more_than_was_authorised(self, api: Api) -> None:
        held = self.held(api)

        error = api.refused(f"/v1/payment_intents/{held}/capture", {"amount_to_capture": 10_001})

        assert error["code"] == "amount_too_large"
        assert api.get(f"/v1/payment_intents/{held}")["status"] == "requires_capture"

    def test_is_of_what_is_authorised_only(self, api: Api) -> None:
        paid = api.paid()

        error = api.refused(f"/v1/payment_intents/{paid['id']}/capture")

        assert error["code"] == "payment_intent_unexpected_state"

    def test_comes_too_late_after_a_week(self, api: Api, clock: FakeClock) -> None:
        held = self.held(api)

        clock.advance(days=7)

        found = api.get(f"/v1/payment_intents/{held}")
        assert (found["status"], found["cancellation_reason"]) == ("canceled", "automatic")
        assert api.told()[-1] == "payment_intent.canceled"
        assert api.balance() == (0, 0)


class TestCancel:
    @pytest.mark.parametrize("card", [None, "pm_card_visa", SCA])
    def test_lets_go_of_what_was_not_paid(self, api: Api, card: str | None) -> None:
        form = {"payment_method": card} if card else {}
        made = api.intent(**form)

        canceled = api.post(f"/v1/payment_intents/{made['id']}/cancel", {"cancellation_reason": "abandoned"})

        assert (canceled["status"], canceled["cancellation_reason"]) == ("canceled", "abandoned")

    def test_releases_what_was_authorised(self, api: Api) -> None:
        held = api.paid(capture_method="manual")

        api.post(f"/v1/payment_intents/{held['id']}/cancel")

        charge = api.get(f"/v1/charges/{held['latest_charge']}")
        assert (charge["captured"], charge["refunded"]) == (False, True)
        assert api.balance() == (0, 0)

    @pytest.mark.parametrize("verb", ["cancel", "confirm", "capture"])
    def test_is_final(self, api: Api, verb: str) -> None:
        made = api.intent()
        api.post(f"/v1/payment_intents/{made['id']}/cancel")

        error = api.refused(f"/v1/payment_intents/{made['id']}/{verb}")

        assert error["code"] == "payment_intent_unexpected_state"


class TestSavedCards:
    def saved(self, api: Api, card: str) -> dict[str, str]:
        customer = api.post("/v1/customers", {"email": "ann@example.com"})
        method = api.post(f"/v1/payment_methods/{card}/attach", {"customer": customer["id"]})
        return {"customer": customer["id"], "payment_method": method["id"]}

    def used(self, api: Api, saved: dict[str, str]) -> dict[str, object]:
        form = {"amount": 900, "currency": "eur", "confirm": "true", "off_session": "true", **saved}
        answer = api.send("POST", "/v1/payment_intents", form)
        return dict(answer.get_json().get("error", answer.get_json()))

    def test_are_attached_by_a_payment_that_is_to_be_repeated(self, api: Api) -> None:
        customer = api.post("/v1/customers", {"email": "ann@example.com"})["id"]

        paid = api.paid(customer=customer, setup_future_usage="off_session")

        cards = api.get(f"/v1/customers/{customer}/payment_methods")["data"]
        assert [card["id"] for card in cards] == [paid["payment_method"]]
        again = self.used(api, {"customer": customer, "payment_method": paid["payment_method"]})
        assert again["status"] == "succeeded"

    def test_are_used_once_when_they_were_not_kept(self, api: Api) -> None:
        paid = api.paid()

        error = self.used(api, {"payment_method": paid["payment_method"]})

        assert error["code"] == "payment_method_unexpected_state"

    def test_are_their_customers_only(self, api: Api) -> None:
        saved = self.saved(api, "pm_card_visa")
        other = api.post("/v1/customers")["id"]

        error = self.used(api, {**saved, "customer": other})

        assert error["param"] == "payment_method"

    @pytest.mark.parametrize(
        ("card", "code"),
        [
            ("pm_card_chargeCustomerFail", "card_declined"),
            (SCA, "authentication_required"),
            ("pm_card_authenticationRequiredOnSetup", "authentication_required"),
        ],
    )
    def test_may_be_declined_later(self, api: Api, card: str, code: str) -> None:
        error = self.used(api, self.saved(api, card))

        assert error["code"] == code
        assert error["payment_intent"]["status"] == "requires_payment_method"  # type: ignore[index]

    def test_may_need_no_more_authentication(self, api: Api) -> None:
        card = "pm_card_authenticationRequiredSetupForOffSession"

        assert self.used(api, self.saved(api, card))["status"] == "succeeded"

    def test_go_when_they_are_detached_and_with_their_customer(self, api: Api) -> None:
        saved, other = self.saved(api, "pm_card_visa"), self.saved(api, "pm_card_visa")

        api.post(f"/v1/payment_methods/{saved['payment_method']}/detach")
        api.send("DELETE", f"/v1/customers/{other['customer']}")

        assert self.used(api, saved)["code"] == "payment_method_unexpected_state"
        assert self.used(api, other)["code"] == "resource_missing"

    def test_are_attached_to_one_customer(self, api: Api) -> None:
        saved = self.saved(api, "pm_card_visa")
        path = f"/v1/payment_methods/{saved['payment_method']}/attach"
        other = api.post("/v1/customers")["id"]

        again = api.post(path, {"customer": saved["customer"]})
        error = api.refused(path, {"customer": other})

        assert again["customer"] == saved["customer"]
        assert "already been attached" in error["message"]
        assert api.told().count("payment_method.attached") == 1

    def test_are_detached_once(self, api: Api) -> None:
        saved = self.saved(api, "pm_card_visa")
        api.post(f"/v1/payment_methods/{saved['payment_method']}/detach")

        error = api.refused(f"/v1/payment_methods/{saved['payment_method']}/detach")

        assert "not attached" in error["message"]

    @pytest.mark.parametrize(
        ("form", "param"),
        [
            ({"type": "sepa_debit"}, "type"),
            ({"type": "card"}, "card[number]"),
            ({"type": "card", "card[token]": "tok_none"}, "card[token]"),
        ],
    )
    def test_are_cards_that_are_known(self, api: Api, form: dict[str, str], param: str) -> None:
        assert api.refused("/v1/payment_methods", form)["param"] == param

    def test_are_made_of_a_number_or_a_token(self, api: Api) -> None:
        by_number = api.post("/v1/payment_methods", {"type": "card", "card[number]": "4000 0000 0000 9995"})
        by_token = api.post("/v1/payment_methods", {"type": "card", "card[token]": "tok_visa"})
        wrong = api.refused("/v1/payment_methods", {"type": "card", "card[number]": "4242424242424241"})

        assert (by_number["card"]["last4"], by_token["card"]["last4"]) == ("9995", "4242")
        assert (wrong["status"], wrong["code"]) == (402, "incorrect_number")


class TestCustomers:
    def test_are_found_by_their_address_and_changed(self, api: Api) -> None:
        ann = api.post("/v1/customers", {"email": "ann@example.com", "metadata[reference]": "usr_1"})
        api.post("/v1/customers", {"email": "bob@example.com"})

        changed = api.post(f"/v1/customers/{ann['id']}", {"name": "Ann"})

        assert api.get("/v1/customers", email="ann@example.com")["data"] == [changed]
        assert api.get(f"/v1/customers/{ann['id']}") == changed
        assert (changed["name"], changed["email"]) == ("Ann", "ann@example.com")
        assert changed["metadata"] == {"reference": "usr_1"}
