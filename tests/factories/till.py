"""Paying as a browser does, and the worker's part of it."""

from dataclasses import dataclass
from typing import Any

import svcs
from sqlalchemy import text

from backend import wiring
from backend.domains.ledger.accounts import provider
from backend.domains.ledger.service import Ledger
from backend.domains.payments.accounts import PayoutAccounts
from backend.domains.payments.events import PaymentLooks
from backend.infra.clock import Clock
from backend.infra.postgres import db
from backend.local_stripe.local import LocalStripe
from tests.factories.bookings import Customer, Shop
from tests.factories.payments import onboard

CARD = "pm_card_visa"
DECLINED = "pm_card_chargeDeclined"
ASKS = "pm_card_authenticationRequired"
AVAILABLE_AT_ONCE = "pm_card_bypassPending"


@dataclass(frozen=True)
class Till:
    """A customer who pays."""

    customer: Customer

    def order(self, **wish: Any) -> dict[str, Any]:
        """The order that the cart becomes, to be paid by card."""
        answer = self.customer.post("/api/cart/checkout", {"payment_method": "card", **wish})
        assert answer.status_code == 201, answer.text
        made: dict[str, Any] = answer.json
        return made

    def book(self, slot_id: str, *, party: int = 1) -> dict[str, Any]:
        """A booking to be paid by card."""
        token = self.customer.quote(slot_id, party=party)["token"]
        answer = self.customer.post("/api/bookings", {"quote_token": token, "payment_method": "card"})
        assert answer.status_code == 201, answer.text
        made: dict[str, Any] = answer.json
        return made

    def pay(self, made: dict[str, Any], card: str = CARD) -> dict[str, Any]:
        """The payment of an order or a booking after a try with this card."""
        wish = {"payment_id": made["payment"]["id"], "payment_method": card}
        answer = self.customer.post("/api/payments/confirm", wish)
        assert answer.status_code == 200, answer.text
        paid: dict[str, Any] = answer.json
        return paid

    def payment(self, made: dict[str, Any]) -> dict[str, Any]:
        """The payment as it is now."""
        answer = self.customer.get(f"/api/payments/{made['payment']['id']}")
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json
        return found


def work_off(prefix: str = "payments.") -> int:
    """Run the jobs that are due, and those that follow from them, as a worker would; how many there were."""
    tasks = {task.name: task.run for task in wiring.tasks()}
    done = 0
    while due := _due(prefix):
        for task, arguments in due:
            tasks[task](**arguments)
            db.session.commit()
            done += 1
    return done


def _due(prefix: str) -> list[tuple[str, dict[str, Any]]]:
    query = text(
        "DELETE FROM procrastinate_jobs WHERE status = 'todo' AND task_name LIKE :prefix"
        " AND (scheduled_at IS NULL OR scheduled_at <= :now) RETURNING id, task_name, args"
    )
    now = svcs.flask.get_abstract(Clock).now()
    rows = db.session.execute(query, {"prefix": f"{prefix}%", "now": now}).all()
    db.session.commit()
    return [(row.task_name, row.args) for row in sorted(rows)]


def onboarded(local: LocalStripe, shop: Shop) -> str:
    """The payout account of a shop's provider, ready for transfers; its id at the gateway."""
    accounts = svcs.flask.get(PayoutAccounts)
    page = "https://shop.example/"
    made = accounts.onboard(
        owner=provider(shop.provider.id),
        email="guide@example.com",
        country="FR",
        return_url=page,
        refresh_url=page,
    )
    assert made.account.account_id is not None
    onboard(local, made.account.account_id)
    accounts.refresh(account_id=made.account.account_id)
    return made.account.account_id


def balance(account: str, currency: str = "EUR") -> int:
    """What an account of the ledger comes to, in minor units."""
    return svcs.flask.get(Ledger).balance(account=account, currency=currency).minor


def intent_of(made: dict[str, Any]) -> str:
    """The gateway's intent behind the payment of an order or a booking."""
    query = text("SELECT intent_id FROM payments WHERE id = :id")
    return str(db.session.execute(query, {"id": made["payment"]["id"]}).scalar_one())


def look(made: dict[str, Any]) -> None:
    """See at the gateway how a payment, its refunds and its disputes are, and do what follows."""
    now = svcs.flask.get_abstract(Clock).now()
    svcs.flask.get(PaymentLooks).look(payment_id=made["payment"]["id"], now=now)
    db.session.commit()
    work_off()
