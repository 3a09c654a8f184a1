"""Paying as a browser does, and the worker's part of it."""

from dataclasses import dataclass
from typing import Any

import svcs
from sqlalchemy import text

from backend import wiring
from backend.infra.clock import Clock
from backend.infra.postgres import db
from tests.factories.bookings import Customer

CARD = "pm_card_visa"
DECLINED = "pm_card_chargeDeclined"


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
