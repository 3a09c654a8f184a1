"""The tokens of a session: access (who, in which roles) and refresh (good once), as JSON or as cookies."""

from dataclasses import dataclass

from flask import current_app
from flask_jwt_extended import create_access_token, create_refresh_token

from backend.kernel.roles import Role
from backend.web.sessions import RefreshTicket


@dataclass(frozen=True, slots=True)
class TokenPair:
    """What a client keeps after login: the access token (`expires_in` seconds) and the refresh token."""

    access_token: str
    refresh_token: str
    expires_in: int


def issue(*, user_id: str, roles: frozenset[Role], ticket: RefreshTicket) -> TokenPair:
    """Signed tokens. Claims: `sub` the user, `sid` the session, `roles` (access), `jti` (refresh)."""
    session = {"sid": ticket.session_id}
    return TokenPair(
        access_token=create_access_token(user_id, additional_claims={**session, "roles": sorted(roles)}),
        refresh_token=create_refresh_token(user_id, additional_claims={**session, "jti": ticket.refresh_id}),
        expires_in=int(current_app.config["JWT_ACCESS_TOKEN_EXPIRES"].total_seconds()),
    )
