"""Users as staff find them: by name or address, and those who are online."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Text, cast, or_, select

from backend.domains.identity.models import UserRow
from backend.domains.identity.service import User, user_of
from backend.infra.postgres import DbSession
from backend.web.sessions import Sessions, Sighting


@dataclass(frozen=True, slots=True)
class OnlineUser:
    """A user who was seen a few minutes ago at most."""

    user: User
    seen_at: datetime


@dataclass(frozen=True)
class UserDirectory:
    """Looks users up for staff."""

    session: DbSession
    sessions: Sessions

    def search(self, *, text: str | None, older_than: str | None, limit: int) -> list[User]:
        """The newest `limit` users with `text` in their name or address, whatever its case; all for None."""
        query = select(UserRow).order_by(UserRow.id.desc()).limit(limit)
        if text is not None:
            address = cast(UserRow.email, Text)
            query = query.where(
                or_(UserRow.name.icontains(text, autoescape=True), address.icontains(text, autoescape=True))
            )
        if older_than is not None:
            query = query.where(UserRow.id < older_than)
        return [user_of(row) for row in self.session.scalars(query)]

    def online(self, *, before: Sighting | None, limit: int) -> Sequence[OnlineUser]:
        """Who is online, the one seen last first, from behind `before` on. RedisError without Redis."""
        seen = self.sessions.online(before=before, limit=limit)
        users = self._users({sighting.user_id for sighting in seen})
        return [OnlineUser(users[one.user_id], one.seen_at) for one in seen if one.user_id in users]

    def _users(self, user_ids: Collection[str]) -> Mapping[str, User]:
        rows = self.session.scalars(select(UserRow).where(UserRow.id.in_(user_ids)))
        return {row.id: user_of(row) for row in rows}
