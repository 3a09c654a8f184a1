"""An operation as it is asked of the gateway, apart from the session."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from backend.domains.payments.gateway import (
    Capture,
    GatewayRefund,
    GatewayReversal,
    GatewayTransfer,
    Intent,
)
from backend.domains.payments.models import Payment, PaymentOperation
from backend.domains.payments.operations import Kind
from backend.kernel.money import Money

Answer = Intent | GatewayRefund | GatewayTransfer | GatewayReversal
# A gateway may forget a key after a day.
KEYS_KEPT: Final = timedelta(hours=23)


@dataclass(frozen=True, slots=True)
class Asked:
    """An operation with what is needed to ask it; `is_old` when its key may be forgotten."""

    id: str
    key: str
    kind: Kind
    payment_id: str
    description: str
    user_id: str
    capture: Capture
    saves_card: bool
    intent_id: str
    charge_id: str | None
    card: str
    account: str
    transfer_id: str
    amount: Money
    is_old: bool


def asked_of(operation: PaymentOperation, payment: Payment, *, now: datetime) -> Asked:
    """What is to be asked."""
    amount = operation.amount_minor
    return Asked(
        id=operation.id,
        key=operation.key,
        kind=Kind(operation.kind),
        payment_id=payment.id,
        description=payment.description,
        user_id=payment.user_id,
        capture=Capture(payment.capture),
        saves_card=payment.saves_card,
        intent_id=payment.intent_id or "",
        charge_id=payment.charge_id,
        card=operation.about.get("card", ""),
        account=operation.account or "",
        transfer_id=operation.about.get("gateway_id", ""),
        amount=payment.amount if amount is None else Money(amount, payment.currency),
        is_old=operation.created_at + KEYS_KEPT <= now,
    )
