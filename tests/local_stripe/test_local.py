"""The state: it outlives the process, and several may use it at once."""

import threading
from pathlib import Path

import pytest

from backend.local_stripe.faults import Moment
from backend.local_stripe.local import LocalStripe
from tests.fakes.clock import FakeClock
from tests.local_stripe.calling import Api

FORM = {"amount": 1000, "currency": "eur"}


class TestState:
    def test_survives_a_restart(self, clock: FakeClock, tmp_path: Path) -> None:
        file = tmp_path / "folder" / "state.sqlite3"
        before = LocalStripe(file, now=clock.now)
        paid = Api(before).paid("pm_card_pendingRefund")
        refund = Api(before).post("/v1/refunds", {"payment_intent": paid["id"]})
        before.close()
        clock.advance(minutes=2)

        after = LocalStripe(file, now=clock.now)
        found = Api(after).get(f"/v1/payment_intents/{paid['id']}")
        settled = Api(after).get(f"/v1/refunds/{refund['id']}")
        after.close()

        assert found == paid
        assert (refund["status"], settled["status"]) == ("pending", "succeeded")

    def test_is_the_same_for_the_same_seed(self, clock: FakeClock, tmp_path: Path) -> None:
        made = []
        for name in ("one", "two"):
            local = LocalStripe(tmp_path / name, now=clock.now, seed="s", durable=False)
            made.append(Api(local).paid())
            local.close()

        assert made[0] == made[1]

    def test_is_shared_by_two_that_write_at_once(self, clock: FakeClock, tmp_path: Path) -> None:
        locals_ = [LocalStripe(tmp_path / "state", now=clock.now, durable=False) for _ in range(2)]
        paid = Api(locals_[0]).paid()
        together = threading.Barrier(6)
        statuses: list[int] = []

        def refund(local: LocalStripe) -> None:
            together.wait()
            form = {"payment_intent": paid["id"], "amount": 4_000}
            statuses.append(Api(local).send("POST", "/v1/refunds", form).status_code)

        threads = [threading.Thread(target=refund, args=[locals_[i % 2]]) for i in range(6)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

        refunded = Api(locals_[1]).get(f"/v1/charges/{paid['latest_charge']}")["amount_refunded"]
        for local in locals_:
            local.close()
        assert sorted(statuses) == [200, 200, 400, 400, 400, 400]
        assert refunded == 8_000

    def test_does_the_work_of_a_key_once_for_many_at_once(self, clock: FakeClock, tmp_path: Path) -> None:
        local = LocalStripe(tmp_path / "state", now=clock.now, durable=False)
        together = threading.Barrier(6)
        answers: list[tuple[int, str | None]] = []

        def create() -> None:
            together.wait()
            answer = Api(local).send("POST", "/v1/payment_intents", FORM, Idempotency_Key="k")
            answers.append((answer.status_code, answer.get_json().get("id")))

        threads = [threading.Thread(target=create) for _ in range(6)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

        told = Api(local).told()
        local.close()
        assert told == ["payment_intent.created"]
        assert {status for status, _ in answers} <= {200, 409}
        assert len({name for status, name in answers if status == 200}) == 1


class TestFaults:
    @pytest.mark.parametrize(
        ("moment", "status", "made"),
        [(Moment.BEFORE, 504, 0), (Moment.AFTER, 504, 1), (Moment.ERROR, 500, 0), (Moment.BUSY, 429, 0)],
    )
    def test_happen_as_often_as_they_were_asked_for(
        self, api: Api, moment: Moment, status: int, made: int
    ) -> None:
        api.local.fail("/v1/payment_intents", moment, times=1)

        first = api.send("POST", "/v1/payment_intents", FORM, Idempotency_Key="k")
        told = api.told()
        second = api.send("POST", "/v1/payment_intents", FORM, Idempotency_Key="k")

        assert (first.status_code, second.status_code) == (status, 200)
        assert (len(told), len(api.told())) == (made, 1)

    def test_are_asked_for_over_http_too(self, api: Api) -> None:
        api.post("/local/faults", {"path": "/v1/balance", "method": "GET", "moment": "error"})
        wrong = api.refused("/local/faults", {"path": "("})

        assert api.send("GET", "/v1/balance").status_code == 500
        assert api.send("GET", "/v1/balance").status_code == 200
        assert wrong["param"] == "path"
