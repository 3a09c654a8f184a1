"""/api/waitlist: waiting for seats of a full slot."""

from typing import Any, Final

import svcs

from backend.domains.waitlist.models import WaitlistEntry
from backend.domains.waitlist.schemas import EntryPageSchema, EntrySchema, JoinSchema
from backend.domains.waitlist.service import WaitlistService
from backend.web.api import Blueprint
from backend.web.auth import caller_id, signed_in
from backend.web.clock import time_now
from backend.web.idempotency import idempotent
from backend.web.pagination import Page, PageArgs, id_behind, page_of

blueprint: Final = Blueprint(
    "waitlist", __name__, url_prefix="/api/waitlist", description="Waiting for seats of full slots"
)


@blueprint.post("")
@signed_in
@idempotent(caller_id)
@blueprint.arguments(JoinSchema)
@blueprint.response(201, EntrySchema)
@blueprint.alt_response(404, description="There is no such slot")
@blueprint.alt_response(409, description="There are seats, it is not offered, or the user waits already")
def join(asked: dict[str, Any]) -> WaitlistEntry:
    """Wait for seats of a full slot. They are offered first come first, as a hold that expires."""
    return svcs.flask.get(WaitlistService).join(user_id=caller_id(), now=time_now(), **asked)


@blueprint.get("")
@signed_in
@blueprint.arguments(PageArgs, location="query")
@blueprint.response(200, EntryPageSchema)
def list_entries(asked: dict[str, Any]) -> Page[WaitlistEntry]:
    """The caller's entries, newest first; an `offered` one says until when its seats are held."""
    found = svcs.flask.get(WaitlistService).entries_of(
        user_id=caller_id(),
        older_than=id_behind(asked["cursor"]),
        limit=asked["limit"] + 1,
    )
    return page_of(found, limit=asked["limit"], key=lambda entry: [entry.id])


@blueprint.delete("/<entry_id>")
@signed_in
@blueprint.response(204)
@blueprint.alt_response(404, description="No such entry among the caller's")
def leave(entry_id: str) -> None:
    """Stop waiting; seats that were offered go to the next."""
    svcs.flask.get(WaitlistService).leave(entry_id=entry_id, user_id=caller_id(), now=time_now())
