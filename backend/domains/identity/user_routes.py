"""/api/users: what users say of themselves and like, and users as staff find them."""

from datetime import UTC, datetime
from typing import Any, Final

import svcs

from backend.domains.identity import routes
from backend.domains.identity.directory import OnlineUser, UserDirectory
from backend.domains.identity.preferences import Preferences, PreferenceService
from backend.domains.identity.service import User, UserService
from backend.domains.identity.user_schemas import (
    LoyaltyTierSchema,
    OnlinePageSchema,
    PreferencesSchema,
    StaffUserPageSchema,
    StaffUserSchema,
    UserSearchArgs,
)
from backend.kernel.errors import InvalidError
from backend.web.api import Blueprint
from backend.web.auth import Role, caller_id, requires, signed_in
from backend.web.etags import IF_MATCH, etag_of, this_edit
from backend.web.pagination import Page, PageArgs, decode_cursor, id_behind, page_of
from backend.web.sessions import Sighting

users: Final = Blueprint("users", __name__, url_prefix="/api/users", description="Users")
# The year 9999, in milliseconds: what a date can hold.
LATEST_MS: Final = 253_000_000_000_000

# /api/auth/profile by its other address.
users.get("/profile")(routes.profile)
users.put("/profile")(routes.change_profile)


@users.get("/preferences")
@users.response(200, PreferencesSchema)
@signed_in
def read_preferences() -> tuple[Preferences, dict[str, str]]:
    """What the caller likes to see."""
    return _tagged(svcs.flask.get(PreferenceService).preferences(user_id=caller_id()))


@users.put("/preferences")
@users.doc(**IF_MATCH)
@signed_in
@users.arguments(PreferencesSchema)
@users.response(200, PreferencesSchema)
@users.alt_response(412, description="If-Match names another version than the newest")
@users.alt_response(428, description="If-Match is missing")
def replace_preferences(wanted: Preferences) -> tuple[Preferences, dict[str, str]]:
    """Replace what the caller likes to see. Before the first time the ETag is `"0"`."""
    return _tagged(svcs.flask.get(PreferenceService).replace(wanted=wanted, edit=this_edit()))


@users.get("")
@requires(Role.SUPPORT)
@users.arguments(UserSearchArgs, location="query")
@users.response(200, StaffUserPageSchema)
@users.alt_response(403, description="Only staff can do this")
def search_users(asked: dict[str, Any]) -> Page[User]:
    """Users, the newest first, by a part of their name or e-mail address (support)."""
    directory, limit = svcs.flask.get(UserDirectory), asked["limit"]
    found = directory.search(text=asked["q"], older_than=id_behind(asked["cursor"]), limit=limit + 1)
    return page_of(found, limit=limit, key=lambda user: [user.id])


@users.get("/online")
@requires(Role.SUPPORT)
@users.arguments(PageArgs, location="query")
@users.response(200, OnlinePageSchema)
@users.alt_response(403, description="Only staff can do this")
def online_users(asked: dict[str, Any]) -> Page[OnlineUser]:
    """Who was seen in the last five minutes, the one seen last first (support)."""
    limit = asked["limit"]
    found = svcs.flask.get(UserDirectory).online(before=_sighting(asked["cursor"]), limit=limit + 1)
    return page_of(found, limit=limit, key=lambda one: [round(one.seen_at.timestamp() * 1000), one.user.id])


@users.get("/<user_id>")
@requires(Role.SUPPORT)
@users.response(200, StaffUserSchema)
@users.alt_response(403, description="Only staff can do this")
@users.alt_response(404, description="No such user")
def read_user(user_id: str) -> User:
    """One user (support)."""
    return svcs.flask.get(UserService).user(user_id)


@users.put("/<user_id>/loyalty-tier")
@requires(Role.SUPPORT)
@users.arguments(LoyaltyTierSchema)
@users.response(200, StaffUserSchema)
@users.alt_response(403, description="Only staff can do this")
@users.alt_response(404, description="No such user")
def set_loyalty_tier(asked: dict[str, str], user_id: str) -> User:
    """Put a user into a loyalty tier, which rules may ask for (support)."""
    service = svcs.flask.get(UserService)
    return service.set_loyalty_tier(user_id=user_id, actor_id=caller_id(), **asked)


def _sighting(cursor: str | None) -> Sighting | None:
    """Behind whom the page goes on. InvalidError for a cursor that is not one of ours."""
    key = decode_cursor(cursor, parts=2)
    if key is None:
        return None
    if not (isinstance(key[0], int) and 0 <= key[0] < LATEST_MS and isinstance(key[1], str)):
        raise InvalidError(
            "The cursor is not one of ours; start again without it.", errors={"cursor": ["Unknown cursor."]}
        )
    return Sighting(datetime.fromtimestamp(key[0] / 1000, UTC), key[1])


def _tagged(found: Preferences) -> tuple[Preferences, dict[str, str]]:
    return found, {"ETag": etag_of(found.version)}
