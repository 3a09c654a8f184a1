import asyncio
from datetime import timedelta
from typing import Any

import svcs
from flask import Flask
from sqlalchemy import text

from backend import wiring
from backend.cli.worker import work
from backend.domains.availability.holds import HoldService
from backend.infra.clock import SystemClock
from backend.infra.jobs import JobQueue
from backend.infra.postgres import db
from tests.conftest import Stores, make_settings
from tests.factories.apps import running_app
from tests.factories.bookings import Customer, make_consultant, next_week
from tests.waiting import wait_until


def work_off(app: Flask, stores: Stores) -> bool:
    """Let a worker do the jobs that are due."""
    asyncio.run(work(app, wiring.tasks(), settings=make_settings(stores), wait=False))
    return True


def entry_of(customer: Customer) -> dict[str, Any]:
    (entry,) = customer.get("/api/waitlist").json["items"]
    return dict(entry)


class TestTheWorker:
    def test_turns_an_expired_hold_into_an_offer(self, own_stores: Stores) -> None:
        with running_app(own_stores) as app, app.app_context():
            now = SystemClock().now()
            ada, bob = (Customer.new(app.test_client()) for _ in range(2))
            slot_id = ada.slots(make_consultant(), day=next_week(now))[0]["slot_id"]
            holds = svcs.flask.get(HoldService)
            holds.hold(user_id=ada.user.id, slot_id=slot_id, seats=1, now=now, kept_for=timedelta(minutes=9))
            db.session.commit()
            bob.post("/api/waitlist", {"slot_id": slot_id})
            db.session.execute(text("UPDATE allocations SET hold_expires_at = :now"), {"now": now})
            svcs.flask.get(JobQueue).enqueue("holds.release_expired")
            db.session.commit()

            # A worker that does not wait may stop before it sees the job that its last job made.
            wait_until(lambda: work_off(app, own_stores) and entry_of(bob)["status"] == "offered")

            entry = entry_of(bob)
            scheduled = db.session.scalars(
                text(
                    "SELECT scheduled_at FROM procrastinate_jobs"
                    " WHERE task_name = 'waitlist.offer' AND scheduled_at IS NOT NULL"
                )
            ).all()
            assert [at.isoformat(timespec="milliseconds")[:23] for at in scheduled] == [
                entry["offer_expires_at"].removesuffix("Z")
            ]
