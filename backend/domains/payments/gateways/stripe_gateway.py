"""The port to payment gateways, by Stripe's SDK: https://docs.stripe.com/api, or what speaks like it."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

import stripe
from stripe import params as params_of

from backend.domains.payments.gateway import (
    Account,
    Capture,
    Dispute,
    Event,
    GatewayRefund,
    GatewayReversal,
    GatewayTransfer,
    Intent,
    Movement,
    OnboardingLink,
)
from backend.domains.payments.gateways import answers
from backend.domains.payments.gateways.refusals import intent_of, translated
from backend.domains.payments.gateways.signatures import verified
from backend.domains.payments.gateways.wire_amounts import from_wire, to_wire
from backend.infra.clock import Clock
from backend.kernel.money import Money, total

# Cards, and the wallets that stand for cards: every flow of ours works with these.
METHODS: Final = ("card",)
_PAGE: Final = 100


@dataclass(frozen=True, slots=True)
class StripeGateway:
    """A `PaymentGateway`. `webhook_secrets` sign its events; `clock` tells how old they are."""

    client: stripe.StripeClient = field(repr=False)
    webhook_secrets: Sequence[str] = field(repr=False)
    clock: Clock

    def create_intent(
        self,
        *,
        amount: Money,
        capture: Capture,
        reference: str,
        description: str,
        customer_id: str | None,
        save_card: bool,
        key: str,
    ) -> Intent:
        """An intent that the customer confirms."""
        params = _intent_params(amount, reference, description)
        params["capture_method"] = capture.value
        if customer_id is not None:
            params["customer"] = customer_id
        if save_card:
            params["setup_future_usage"] = "off_session"
        return answers.intent(_asked(lambda: self.client.v1.payment_intents.create(params, _once(key))))

    def charge_saved(
        self,
        *,
        amount: Money,
        reference: str,
        description: str,
        customer_id: str,
        payment_method: str,
        key: str,
    ) -> Intent:
        """Charge a saved card without its owner."""
        params: params_of.PaymentIntentCreateParams = {
            **_intent_params(amount, reference, description),
            "capture_method": Capture.AUTOMATIC.value,
            "customer": customer_id,
            "payment_method": payment_method,
            "confirm": True,
            "off_session": True,
        }
        return _intent_or_decline(lambda: self.client.v1.payment_intents.create(params, _once(key)))

    def intent(self, *, intent_id: str) -> Intent:
        """The intent as it is now."""
        return answers.intent(_asked(lambda: self.client.v1.payment_intents.retrieve(intent_id)))

    def intents(self, *, customer_id: str) -> Sequence[Intent]:
        """All intents of a customer, newest first."""
        params: params_of.PaymentIntentListParams = {"customer": customer_id, "limit": _PAGE}
        return [answers.intent(found) for found in _all(lambda: self.client.v1.payment_intents.list(params))]

    def confirm(self, *, intent_id: str, payment_method: str, return_url: str, key: str) -> Intent:
        """Pay with a card that the gateway knows."""
        params: params_of.PaymentIntentConfirmParams = {
            "payment_method": payment_method,
            "return_url": return_url,
        }
        return _intent_or_decline(
            lambda: self.client.v1.payment_intents.confirm(intent_id, params, _once(key))
        )

    def capture(self, *, intent_id: str, amount: Money, key: str) -> Intent:
        """Take `amount` of what was authorised."""
        params: params_of.PaymentIntentCaptureParams = {"amount_to_capture": to_wire(amount)[0]}
        return answers.intent(
            _asked(lambda: self.client.v1.payment_intents.capture(intent_id, params, _once(key)))
        )

    def cancel(self, *, intent_id: str, key: str) -> Intent:
        """Let go of it for good; an intent that is canceled already is answered as it is."""
        try:
            found = self.client.v1.payment_intents.cancel(intent_id, {}, _once(key)).to_dict()
        except stripe.StripeError as error:
            known = intent_of(error)
            if known is None or known["status"] != "canceled":
                refusal = translated(error)
            else:
                found, refusal = known, None
        else:
            refusal = None
        if refusal is not None:
            raise refusal
        return answers.intent(found)

    def refund(self, *, intent_id: str, amount: Money, reference: str, key: str) -> GatewayRefund:
        """Give `amount` of what was received back."""
        params: params_of.RefundCreateParams = {
            "payment_intent": intent_id,
            "amount": to_wire(amount)[0],
            "metadata": {answers.REFERENCE: reference},
        }
        return answers.refund(_asked(lambda: self.client.v1.refunds.create(params, _once(key))))

    def refunds(self, *, intent_id: str) -> Sequence[GatewayRefund]:
        """All refunds of an intent, newest first."""
        params: params_of.RefundListParams = {"payment_intent": intent_id, "limit": _PAGE}
        return [answers.refund(found) for found in _all(lambda: self.client.v1.refunds.list(params))]

    def transfer(
        self, *, amount: Money, account_id: str, charge_id: str | None, group: str, reference: str, key: str
    ) -> GatewayTransfer:
        """Pass `amount` on to a connected account."""
        number, currency = to_wire(amount)
        params: params_of.TransferCreateParams = {
            "amount": number,
            "currency": currency,
            "destination": account_id,
            "transfer_group": group,
            "metadata": {answers.REFERENCE: reference},
        }
        if charge_id is not None:
            params["source_transaction"] = charge_id
        return answers.transfer(_asked(lambda: self.client.v1.transfers.create(params, _once(key))))

    def reverse(self, *, transfer_id: str, amount: Money, key: str) -> GatewayReversal:
        """Take `amount` of a transfer back."""
        params: params_of.TransferReversalCreateParams = {"amount": to_wire(amount)[0]}
        return answers.reversal(
            _asked(lambda: self.client.v1.transfers.reversals.create(transfer_id, params, _once(key)))
        )

    def reversals(self, *, transfer_id: str) -> Sequence[GatewayReversal]:
        """All reversals of a transfer, newest first."""
        params: params_of.TransferReversalListParams = {"limit": _PAGE}
        found = _all(lambda: self.client.v1.transfers.reversals.list(transfer_id, params))
        return [answers.reversal(one) for one in found]

    def transfers(self, *, group: str) -> Sequence[GatewayTransfer]:
        """All transfers of a group, newest first."""
        params: params_of.TransferListParams = {"transfer_group": group, "limit": _PAGE}
        return [answers.transfer(found) for found in _all(lambda: self.client.v1.transfers.list(params))]

    def create_customer(self, *, email: str, name: str, reference: str, key: str) -> str:
        """The id of a new customer."""
        params: params_of.CustomerCreateParams = {
            "email": email,
            "name": name,
            "metadata": {answers.REFERENCE: reference},
        }
        return str(_asked(lambda: self.client.v1.customers.create(params, _once(key)))["id"])

    def create_account(self, *, email: str, country: str, reference: str, key: str) -> Account:
        """A connected account with Stripe's own pages for its owner; fees and losses are the platform's."""
        params: params_of.AccountCreateParams = {
            "country": country,
            "email": email,
            "controller": {
                "fees": {"payer": "application"},
                "losses": {"payments": "application"},
                "requirement_collection": "stripe",
                "stripe_dashboard": {"type": "express"},
            },
            "capabilities": {"transfers": {"requested": True}},
            "metadata": {answers.REFERENCE: reference},
        }
        return answers.account(_asked(lambda: self.client.v1.accounts.create(params, _once(key))))

    def account(self, *, account_id: str) -> Account:
        """A connected account as it is now."""
        return answers.account(_asked(lambda: self.client.v1.accounts.retrieve(account_id)))

    def onboarding_link(self, *, account_id: str, return_url: str, refresh_url: str) -> OnboardingLink:
        """Where its owner gives what is still required; good once and for minutes, so none is kept."""
        params: params_of.AccountLinkCreateParams = {
            "account": account_id,
            "return_url": return_url,
            "refresh_url": refresh_url,
            "type": "account_onboarding",
        }
        found = _asked(lambda: self.client.v1.account_links.create(params))
        return OnboardingLink(found["url"], answers.instant(found["expires_at"]))

    def disputes(self, *, intent_id: str) -> Sequence[Dispute]:
        """All disputes of an intent, newest first."""
        params: params_of.DisputeListParams = {"payment_intent": intent_id, "limit": _PAGE}
        return [answers.dispute(found) for found in _all(lambda: self.client.v1.disputes.list(params))]

    def movements(self, *, since: datetime, before: datetime) -> Sequence[Movement]:
        """The lines of our balance created in `[since, before)`, oldest first."""
        # Stripe's instants are whole seconds.
        created: params_of.BalanceTransactionListParamsCreated = {
            "gte": math.ceil(since.timestamp()),
            "lt": math.ceil(before.timestamp()),
        }
        params: params_of.BalanceTransactionListParams = {"created": created, "limit": _PAGE}
        found = _all(lambda: self.client.v1.balance_transactions.list(params))
        return [answers.movement(line) for line in reversed(found)]

    def balance(self) -> Mapping[str, Money]:
        """What we have there by currency, available and pending together."""
        found = _asked(self.client.v1.balance.retrieve)
        parts = [from_wire(p["amount"], p["currency"]) for p in (*found["available"], *found["pending"])]
        currencies = sorted({part.currency for part in parts})
        return {c: total((part for part in parts if part.currency == c), c) for c in currencies}

    def event(self, *, payload: bytes, signature: str) -> Event:
        """The event in the body of a webhook. BadEventError when its signature is not the gateway's."""
        found = verified(payload, signature, secrets=self.webhook_secrets, now=self.clock.now())
        return answers.event(found)


def _intent_params(amount: Money, reference: str, description: str) -> params_of.PaymentIntentCreateParams:
    number, currency = to_wire(amount)
    return {
        "amount": number,
        "currency": currency,
        "description": description,
        "allowed_payment_method_types": list(METHODS),
        "transfer_group": reference,
        "metadata": {answers.REFERENCE: reference},
    }


def _once(key: str) -> stripe.RequestOptions:
    return {"idempotency_key": key}


def _asked(call: Callable[[], Any]) -> dict[str, Any]:
    """What Stripe answers, as JSON; its errors are those of the port."""
    try:
        return dict(call().to_dict())
    except stripe.StripeError as error:
        refusal = translated(error)
    # Raised out here, it does not carry the SDK's error, in which the request may be.
    raise refusal


def _intent_or_decline(call: Callable[[], Any]) -> Intent:
    """The intent after an attempt to pay: a decline is an answer."""
    try:
        found = call().to_dict()
    except stripe.CardError as error:
        found = intent_of(error)
        refusal = None if found else translated(error)
    except stripe.StripeError as error:
        refusal = translated(error)
    else:
        refusal = None
    if refusal is not None:
        raise refusal
    return answers.intent(found)


def _all(call: Callable[[], Any]) -> list[dict[str, Any]]:
    """Every object of a list, over all its pages."""
    try:
        return [dict(found.to_dict()) for found in call().auto_paging_iter()]
    except stripe.StripeError as error:
        refusal = translated(error)
    raise refusal
