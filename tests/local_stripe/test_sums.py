"""Whatever is asked of it in whatever order, the gateway loses no cent and gives none that it has not got."""

from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from backend.local_stripe.local import LocalStripe
from tests.conftest import NOW
from tests.fakes.clock import FakeClock
from tests.local_stripe.calling import Api

AMOUNTS = st.integers(50, 6_000)
CARDS = st.sampled_from(
    ["pm_card_visa", "pm_card_bypassPending", "pm_card_refundFail", "pm_card_createDispute"]
)
PICK = st.integers(0, 5)


class Acts(RuleBasedStateMachine):
    """People, banks and the platform, who ask for what they like; refusals are answers too."""

    local: LocalStripe
    clock: FakeClock

    @initialize()
    def begin(self) -> None:
        self.clock.set(NOW)
        self.local.clear()
        self.api = Api(self.local)
        self.account = self.api.account()
        self.names: dict[str, list[str]] = {"pi": [], "tr": [], "dp": []}

    def ask(self, path: str, **form: Any) -> dict[str, Any] | None:
        """The answer, None for a refusal."""
        headers = {"Stripe_Account": form.pop("of")} if "of" in form else {}
        answer = self.api.send("POST", path, form, **headers)
        assert answer.status_code in (200, 400, 402, 404), answer.text
        return answer.get_json() if answer.status_code == 200 else None

    def one(self, kind: str, number: int) -> str | None:
        names = self.names[kind]
        return names[number % len(names)] if names else None

    def keep(self, kind: str, made: dict[str, Any] | None) -> None:
        self.names[kind] += [made["id"]] if made else []

    @rule(amount=AMOUNTS, card=CARDS, capture=st.sampled_from(["automatic", "manual"]))
    def pay(self, amount: int, card: str, capture: str) -> None:
        form = {"amount": amount, "currency": "eur", "payment_method": card, "capture_method": capture}
        self.keep("pi", self.ask("/v1/payment_intents", **form, confirm="true"))

    @rule(number=PICK, amount=AMOUNTS)
    def capture(self, number: int, amount: int) -> None:
        self.ask(f"/v1/payment_intents/{self.one('pi', number)}/capture", amount_to_capture=amount)

    @rule(number=PICK)
    def cancel(self, number: int) -> None:
        self.ask(f"/v1/payment_intents/{self.one('pi', number)}/cancel")

    @rule(number=PICK, amount=AMOUNTS)
    def refund(self, number: int, amount: int) -> None:
        self.ask("/v1/refunds", payment_intent=self.one("pi", number) or "none", amount=amount)

    @rule(number=PICK, amount=AMOUNTS)
    def transfer(self, number: int, amount: int) -> None:
        intent = self.one("pi", number)
        if intent is not None:
            charge = self.api.get(f"/v1/payment_intents/{intent}")["latest_charge"]
            form = {"amount": amount, "currency": "eur", "destination": self.account}
            self.keep("tr", self.ask("/v1/transfers", **form, source_transaction=charge))

    @rule(number=PICK, amount=AMOUNTS)
    def reverse(self, number: int, amount: int) -> None:
        self.ask(f"/v1/transfers/{self.one('tr', number)}/reversals", amount=amount)

    @rule(amount=AMOUNTS, own=st.booleans())
    def pay_out(self, amount: int, own: bool) -> None:  # noqa: FBT001 (drawn)
        of = {} if own else {"of": self.account}
        self.ask("/v1/payouts", amount=amount, currency="eur", **of)

    @rule(number=PICK)
    def dispute(self, number: int) -> None:
        self.keep("dp", self.ask("/local/disputes", payment_intent=self.one("pi", number) or "none"))

    @rule(number=PICK, status=st.sampled_from(["won", "lost"]))
    def decide(self, number: int, status: str) -> None:
        if name := self.one("dp", number):
            self.ask(f"/local/disputes/{name}", status=status)

    @rule(hours=st.sampled_from([1, 24, 24 * 8]))
    def wait(self, hours: int) -> None:
        self.clock.advance(hours=hours)

    @invariant()
    def charges_give_back_no_more_than_they_have(self) -> None:
        for charge in self.all("charge"):
            assert 0 <= charge["amount_refunded"] <= charge["amount"]
            assert charge["amount_captured"] <= charge["amount"]

    @invariant()
    def banks_take_back_no_more_than_was_left(self) -> None:
        disputes = self.all("dispute")
        for charge in self.all("charge"):
            taken = sum(d["amount"] for d in disputes if d["charge"] == charge["id"] and d["status"] != "won")
            assert taken + charge["amount_refunded"] <= charge["amount"]

    @invariant()
    def transfers_of_a_charge_are_within_it(self) -> None:
        transfers = self.all("transfer")
        for charge in self.all("charge"):
            of_it = [t for t in transfers if t["source_transaction"] == charge["id"]]
            assert sum(t["amount"] - t["amount_reversed"] for t in of_it) <= charge["amount_captured"]

    @invariant()
    def balances_are_the_sums_of_their_lines(self) -> None:
        for account in (None, self.account):
            headers = {"Stripe_Account": account} if account else {}
            lines = self.api.send("GET", "/v1/balance_transactions", {"limit": 100}, **headers).get_json()[
                "data"
            ]
            assert sum(line["net"] for line in lines) == sum(self.api.balance(account))

    @invariant()
    def connected_accounts_owe_nothing(self) -> None:
        assert sum(self.api.balance(self.account)) >= 0

    def all(self, kind: str) -> list[dict[str, Any]]:
        return self.api.get(f"/v1/{kind}s", limit=100)["data"]


@pytest.fixture
def acts(local: LocalStripe, clock: FakeClock) -> Iterator[type[Acts]]:
    Acts.local, Acts.clock = local, clock
    yield Acts
    del Acts.local, Acts.clock


def test_no_cent_is_lost_or_given_twice(acts: type[Acts]) -> None:
    run_state_machine_as_test(acts, settings=settings(max_examples=12, stateful_step_count=15))
