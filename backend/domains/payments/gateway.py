"""The port to a payment gateway: what we ask of it, what it answers, and how it can fail.

Every verb that changes something takes a `key`: the gateway does the work of a key once, and answers a
repetition as it answered first. Amounts are `Money`; how a gateway writes them is its adapter's business.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, Protocol

from backend.kernel.errors import ConflictError, InvalidError, UpstreamError
from backend.kernel.money import Money


class GatewayDownError(UpstreamError):
    """It did not answer, or with an error of its own: whether the work was done is not known. Repeat it."""

    title = "The payment gateway does not answer"


class GatewayRefusedError(ConflictError):
    """It refuses this and will refuse it again: `code` is its word for why, `detail` its sentence."""

    title = "The payment gateway refuses"

    def __init__(self, detail: str, *, code: str, extra: Mapping[str, Any] | None = None) -> None:
        super().__init__(detail, extra={"code": code, **(extra or {})})
        self.code = code


class BadEventError(InvalidError):
    """An event that is not the gateway's, or that is too old to be believed."""


class Capture(StrEnum):
    """Whether money is taken when the customer pays, or kept for us until we take it."""

    AUTOMATIC = "automatic"
    MANUAL = "manual"


class IntentStatus(StrEnum):
    """Where an intent is in its life, in the gateway's words."""

    REQUIRES_PAYMENT_METHOD = "requires_payment_method"
    REQUIRES_CONFIRMATION = "requires_confirmation"
    REQUIRES_ACTION = "requires_action"
    PROCESSING = "processing"
    REQUIRES_CAPTURE = "requires_capture"
    SUCCEEDED = "succeeded"
    CANCELED = "canceled"


@dataclass(frozen=True, slots=True)
class Decline:
    """Why a card was not charged: the gateway's code, the bank's where it says one, and a sentence."""

    code: str
    message: str
    bank_code: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Intent:
    """A payment as the gateway has it now.

    `capturable` is authorised and not yet taken, `received` was taken (refunds do not lessen it).
    `reference` is ours. `action_url` is where the customer proves who they are, when that is asked for.
    """

    id: str
    status: IntentStatus
    amount: Money
    capturable: Money
    received: Money
    reference: str | None
    client_secret: str | None = field(default=None, repr=False)
    action_url: str | None = None
    charge_id: str | None = None
    customer_id: str | None = None
    payment_method: str | None = None
    decline: Decline | None = None


class RefundStatus(StrEnum):
    """Where a refund is in its life."""

    PENDING = "pending"
    REQUIRES_ACTION = "requires_action"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELED = "canceled"


@dataclass(frozen=True, slots=True, kw_only=True)
class GatewayRefund:
    """Money on its way back to the customer."""

    id: str
    intent_id: str
    status: RefundStatus
    amount: Money
    reference: str | None
    failure: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class GatewayTransfer:
    """Money passed on to a connected account; `reversed` is what of it came back."""

    id: str
    account_id: str
    amount: Money
    reversed: Money
    reference: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class GatewayReversal:
    """Money of a transfer that came back."""

    id: str
    transfer_id: str
    amount: Money


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """The connected account of a provider or an expert. `requirements` are the fields still to be given."""

    id: str
    takes_transfers: bool
    pays_out: bool
    details_submitted: bool
    requirements: tuple[str, ...] = ()
    disabled_reason: str | None = None


@dataclass(frozen=True, slots=True)
class OnboardingLink:
    """Where somebody gives what their account still needs; good until `expires_at`."""

    url: str
    expires_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Dispute:
    """A charge that the customer's bank takes back until it is settled.

    `status` is the gateway's: `needs_response`, `under_review`, `won`, `lost`, and warnings.
    """

    id: str
    intent_id: str
    charge_id: str
    status: str
    amount: Money
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Movement:
    """One line of our balance at the gateway: `net` is `amount` less `fee`, signed as it changed our balance.

    `kind` is the gateway's: `charge`, `refund`, `transfer`, `transfer_refund`, `adjustment` (disputes),
    `payout`, `stripe_fee` … `source_id` is the charge, refund, transfer, reversal, dispute or payout.
    """

    id: str
    kind: str
    source_id: str | None
    amount: Money
    fee: Money
    net: Money
    created_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """Something that the gateway told us. Events come late, twice and in any order: look at the object anew.

    `kind` is for example `payment_intent.succeeded`; `subject` the object as it was then, as JSON.
    `account_id` is set when it is about a connected account.
    """

    id: str
    kind: str
    created_at: datetime
    subject: Mapping[str, Any]
    account_id: str | None = None


class PaymentGateway(Protocol):
    """What every gateway can do.

    Any verb raises GatewayDownError when it is not known whether it was done, and GatewayRefusedError when
    it was not. A declined card is no error: the answered intent says so in `decline`.
    """

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
        """An intent that the customer confirms; with `save_card` the card may be charged later without them.

        `reference` is also the group of the transfers that follow from it.
        """
        ...

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
        """Charge a saved card without its owner; the answer may be a decline, or `requires_action`."""
        ...

    def intent(self, *, intent_id: str) -> Intent:
        """The intent as it is now."""
        ...

    def intents(self, *, customer_id: str) -> Sequence[Intent]:
        """All intents of a customer."""
        ...

    def confirm(self, *, intent_id: str, payment_method: str, return_url: str, key: str) -> Intent:
        """Pay with a card that the gateway knows; browsers do so themselves with the client secret."""
        ...

    def capture(self, *, intent_id: str, amount: Money, key: str) -> Intent:
        """Take `amount` of what was authorised; the rest is let go. Works once."""
        ...

    def cancel(self, *, intent_id: str, key: str) -> Intent:
        """Let go of it for good. GatewayRefusedError when it has succeeded."""
        ...

    def refund(self, *, intent_id: str, amount: Money, reference: str, key: str) -> GatewayRefund:
        """Give `amount` of what was received back to the customer. Never more than is left of it."""
        ...

    def refunds(self, *, intent_id: str) -> Sequence[GatewayRefund]:
        """All refunds of an intent."""
        ...

    def transfer(
        self, *, amount: Money, account_id: str, charge_id: str | None, group: str, reference: str, key: str
    ) -> GatewayTransfer:
        """Pass `amount` on to a connected account: of a charge, as soon as its money is there."""
        ...

    def reverse(self, *, transfer_id: str, amount: Money, key: str) -> GatewayReversal:
        """Take `amount` of a transfer back. GatewayRefusedError `balance_insufficient` when it is gone."""
        ...

    def reversals(self, *, transfer_id: str) -> Sequence[GatewayReversal]:
        """All reversals of a transfer."""
        ...

    def transfers(self, *, group: str) -> Sequence[GatewayTransfer]:
        """All transfers of a group."""
        ...

    def create_customer(self, *, email: str, name: str, reference: str, key: str) -> str:
        """The id of a new customer, whose cards can be saved."""
        ...

    def create_account(self, *, email: str, country: str, reference: str, key: str) -> Account:
        """A connected account that has to be onboarded."""
        ...

    def account(self, *, account_id: str) -> Account:
        """A connected account as it is now."""
        ...

    def onboarding_link(self, *, account_id: str, return_url: str, refresh_url: str) -> OnboardingLink:
        """Where its owner gives what is still required."""
        ...

    def disputes(self, *, intent_id: str) -> Sequence[Dispute]:
        """All disputes of an intent."""
        ...

    def movements(self, *, since: datetime, before: datetime) -> Sequence[Movement]:
        """The lines of our balance created in `[since, before)`, oldest first."""
        ...

    def balance(self) -> Mapping[str, Money]:
        """What we have there by currency, available and pending together."""
        ...

    def event(self, *, payload: bytes, signature: str) -> Event:
        """The event in the body of a webhook. BadEventError when its signature is not the gateway's."""
        ...
