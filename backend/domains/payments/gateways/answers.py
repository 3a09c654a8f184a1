"""Stripe's objects, as JSON, read as the values of our port."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final

from backend.domains.payments.gateway import (
    Account,
    Decline,
    Dispute,
    Event,
    GatewayRefund,
    GatewayReversal,
    GatewayTransfer,
    Intent,
    IntentStatus,
    Movement,
    RefundStatus,
)
from backend.domains.payments.gateways.wire_amounts import from_wire

Json = Mapping[str, Any]
# Where our own name of an object is kept.
REFERENCE: Final = "reference"
_CHARGED: Final = frozenset({IntentStatus.REQUIRES_CAPTURE, IntentStatus.SUCCEEDED})


def intent(found: Json) -> Intent:
    """A PaymentIntent."""
    currency, status = found["currency"], IntentStatus(found["status"])
    action = (found.get("next_action") or {}).get("redirect_to_url") or {}
    return Intent(
        id=found["id"],
        status=status,
        amount=from_wire(found["amount"], currency),
        capturable=from_wire(found["amount_capturable"], currency),
        received=from_wire(found["amount_received"], currency),
        reference=_reference(found),
        client_secret=found.get("client_secret"),
        action_url=action.get("url"),
        # The latest charge may be one that was declined.
        charge_id=_id(found.get("latest_charge")) if status in _CHARGED else None,
        customer_id=_id(found.get("customer")),
        payment_method=_id(found.get("payment_method")),
        decline=_decline(found.get("last_payment_error")),
    )


def refund(found: Json) -> GatewayRefund:
    """A Refund."""
    return GatewayRefund(
        id=found["id"],
        intent_id=_id(found.get("payment_intent")) or "",
        # Stripe may say nothing of it yet.
        status=RefundStatus(found["status"] or RefundStatus.PENDING),
        amount=from_wire(found["amount"], found["currency"]),
        reference=_reference(found),
        failure=found.get("failure_reason"),
    )


def transfer(found: Json) -> GatewayTransfer:
    """A Transfer."""
    return GatewayTransfer(
        id=found["id"],
        account_id=_id(found["destination"]) or "",
        amount=from_wire(found["amount"], found["currency"]),
        reversed=from_wire(found["amount_reversed"], found["currency"]),
        reference=_reference(found),
    )


def reversal(found: Json) -> GatewayReversal:
    """A TransferReversal."""
    return GatewayReversal(
        id=found["id"],
        transfer_id=_id(found["transfer"]) or "",
        amount=from_wire(found["amount"], found["currency"]),
    )


def account(found: Json) -> Account:
    """An Account."""
    requirements = found.get("requirements") or {}
    due = [*(requirements.get("past_due") or ()), *(requirements.get("currently_due") or ())]
    return Account(
        id=found["id"],
        takes_transfers=(found.get("capabilities") or {}).get("transfers") == "active",
        pays_out=bool(found.get("payouts_enabled")),
        details_submitted=bool(found.get("details_submitted")),
        requirements=tuple(sorted(set(due))),
        disabled_reason=requirements.get("disabled_reason"),
    )


def dispute(found: Json) -> Dispute:
    """A Dispute."""
    return Dispute(
        id=found["id"],
        intent_id=_id(found.get("payment_intent")) or "",
        charge_id=_id(found["charge"]) or "",
        status=found["status"],
        amount=from_wire(found["amount"], found["currency"]),
        reason=found["reason"],
    )


def movement(found: Json) -> Movement:
    """A BalanceTransaction; its net is what its amount and fee make, also where a fee was rounded."""
    amount = from_wire(found["amount"], found["currency"])
    fee = from_wire(found["fee"], found["currency"])
    return Movement(
        id=found["id"],
        kind=found["type"],
        source_id=_id(found.get("source")),
        amount=amount,
        fee=fee,
        net=amount - fee,
        created_at=instant(found["created"]),
    )


def event(found: Json) -> Event:
    """An Event."""
    return Event(
        id=found["id"],
        kind=found["type"],
        created_at=instant(found["created"]),
        subject=found["data"]["object"],
        account_id=found.get("account"),
    )


def instant(seconds: int) -> datetime:
    """Unix seconds as an aware instant."""
    return datetime.fromtimestamp(seconds, UTC)


def _decline(error: Json | None) -> Decline | None:
    if not error:
        return None
    message = error.get("message") or "The card was declined."
    return Decline(error.get("code") or "card_declined", message, error.get("decline_code"))


def _reference(found: Json) -> str | None:
    return (found.get("metadata") or {}).get(REFERENCE)


def _id(value: Any) -> str | None:
    """The id, whether Stripe sent it alone or with its object."""
    found = value["id"] if isinstance(value, Mapping) else value
    return None if found is None else str(found)
