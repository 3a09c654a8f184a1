"""What a back-test takes at 10,000 and 100,000 recorded quotes: time, quotes a second, and peak memory.

The quotes are put straight into a database of the bench's own; what is measured is `flask rules backtest`
as staff run it, a process of its own. Fails when 100,000 take more than a minute, or when ten times as many
quotes need much more memory.
"""

import resource
import subprocess
import sys
import time
from datetime import datetime, timedelta
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

import svcs
from flask import Flask
from sqlalchemy import insert

from backend.config import ROOT
from backend.domains.availability.entities import Slot
from backend.domains.availability.service import AvailabilityService
from backend.domains.pricing.facts import VISITOR, House, slot_case
from backend.domains.pricing.models import QuoteRow
from backend.domains.pricing.records import case_document
from backend.domains.rules.service import RulesService
from backend.infra import logging
from backend.infra.clock import Clock
from backend.infra.postgres import db
from bench.consultants import ENVIRONMENT, ensure_enough, week
from bench.fresh import fresh_stores
from tests.conftest import Stores
from tests.factories.apps import running_app

COUNTS: Final = (10_000, 100_000)
AIM_SECONDS: Final = 60.0
MORE_MEMORY_MB: Final = 60
"""How much more the larger history may need: buffers settle, quotes do not add up."""
_CHUNK: Final = 5_000


def main() -> int:
    """Print a line for each size of history."""
    logging.configure(level="ERROR", file=None)
    print(f"{'quotes':>8}{'seconds':>10}{'quotes/s':>10}{'largest process, MB':>22}")
    with fresh_stores("bench_backtest") as stores, TemporaryDirectory() as folder:
        draft = dearer_evenings(Path(folder))
        there, figures = 0, []
        for count in COUNTS:
            with running_app(stores) as app:
                record(app, first=there, last=count)
            there = count
            figures.append(measured(stores, draft, count))
    (_, small), (seconds, large) = figures
    if seconds > AIM_SECONDS or large > small + MORE_MEMORY_MB:
        print(f"backtest: more than {AIM_SECONDS:.0f} s, or memory grows with the history")
        return 1
    return 0


def dearer_evenings(folder: Path) -> Path:
    """A draft of one file: evenings cost 30 % more, not 25 %."""
    rules, _, _ = (ROOT / "rules" / "peak_hours.yaml").read_text().partition("scenarios:")
    text = rules.replace("surcharge: 25%", "surcharge: 30%") + "scenarios: []\n"
    (folder / "peak_hours.yaml").write_text(text)
    return folder


def record(app: Flask, *, first: int, last: int) -> None:
    """Store quotes number `first` to `last` as `POST /api/quotes` would, a second apart."""
    providers = ensure_enough(app)
    with app.app_context():
        now = svcs.flask.get_abstract(Clock).now()
        start, end = week(now)
        slots = svcs.flask.get(AvailabilityService).slots(
            provider_ids=providers, first=start.date(), last=end.date(), party=1, now=now
        )
        numbers = iter(range(first, last))
        while chunk := list(islice(numbers, _CHUNK)):
            rows = [_quote(number, slots[number % len(slots)], now) for number in chunk]
            db.session.execute(insert(QuoteRow), rows)
            db.session.commit()


def _quote(number: int, slot: Slot, now: datetime) -> dict[str, Any]:
    rulebook = svcs.flask.get(RulesService).rulebook()
    case = slot_case(slot, party=1 + number % 4, customer=VISITOR, house=House("FR"), now=now)
    at = now - timedelta(days=2) + timedelta(seconds=number)
    return {
        "id": f"quo_{number:08}",
        "user_id": None,
        "product_id": slot.product.id,
        "provider_id": slot.provider.id,
        "slot_id": slot.id,
        "party": 1 + number % 4,
        "currency": case.base.currency,
        "total_minor": case.base.minor,
        "case": case_document(case, rulebook.vocabulary),
        "price": {},
        "release": rulebook.version,
        "created_at": at,
        "expires_at": at + timedelta(minutes=15),
    }


def measured(stores: Stores, draft: Path, count: int) -> tuple[float, float]:
    """Seconds of a run, and the memory of its largest process in MB."""
    command = [sys.executable, "-m", "flask", "--app", "app", "rules", "backtest"]
    command += ["--draft", str(draft), "--format", "csv", "-o", str(draft / "report")]
    environment = {**ENVIRONMENT, "POSTGRES_URL": stores.postgres_url, "REDIS_URL": stores.redis_url}
    started = time.monotonic()
    subprocess.run(command, cwd=ROOT, env=environment, check=True, capture_output=True)
    seconds = time.monotonic() - started
    whole = (draft / "report").read_text().splitlines()[1].split(",")
    if int(whole[3]) != count:
        raise SystemExit(f"backtest: {count} quotes were recorded, and {whole[3]} priced")
    megabytes = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    print(f"{count:>8,}{seconds:>10.1f}{count / seconds:>10,.0f}{megabytes:>22,.0f}", flush=True)
    return seconds, megabytes


if __name__ == "__main__":
    sys.exit(main())
