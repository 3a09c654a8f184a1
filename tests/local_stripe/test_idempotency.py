from tests.fakes.clock import FakeClock
from tests.local_stripe.calling import Api

FORM = {"amount": 1000, "currency": "eur"}
PATH = "/v1/payment_intents"


class TestKeys:
    def test_do_their_work_once_and_answer_the_same(self, api: Api) -> None:
        first = api.send("POST", PATH, FORM, Idempotency_Key="k")
        second = api.send("POST", PATH, FORM, Idempotency_Key="k")

        assert second.get_json() == first.get_json()
        assert "Idempotent-Replayed" not in first.headers
        assert second.headers["Idempotent-Replayed"] == "true"
        assert api.told() == ["payment_intent.created"]

    def test_are_refused_for_another_request(self, api: Api) -> None:
        api.post(PATH, FORM, Idempotency_Key="k")

        other_form = api.refused(PATH, {**FORM, "amount": 2000}, Idempotency_Key="k")
        other_path = api.refused("/v1/customers", FORM, Idempotency_Key="k")

        assert {other_form["type"], other_path["type"]} == {"idempotency_error"}
        assert other_form["status"] == 400

    def test_remember_declines_too(self, api: Api) -> None:
        form = {**FORM, "payment_method": "pm_card_visa_chargeDeclined", "confirm": "true"}

        first = api.refused(PATH, form, Idempotency_Key="k")
        second = api.refused(PATH, form, Idempotency_Key="k")

        assert first == second
        assert api.told().count("charge.failed") == 1

    def test_are_free_after_a_request_that_was_never_begun(self, api: Api) -> None:
        api.refused(PATH, {"amount": 1000}, Idempotency_Key="k")

        assert api.post(PATH, FORM, Idempotency_Key="k")["amount"] == 1000

    def test_are_each_accounts_own(self, api: Api) -> None:
        account = api.account()

        here = api.post("/v1/customers", {"name": "A"}, Idempotency_Key="k")
        there = api.post("/v1/customers", {"name": "B"}, Idempotency_Key="k", Stripe_Account=account)

        assert here["id"] != there["id"]

    def test_are_forgotten_after_a_day(self, api: Api, clock: FakeClock) -> None:
        first = api.post(PATH, FORM, Idempotency_Key="k")
        clock.advance(hours=24)

        second = api.post(PATH, FORM, Idempotency_Key="k")

        assert first["id"] != second["id"]

    def test_are_free_after_a_request_that_broke_the_gateway(self, api: Api) -> None:
        form = {**FORM, "payment_method": "pm_card_visa", "confirm": "true"}
        with api.local.store.writing() as connection:
            connection.execute("ALTER TABLE movements RENAME TO away")

        broken = api.send("POST", PATH, form, Idempotency_Key="k")

        with api.local.store.writing() as connection:
            connection.execute("ALTER TABLE away RENAME TO movements")
        assert (broken.status_code, api.told()) == (500, [])
        assert api.post(PATH, form, Idempotency_Key="k")["status"] == "succeeded"

    def test_are_in_use_while_the_first_request_works(self, api: Api) -> None:
        # As the first request leaves it behind while it works.
        api.post(PATH, FORM, Idempotency_Key="k")
        with api.local.store.writing() as connection:
            connection.execute("UPDATE keys SET status = NULL, body = NULL")

        error = api.refused(PATH, FORM, Idempotency_Key="k")

        assert (error["status"], error["code"]) == (409, "idempotency_key_in_use")

    def test_are_taken_over_from_a_process_that_died(self, api: Api) -> None:
        api.post(PATH, FORM, Idempotency_Key="k")
        with api.local.store.writing() as connection:
            connection.execute("UPDATE keys SET status = NULL, body = NULL, claimed_at = claimed_at - 31")

        again = api.post(PATH, FORM, Idempotency_Key="k")

        assert again["status"] == "requires_payment_method"
