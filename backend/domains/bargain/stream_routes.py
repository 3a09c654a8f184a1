"""/api/bargain/session/{id}/events: a bargain as it goes on, by server-sent events (docs/streams.md)."""

from typing import Final

import svcs
from flask import Response

from backend.domains.bargain.service import Bargains
from backend.domains.bargain.watching import BargainWatch
from backend.web.api import Blueprint
from backend.web.auth import caller_id, signed_in
from backend.web.clock import time_now
from backend.web.hub import Hub
from backend.web.sse import CONTENT_TYPE
from backend.web.streams import RESUMED, ResumedQuery, event_stream, last_event_id

blueprint: Final = Blueprint(
    "bargain streams", __name__, url_prefix="/api/bargain", description="Bargains as they go on"
)


@blueprint.get("/session/<session_id>/events")
@signed_in
@blueprint.doc(**RESUMED)
@blueprint.arguments(ResumedQuery, location="query")
@blueprint.response(200, {"type": "string"}, content_type=CONTENT_TYPE)
@blueprint.alt_response(204, description="It has ended, and the client has had all of its events")
@blueprint.alt_response(404, description="No such bargain of the caller")
@blueprint.alt_response(429, description="The caller has too many streams open")
@blueprint.alt_response(503, description="Too many streams are open; GET /api/bargain/session/{id} answers")
def watch(_: dict[str, str], session_id: str) -> Response:
    """Each event of a bargain as it happens, and how much time is left."""
    hub, bargains, watching = svcs.flask.get(Hub, Bargains, BargainWatch)
    view = bargains.view(session_id=session_id, user_id=caller_id(), now=time_now())
    return event_stream(hub, watching.subscribe(view, after=last_event_id()))
