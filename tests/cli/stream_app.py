"""A WSGI application whose sessions are lists in Redis, to be watched through the real web server."""

import json
import os
import threading
import time
from datetime import UTC, datetime, timedelta

import svcs
from flask import Flask, Response

from backend.config import Settings
from backend.domains.rules.service import RulesService
from backend.infra.clock import SystemClock
from backend.infra.pubsub import Listener
from backend.infra.redis import connect, key
from backend.web import headers
from backend.web.hub import Hub, StreamLimits, Subscription
from backend.web.sse import Event, Snapshot
from backend.web.streams import event_stream, last_event_id

SETTINGS = Settings.from_env()
CHANNEL = "stream-app"
ENDS_AT = datetime.now(UTC) + timedelta(hours=1)  # noqa: TID251 (a real server, in real time)

application = Flask(__name__)
svcs.flask.init_app(application)
client = connect(SETTINGS.redis_url or "")
listener = Listener(client)
hub = Hub(clock=SystemClock(), listener=listener, limits=StreamLimits(per_user=1000, per_process=1000))
listener.subscribe(CHANNEL, lambda message: hub.nudge(message["key"], message["number"]))
svcs.flask.register_value(application, Hub, hub)
# The server sees to it that the rules are read before it serves; there are none here.
svcs.flask.register_value(application, RulesService, object())
headers.install(application, SETTINGS)
slowly = threading.Lock()


def look(name: str) -> Snapshot:
    """What happened to the session of that name; `over` is the last that can."""
    found = client.lrange(key("stream-app", name), 0, -1)
    events = tuple(Event(number, text, {}) for number, text in enumerate(found, start=1))  # type: ignore[arg-type]
    over = bool(events) and events[-1].name == "over"
    return Snapshot(events, None if over else ENDS_AT)


@application.get("/sessions/<name>/events")
def watch(name: str) -> Response:
    """Its events."""
    asked = Subscription(name, "usr_1", last_event_id(), look(name), lambda: look(name))
    return event_stream(hub, asked)


@application.post("/sessions/<name>/<event>")
def happen(name: str, event: str) -> dict[str, int]:
    """One more."""
    number = int(client.rpush(key("stream-app", name), event))  # type: ignore[arg-type]
    client.publish(CHANNEL, json.dumps({"key": name, "number": number}))
    return {"number": number}


@application.get("/slow")
def slow() -> Response:
    """The process that answers, after a moment."""
    with slowly:
        time.sleep(1)
    return Response(json.dumps({"pid": os.getpid()}))


@application.get("/health")
def health() -> dict[str, int]:
    """How many streams this process has, and whether somebody waits for a slow answer."""
    return {"pid": os.getpid(), "streams": hub.streams, "slow": slowly.locked()}
