"""A process that answers an offer and is killed on the way. Run as `python -m tests.races.bargain_killed`."""

import os
import signal
import sys
from dataclasses import dataclass
from typing import Any, Final

import svcs

from backend.domains.bargain.live import LiveSessions
from backend.infra import logging
from backend.infra.postgres import db
from tests.conftest import NOW, Stores
from tests.factories.apps import running_app
from tests.races.bargain_acts import Offer

# When it is killed: before anything is committed, or when that is done and Redis does not know yet.
BEFORE, AFTER = "before the commit", "after the commit"


@dataclass(frozen=True)
class Deadly(LiveSessions):
    """Kills the process that puts a copy there."""

    def keep_changed(self, *_: Any, **__: Any) -> None:
        """The last thing that it does."""
        die()


def die() -> None:
    """Nothing is cleaned up, and nobody is told."""
    os.kill(os.getpid(), signal.SIGKILL)


def main(postgres_url: str, redis_url: str, session_id: str, user_id: str, minor: str, moment: str) -> None:
    """Answer the offer, as far as it gets."""
    logging.configure(level="ERROR", file=None)
    with running_app(Stores(postgres_url, redis_url)) as app, app.app_context():
        live = svcs.flask.get(LiveSessions)
        svcs.flask.register_value(app, LiveSessions, Deadly(live.redis, live.outage))
        with app.app_context():
            Offer(session_id, user_id, int(minor), NOW).do()
            if moment == BEFORE:
                die()
            db.session.commit()


DIED: Final = -signal.SIGKILL

if __name__ == "__main__":
    main(*sys.argv[1:])
