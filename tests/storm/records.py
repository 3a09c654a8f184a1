"""What the market and its gateway have written down."""

from typing import Any

from flask import Flask
from sqlalchemy import text

from backend.infra.postgres import db
from backend.local_stripe.book import Book
from backend.local_stripe.local import LocalStripe
from tests.fakes.clock import FakeClock


class Records:
    """Reads rows of the market, and objects of its gateway `local`."""

    app: Flask
    clock: FakeClock
    local: LocalStripe

    def rows(self, query: str, **values: Any) -> list[Any]:
        """The rows of a query."""
        with self.app.app_context():
            return list(db.session.execute(text(query), values).all())

    def payments(self, *in_states: str) -> list[Any]:
        """The payments in these states, oldest first."""
        return self.rows(
            "SELECT * FROM payments WHERE state = ANY(:states) ORDER BY id", states=list(in_states)
        )

    def parts(self, payment: Any) -> list[Any]:
        """The parts of a payment."""
        return self.rows("SELECT * FROM payment_parts WHERE payment_id = :id ORDER BY part", id=payment.id)

    def bookings(self, *in_states: str) -> list[Any]:
        """The bookings in these states, oldest first."""
        return self.rows(
            "SELECT * FROM bookings WHERE status = ANY(:states) ORDER BY id", states=list(in_states)
        )

    def orders(self, *in_states: str) -> list[Any]:
        """The orders in these states, oldest first."""
        return self.rows(
            "SELECT * FROM orders WHERE state = ANY(:states) ORDER BY id", states=list(in_states)
        )

    def gateway_objects(self, kind: str, **where: Any) -> list[dict[str, Any]]:
        """Objects of the gateway, oldest first."""
        with self.local.store.reading() as connection:
            book = Book(connection, self.local.options, int(self.clock.now().timestamp()))
            return book.all(kind, where)

    def gateway_object(self, kind: str, id_: str) -> dict[str, Any]:
        """One of them."""
        (found,) = self.gateway_objects(kind, id=id_)
        return found
