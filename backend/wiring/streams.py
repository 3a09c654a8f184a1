"""Builds what keeps event streams open and tells them of changes."""

import redis
import svcs
from flask import Flask

from backend.config import Settings
from backend.infra.clock import Clock
from backend.infra.closing import on_close
from backend.infra.pubsub import Listener
from backend.web.hub import Hub, StreamLimits


def register_streams(app: Flask, settings: Settings) -> None:
    """Register the hub of this process, and what listens to messages of others.

    The hub listens from the first stream on: domains subscribe their channels when they are registered.
    """
    with app.app_context():
        client, clock = svcs.flask.get(redis.Redis), svcs.flask.get_abstract(Clock)
    listener = Listener(client)
    limits = StreamLimits(per_user=settings.streams_per_user, per_process=settings.streams_per_process)
    hub = Hub(clock=clock, listener=listener, limits=limits)
    on_close(app, listener.close)
    on_close(app, hub.close)
    svcs.flask.register_value(app, Listener, listener)
    svcs.flask.register_value(app, Hub, hub)
