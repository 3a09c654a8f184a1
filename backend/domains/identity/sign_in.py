"""Signing in and out: a user, a session and its tokens together."""

from dataclasses import dataclass

from backend.domains.identity.service import User, UserService, normal_email
from backend.kernel.errors import InvalidError
from backend.web import tokens
from backend.web.limits import LoginAttempts
from backend.web.sessions import Device, RefreshTicket, Sessions
from backend.web.tokens import TokenPair


@dataclass(frozen=True, slots=True)
class SignedIn:
    """Who is signed in now, and the tokens that show it."""

    user: User
    tokens: TokenPair


@dataclass(frozen=True)
class SignIn:
    """Use cases of sessions. Without Redis they raise its error: nobody gets in unlimited or unlisted."""

    users: UserService
    sessions: Sessions
    attempts: LoginAttempts

    def register(
        self,
        *,
        device: Device,
        email: str,
        password: str,
        name: str | None = None,
        locale: str = "en",
        country: str | None = None,
    ) -> SignedIn:
        """A new user, signed in. Without a name they are called by the local part of their address."""
        user = self.users.register(
            email=email,
            password=password,
            name=name or email.partition("@")[0],
            locale=locale,
            country=country,
        )
        return self._signed_in(user, self.sessions.open(user_id=user.id, device=device))

    def login(self, *, device: Device, email: str, password: str) -> SignedIn:
        """The user in a new session. WrongCredentialsError, TooManyError."""
        account = _account(email)
        self.attempts.begin(account=account, address=device.address)
        user = self.users.authenticate(email=email, password=password)
        self.attempts.forgive(account=account, address=device.address)
        return self._signed_in(user, self.sessions.open(user_id=user.id, device=device))

    def refresh(self, *, user_id: str, ticket: RefreshTicket) -> SignedIn:
        """The user in the same session with new tokens, whose roles are those of today.

        RefreshReusedError and SessionEndedError as in `Sessions.rotate`.
        """
        following = self.sessions.rotate(ticket=ticket, user_id=user_id)
        return self._signed_in(self.users.user(user_id), following)

    def logout(self, *, user_id: str, session_id: str) -> None:
        """End the session; one that ended before is fine."""
        self.sessions.end(session_id=session_id, user_id=user_id)

    def _signed_in(self, user: User, ticket: RefreshTicket) -> SignedIn:
        return SignedIn(user, tokens.issue(user_id=user.id, roles=user.roles, ticket=ticket))


def _account(email: str) -> str:
    """One name for all the spellings that would find the same user."""
    try:
        return normal_email(email)
    except InvalidError:
        return email
