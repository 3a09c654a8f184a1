"""What must be true of the market when everything that was under way has come to its end."""

from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from typing import Any, Final

import svcs

from backend.domains.ledger.checking import LedgerCheck
from backend.domains.payments.reconciliation import Reconciliation
from backend.infra.postgres import db
from tests.conftest import NOW
from tests.storm.world import STOCK, World

ALL: Final = ("new", "scheduled", "awaiting", "authorised", "paid", "cancelled", "failed")
_GONE: Final = ("failed", "canceled")
_LIVES: Final = ("confirmed", "completed", "no_show")


def settle(world: World) -> None:
    """Let everything come to its end: nothing fails any more, every event arrives, time passes."""
    with world.local.store.writing() as connection:
        connection.execute("DELETE FROM faults")
    world.onboard("deposit")
    for dispute in world.gateway_objects("dispute"):
        if dispute["status"] == "needs_response":
            world.decide(0, "won")
    _rest(world)
    # Payments that nobody makes, and requests that nobody answers.
    for hours in (1, 49):
        world.pass_time(hours=hours)
        _rest(world)
    for _ in range(4):
        if not (due := world.payments("scheduled", "awaiting")):
            break
        day = max(one.due_on for one in due)
        for _ in range(6):
            world.pass_time(days=max(1, (day - world.clock.now().date()).days))
            _rest(world)


def _rest(world: World) -> None:
    world.deliver_rest()
    for _ in range(2):
        world.run_jobs()
        world.pass_time(minutes=2)
        world.tick()
    world.run_jobs()


def lies(world: World) -> list[str]:
    """What is not as it must be, as sentences; none when all is well."""
    found: list[str] = []
    for truth in (
        _of_payments,
        _of_intents,
        _of_refunds,
        _of_transfers,
        _of_bookings,
        _of_orders,
        _of_stock,
        _of_operations,
        _of_ledger,
        _of_reconciliation,
    ):
        found += [f"{truth.__name__.removeprefix('_of_')}: {lie}" for lie in truth(world)]
    return found


def _of_payments(world: World) -> Iterator[str]:
    """A payment is where the gateway says that it is."""
    intents = {one["id"]: one for one in world.gateway_objects("payment_intent")}
    for payment in world.payments(*ALL):
        intent = intents.get(payment.intent_id)
        status = None if intent is None else intent["status"]
        if payment.state == "paid":
            if intent is None or (status, intent["amount_received"]) != ("succeeded", payment.paid_minor):
                yield f"{payment.id} is paid with {payment.paid_minor}, at the gateway {status} {intent}"
        elif payment.state in {"cancelled", "failed"}:
            if status not in {None, "canceled"}:
                yield f"{payment.id} ({payment.purpose}) is {payment.state}, at the gateway {status}"
        else:
            yield f"{payment.id} ({payment.purpose}) is {payment.state} for ever, at the gateway {status}"


def _of_intents(world: World) -> Iterator[str]:
    """Nothing is paid twice or kept for ever, and nothing paid that no payment knows of."""
    known = {one.intent_id: one for one in world.payments(*ALL)}
    paid: Counter[tuple[Any, ...]] = Counter()
    for intent in world.gateway_objects("payment_intent"):
        payment = known.get(intent["id"])
        if intent["status"] == "requires_capture":
            yield f"{intent['id']} is authorised for ever"
        if intent["status"] == "succeeded":
            if payment is None:
                yield f"{intent['id']} was paid, and no payment knows of it"
            else:
                paid[payment.subject, payment.purpose, payment.due_on] += 1
    yield from (f"{subject} was paid {times} times" for subject, times in paid.items() if times > 1)


def _of_refunds(world: World) -> Iterator[str]:
    """As much went back as we think, and of every part as much as was reserved for it."""
    back: Counter[str] = Counter()
    for refund in world.gateway_objects("refund"):
        if refund["status"] not in _GONE:
            back[refund["payment_intent"]] += refund["amount"]
    for payment in world.payments(*ALL):
        if back[payment.intent_id or ""] != payment.refunded_minor:
            yield f"{payment.id} has {payment.refunded_minor} refunded, not {back[payment.intent_id]}"
        lost = sum(
            one["amount"]
            for one in world.gateway_objects("dispute", payment_intent=payment.intent_id or "")
            if one["status"] == "lost"
        )
        of_parts = sum(part.refunded_minor for part in world.parts(payment))
        if not payment.refunded_minor <= of_parts <= payment.refunded_minor + lost:
            yield f"parts of {payment.id} have {of_parts} refunded, it has {payment.refunded_minor} + {lost}"


def _of_transfers(world: World) -> Iterator[str]:
    """Each payee has got of each payment what the ledger says, and has nothing coming."""
    owners = {
        row.account_id: row.owner for row in world.rows("SELECT owner, account_id FROM payout_accounts")
    }
    sent: Counter[tuple[str, str]] = Counter()
    for transfer in world.gateway_objects("transfer"):
        key = transfer["transfer_group"], owners[transfer["destination"]]
        sent[key] += transfer["amount"] - transfer["amount_reversed"]
    booked: Counter[tuple[str, str]] = Counter()
    for row in world.rows(
        "SELECT e.reference, p.account, sum(p.amount_minor)::int AS minor FROM ledger_postings p"
        " JOIN ledger_entries e ON e.id = p.entry_id"
        " WHERE e.kind IN ('transfer', 'transfer_reversal') AND p.account <> 'gateway' GROUP BY 1, 2"
    ):
        booked[row.reference, row.account] = row.minor
    for key in sent.keys() | booked.keys():
        if sent[key] != booked[key]:
            yield f"{key} got {sent[key]}, by the ledger {booked[key]}"
    refused = world.rows("SELECT 1 FROM payment_operations WHERE kind = 'reverse' AND state = 'refused'")
    for row in world.rows(
        "SELECT account, sum(amount_minor)::int AS minor FROM ledger_months"
        " WHERE account LIKE 'provider:%' GROUP BY 1 HAVING sum(amount_minor) <> 0"
    ):
        if row.minor < 0 or not refused:
            yield f"{row.account} has {row.minor} and could have been paid"


def _of_bookings(world: World) -> Iterator[str]:
    """A booking stands when it is paid for, and only then; its seats are kept as long."""
    parts: dict[str, list[Any]] = {}
    for row in world.rows(
        "SELECT a.part, a.state, a.amount_minor, a.refunded_minor, p.state AS payment, p.purpose"
        " FROM payment_parts a JOIN payments p ON p.id = a.payment_id"
    ):
        parts.setdefault(row.part, []).append(row)
    seats = {row.booking_id for row in world.rows("SELECT booking_id FROM allocations")}
    for booking in world.rows("SELECT * FROM bookings"):
        mine = [one for one in parts[booking.id] if one.payment == "paid" and one.state == "taken"]
        taken = sum(one.amount_minor for one in mine)
        if booking.status in _LIVES:
            wrong = booking.id not in seats or not booking.paid_minor == taken == booking.total_minor
        elif booking.status == "cancelled":
            kept = taken - sum(one.refunded_minor for one in mine)
            wrong = booking.id in seats or kept > booking.paid_minor - (booking.refund_minor or 0)
        else:
            wrong = True
        if wrong:
            yield (
                f"{booking.id} is {booking.status} with {'' if booking.id in seats else 'no '}seats, paid"
                f" {booking.paid_minor} of {booking.total_minor} and back {booking.refund_minor}: {parts[booking.id]}"
            )


def _of_orders(world: World) -> Iterator[str]:
    """An order is paid when its payment is."""
    for order in world.rows(
        "SELECT o.id, o.state, (SELECT array_agg(p.state ORDER BY p.id) FROM payments p"
        " WHERE p.subject = o.id AND p.purpose <> 'balance') AS payments FROM orders o"
    ):
        if order.state not in {"paid", "cancelled"}:
            yield f"{order.id} is {order.state} for ever: {order.payments}"
        if order.state == "paid" and order.payments != ["paid"]:
            yield f"{order.id} is paid, its payments are {order.payments}"
    for part in world.rows(
        "SELECT o.id, a.part, a.amount_minor, a.refunded_minor FROM orders o"
        " JOIN payments p ON p.subject = o.id AND p.state = 'paid'"
        " JOIN payment_parts a ON a.payment_id = p.id AND a.state = 'taken'"
        " WHERE o.state = 'cancelled' AND a.part LIKE 'line:%' AND a.refunded_minor < a.amount_minor"
    ):
        yield f"{part.id} is cancelled, and {part.refunded_minor} of {part.amount_minor} went back"


def _of_stock(world: World) -> Iterator[str]:
    """Units and coupons are gone for orders that were paid, and for no others."""
    (level,) = world.rows("SELECT on_hand, reserved FROM stock_levels WHERE product_id = :id", id=world.goods)
    sold = world.rows(
        "SELECT coalesce(sum(l.quantity), 0)::int AS units FROM order_lines l JOIN orders o ON o.id = l.order_id"
        " LEFT JOIN order_events e ON e.order_id = o.id AND e.action IN ('paid', 'authorised')"
        " AND e.data -> 'lost' @> to_jsonb('line:' || l.position)"
        " WHERE o.state = 'paid' AND l.product_id = :id AND e.id IS NULL",
        id=world.goods,
    )[0].units
    if (level.on_hand, level.reserved) != (STOCK - sold, 0):
        yield f"{level.on_hand} units and {level.reserved} reserved, {sold} of {STOCK} are in paid orders"
    for use in world.rows(
        'SELECT u.state, o.state AS "order", o.id FROM coupon_uses u JOIN orders o ON o.id = u.reference'
        " WHERE (u.state = 'released') <> (o.state = 'cancelled')"
    ):
        yield f"the coupon of {use.id} is {use.state}, the order {use.order}"


def _of_operations(world: World) -> Iterator[str]:
    """Nothing is under way."""
    for one in world.rows("SELECT * FROM payment_operations WHERE state = 'pending'"):
        yield f"{one.kind} {one.number} of {one.payment_id} is pending for ever"


def _of_ledger(world: World) -> Iterator[str]:
    with world.app.app_context():
        yield from svcs.flask.get(LedgerCheck).problems()
    for row in world.rows(
        "SELECT sum(amount_minor)::int AS minor FROM ledger_months WHERE account = 'disputed'"
    ):
        if row.minor:
            yield f"{row.minor} are in dispute for ever"


def _of_reconciliation(world: World) -> Iterator[str]:
    """The gateway's book says what ours says."""
    with world.app.app_context():
        until = world.clock.now() + timedelta(days=1)
        report = svcs.flask.get(Reconciliation).report(since=NOW - timedelta(days=1), before=until)
        db.session.commit()
    yield from (one.words for one in report.differences)
    for balance in report.balances:
        if balance.ledger != balance.gateway:
            yield f"we have {balance.gateway} there, by the ledger {balance.ledger}"
