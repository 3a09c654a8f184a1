"""The adapter against the local gateway, as the payments of the product use it."""

from datetime import timedelta

import pytest

from backend.domains.payments.gateway import (
    Capture,
    GatewayRefusedError,
    Intent,
    IntentStatus,
    RefundStatus,
)
from backend.domains.payments.gateways.stripe_gateway import StripeGateway
from backend.local_stripe.local import LocalStripe
from tests.conftest import NOW
from tests.domains.payments.gateways.asking import euros, made, paid
from tests.factories.payments import (
    authenticate,
    decide,
    dispute,
    onboard,
    pay,
)
from tests.fakes.clock import FakeClock


class TestIntents:
    def test_waits_for_a_card_at_first(self, gateway: StripeGateway) -> None:
        intent = made(gateway)

        assert intent.status is IntentStatus.REQUIRES_PAYMENT_METHOD
        assert (intent.amount, intent.received, intent.capturable) == (euros(10_000), euros(0), euros(0))
        assert intent.reference == "ord_1"
        assert intent.client_secret is not None
        assert intent.client_secret not in repr(intent)

    def test_takes_the_money_when_it_is_paid(self, gateway: StripeGateway, local: LocalStripe) -> None:
        intent = paid(gateway, local)

        assert intent.status is IntentStatus.SUCCEEDED
        assert intent.received == euros(10_000)
        assert intent.charge_id is not None

    def test_says_why_a_card_was_declined_and_may_be_paid_with_another(
        self, gateway: StripeGateway, local: LocalStripe
    ) -> None:
        intent = made(gateway)

        declined = gateway.confirm(
            intent_id=intent.id,
            payment_method="pm_card_visa_chargeDeclinedInsufficientFunds",
            return_url="https://shop.example",
            key="first",
        )
        pay(local, intent.id)

        assert declined.status is IntentStatus.REQUIRES_PAYMENT_METHOD
        assert declined.decline is not None
        assert (declined.decline.code, declined.decline.bank_code) == ("card_declined", "insufficient_funds")
        assert declined.charge_id is None
        assert gateway.intent(intent_id=intent.id).status is IntentStatus.SUCCEEDED

    @pytest.mark.parametrize(
        ("succeeds", "status"),
        [(True, IntentStatus.SUCCEEDED), (False, IntentStatus.REQUIRES_PAYMENT_METHOD)],
    )
    def test_sends_the_customer_to_the_bank(
        self, gateway: StripeGateway, local: LocalStripe, *, succeeds: bool, status: IntentStatus
    ) -> None:
        asked = gateway.confirm(
            intent_id=made(gateway).id,
            payment_method="pm_card_authenticationRequired",
            return_url="https://shop.example/back",
            key="confirm",
        )
        assert asked.action_url is not None

        back = authenticate(local, asked.action_url, succeeds=succeeds)

        assert asked.status is IntentStatus.REQUIRES_ACTION
        assert back.startswith("https://shop.example/back?payment_intent=")
        assert gateway.intent(intent_id=asked.id).status is status

    def test_captures_a_part_once_and_lets_the_rest_go(
        self, gateway: StripeGateway, local: LocalStripe
    ) -> None:
        held = paid(gateway, local, capture=Capture.MANUAL)

        taken = gateway.capture(intent_id=held.id, amount=euros(6_000), key="capture")
        with pytest.raises(GatewayRefusedError) as again:
            gateway.capture(intent_id=held.id, amount=euros(4_000), key="capture again")

        assert (held.status, held.capturable) == (IntentStatus.REQUIRES_CAPTURE, euros(10_000))
        assert (taken.status, taken.received) == (IntentStatus.SUCCEEDED, euros(6_000))
        assert again.value.code == "payment_intent_unexpected_state"

    def test_is_let_go_of_once_however_often_it_is_asked(
        self, gateway: StripeGateway, local: LocalStripe
    ) -> None:
        held = paid(gateway, local, capture=Capture.MANUAL)

        first = gateway.cancel(intent_id=held.id, key="cancel")
        second = gateway.cancel(intent_id=held.id, key="cancel again")

        assert first.status is second.status is IntentStatus.CANCELED
        assert second.capturable == euros(0)

    def test_is_not_let_go_of_when_it_was_paid(self, gateway: StripeGateway, local: LocalStripe) -> None:
        intent = paid(gateway, local)

        with pytest.raises(GatewayRefusedError) as refused:
            gateway.cancel(intent_id=intent.id, key="cancel")

        assert refused.value.code == "payment_intent_unexpected_state"

    def test_is_unknown_when_there_is_none(self, gateway: StripeGateway) -> None:
        with pytest.raises(GatewayRefusedError) as refused:
            gateway.intent(intent_id="pi_none")

        assert refused.value.code == "resource_missing"


class TestSavedCards:
    def saved(self, gateway: StripeGateway, local: LocalStripe, card: str) -> Intent:
        customer = gateway.create_customer(
            email="ann@example.com", name="Ann", reference="usr_1", key="customer"
        )
        return paid(gateway, local, card, customer_id=customer, save_card=True)

    def charged(self, gateway: StripeGateway, saved: Intent) -> Intent:
        assert saved.customer_id is not None
        assert saved.payment_method is not None
        return gateway.charge_saved(
            amount=euros(5_000),
            reference="bkg_1",
            description="The balance",
            customer_id=saved.customer_id,
            payment_method=saved.payment_method,
            key="balance",
        )

    def test_are_charged_without_their_owner(self, gateway: StripeGateway, local: LocalStripe) -> None:
        intent = self.charged(gateway, self.saved(gateway, local, "pm_card_visa"))

        assert (intent.status, intent.received) == (IntentStatus.SUCCEEDED, euros(5_000))

    def test_may_want_their_owner_all_the_same(self, gateway: StripeGateway, local: LocalStripe) -> None:
        card = "pm_card_authenticationRequired"
        first = self.saved(gateway, local, card)
        assert first.action_url is not None
        authenticate(local, first.action_url)

        intent = self.charged(gateway, gateway.intent(intent_id=first.id))

        assert intent.status is IntentStatus.REQUIRES_PAYMENT_METHOD
        assert intent.decline is not None
        assert intent.decline.code == "authentication_required"


class TestRefunds:
    def test_never_exceed_what_is_left(self, gateway: StripeGateway, local: LocalStripe) -> None:
        intent = paid(gateway, local)

        part = gateway.refund(intent_id=intent.id, amount=euros(7_000), reference="rfd_1", key="one")
        with pytest.raises(GatewayRefusedError):
            gateway.refund(intent_id=intent.id, amount=euros(3_001), reference="rfd_2", key="two")
        gateway.refund(intent_id=intent.id, amount=euros(3_000), reference="rfd_3", key="three")
        with pytest.raises(GatewayRefusedError) as nothing_left:
            gateway.refund(intent_id=intent.id, amount=euros(1), reference="rfd_4", key="four")

        assert (part.status, part.reference) == (RefundStatus.SUCCEEDED, "rfd_1")
        assert nothing_left.value.code == "charge_already_refunded"
        assert [r.amount for r in gateway.refunds(intent_id=intent.id)] == [euros(3_000), euros(7_000)]

    def test_may_fail_after_they_succeeded(
        self, gateway: StripeGateway, local: LocalStripe, clock: FakeClock
    ) -> None:
        intent = paid(gateway, local, "pm_card_refundFail")
        before = gateway.refund(intent_id=intent.id, amount=euros(500), reference="rfd_1", key="one")

        clock.advance(minutes=2)

        after = gateway.refunds(intent_id=intent.id)[0]
        assert (before.status, after.status) == (RefundStatus.SUCCEEDED, RefundStatus.FAILED)
        assert after.failure == "expired_or_canceled_card"


class TestTransfers:
    def account(self, gateway: StripeGateway, local: LocalStripe) -> str:
        account = gateway.create_account(
            email="guide@example.com", country="FR", reference="provider:prv_1", key="account"
        )
        onboard(local, account.id)
        return account.id

    def test_pass_a_charge_on_and_come_back_in_parts(
        self, gateway: StripeGateway, local: LocalStripe
    ) -> None:
        account, intent = self.account(gateway, local), paid(gateway, local)

        transfer = gateway.transfer(
            amount=euros(8_000),
            account_id=account,
            charge_id=intent.charge_id,
            group="ord_1",
            reference="trf_1",
            key="transfer",
        )
        reversal = gateway.reverse(transfer_id=transfer.id, amount=euros(3_000), key="reverse")

        assert (reversal.transfer_id, reversal.amount) == (transfer.id, euros(3_000))
        (found,) = gateway.transfers(group="ord_1")
        assert (found.amount, found.reversed, found.reference) == (euros(8_000), euros(3_000), "trf_1")
        assert found.account_id == account

    def test_do_not_come_back_when_the_account_has_too_little(
        self, gateway: StripeGateway, local: LocalStripe, clock: FakeClock
    ) -> None:
        account, intent = self.account(gateway, local), paid(gateway, local, "pm_card_bypassPending")
        transfer = gateway.transfer(
            amount=euros(8_000),
            account_id=account,
            charge_id=intent.charge_id,
            group="ord_1",
            reference="trf_1",
            key="transfer",
        )
        gateway.client.v1.payouts.create(
            {"amount": 7_000, "currency": "eur"}, {"stripe_account": account, "idempotency_key": "payout"}
        )

        with pytest.raises(GatewayRefusedError) as refused:
            gateway.reverse(transfer_id=transfer.id, amount=euros(1_001), key="reverse")

        assert refused.value.code == "balance_insufficient"
        assert gateway.reverse(transfer_id=transfer.id, amount=euros(1_000), key="less").amount == euros(
            1_000
        )

    def test_need_money_that_is_there(self, gateway: StripeGateway, local: LocalStripe) -> None:
        account = self.account(gateway, local)
        paid(gateway, local)

        with pytest.raises(GatewayRefusedError) as refused:
            gateway.transfer(
                amount=euros(8_000),
                account_id=account,
                charge_id=None,
                group="ord_1",
                reference="trf_1",
                key="transfer",
            )

        assert refused.value.code == "balance_insufficient"

    def test_need_an_account_that_was_onboarded(self, gateway: StripeGateway, local: LocalStripe) -> None:
        account = gateway.create_account(
            email="guide@example.com", country="FR", reference="provider:prv_1", key="account"
        )
        intent = paid(gateway, local)

        with pytest.raises(GatewayRefusedError) as refused:
            gateway.transfer(
                amount=euros(8_000),
                account_id=account.id,
                charge_id=intent.charge_id,
                group="ord_1",
                reference="trf_1",
                key="transfer",
            )

        assert refused.value.code == "insufficient_capabilities_for_transfer"
        assert "individual.first_name" in account.requirements


class TestDisputes:
    def test_take_money_back_until_they_are_won(self, gateway: StripeGateway, local: LocalStripe) -> None:
        intent = paid(gateway, local)
        before = gateway.balance()["EUR"]

        opened = dispute(local, intent.id, reason="product_not_received")
        during = gateway.balance()["EUR"]
        decide(local, opened["id"], "won")

        (found,) = gateway.disputes(intent_id=intent.id)
        assert (found.status, found.amount, found.reason) == ("won", euros(10_000), "product_not_received")
        assert before - during == euros(11_500)
        assert before - gateway.balance()["EUR"] == euros(1_500)


class TestMovements:
    def test_tell_what_changed_our_balance(
        self, gateway: StripeGateway, local: LocalStripe, clock: FakeClock
    ) -> None:
        intent = paid(gateway, local)
        clock.advance(hours=1)
        refund = gateway.refund(intent_id=intent.id, amount=euros(1_000), reference="rfd_1", key="one")

        lines = gateway.movements(since=NOW, before=NOW + timedelta(hours=2))

        assert [(m.kind, m.source_id) for m in lines] == [("charge", intent.charge_id), ("refund", refund.id)]
        assert [(m.amount, m.fee, m.net) for m in lines] == [
            (euros(10_000), euros(175), euros(9_825)),
            (euros(-1_000), euros(0), euros(-1_000)),
        ]
        assert gateway.balance() == {"EUR": euros(8_825)}
        assert gateway.movements(since=NOW, before=NOW + timedelta(hours=1)) == lines[:1]
        assert (
            gateway.movements(since=NOW + timedelta(microseconds=1), before=NOW + timedelta(hours=2))
            == lines[1:]
        )
