"""Builds what lets bargains be watched."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import svcs
from flask import Flask

from backend.domains.bargain.entities import SessionView
from backend.domains.bargain.live import CHANNEL, LiveSessions
from backend.domains.bargain.service import Bargains
from backend.domains.bargain.watching import BargainWatch
from backend.infra.clock import Clock
from backend.infra.pubsub import Listener
from backend.web.hub import Hub


def register_bargain_streams(app: Flask) -> None:
    """Let messages about bargains reach who watches them. After `register_bargain`."""

    def read_stored(session_id: str, user_id: str, now: datetime) -> SessionView:
        with app.app_context():
            return svcs.flask.get(Bargains).view(session_id=session_id, user_id=user_id, now=now)

    def nudge(message: Mapping[str, Any]) -> None:
        hub.nudge(message["session_id"], message["number"], lambda: watch.read(message))

    with app.app_context():
        hub, listener, live = svcs.flask.get(Hub, Listener, LiveSessions)
        watch = BargainWatch(live, svcs.flask.get_abstract(Clock), read_stored)
    listener.subscribe(CHANNEL, nudge)
    svcs.flask.register_value(app, BargainWatch, watch)
