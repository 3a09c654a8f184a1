"""Bargains in PostgreSQL: read with their offers by one statement, written with a new offer by another.

An offer is the step that many take at once, so what it costs counts: the object-relational mapper would take
two statements for each of these, and more time than all the rest of the step.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any, Final

from sqlalchemy import TextClause, text

from backend.domains.bargain.entities import State
from backend.domains.bargain.stored import StoredOffer, StoredSession
from backend.infra.postgres import DbSession
from backend.negotiator.bargaining import Outcome

_MEMBERS: Final = tuple(field.name for field in fields(StoredSession) if field.name != "offers")
_OFFER: Final = tuple(field.name for field in fields(StoredOffer))
# As one value each: a driver spends more on forty columns than PostgreSQL on putting them into a list.
_OFFERS_OF: Final = (
    "SELECT COALESCE(json_agg(json_build_array("  # noqa: S608 (names of our own)
    f"{', '.join(f'o.{name}' for name in _OFFER)}) ORDER BY o.number), '[]')"
    " FROM bargain_offers o WHERE o.session_id = "
)
_SESSION: Final = f"SELECT json_build_array({', '.join(f's.{name}' for name in _MEMBERS)})"
_WITH_OFFERS: Final = f"{_SESSION}, ({_OFFERS_OF}s.id) FROM bargain_sessions s WHERE "
_WITHOUT: Final = f"{_SESSION}, NULL FROM bargain_sessions s WHERE "
_LOCK: Final = " FOR UPDATE OF s"

_OFFERS: Final = text(f"{_OFFERS_OF}:id")
_ONE: Final = text(f"{_WITH_OFFERS}s.id = :id")
_ONE_LOCKED: Final = text(f"{_WITH_OFFERS}s.id = :id{_LOCK}")
_OPEN_LOCKED: Final = text(
    f"{_WITH_OFFERS}s.user_id = :user_id AND s.thing = :thing AND s.state = 'open'{_LOCK}"
)
_DUE_LOCKED: Final = text(
    f"{_WITH_OFFERS}s.state = 'open' AND s.expires_at <= :now ORDER BY s.expires_at LIMIT :limit{_LOCK}"
    " SKIP LOCKED"
)
_SEVERAL_LOCKED: Final = text(f"{_WITH_OFFERS}s.id = ANY(:ids) ORDER BY s.id{_LOCK}")
_USED_LOCKED: Final = text(f"{_WITH_OFFERS}s.used_by = :reference ORDER BY s.id{_LOCK}")
_OF_USER: Final = text(
    f"{_WITHOUT}s.user_id = :user_id AND (CAST(:older_than AS text) IS NULL OR s.id < :older_than)"
    " ORDER BY s.id DESC LIMIT :limit"
)

# What steps change.
_CHANGING: Final = (
    *("attempts_used", "offer_minor", "counter_minor", "final_minor", "state", "ended_at", "deal_until"),
    *("quote_id", "quote_token", "used_by", "version"),
)
_UPDATE: Final = (
    f"UPDATE bargain_sessions SET {', '.join(f'{name} = :{name}' for name in _CHANGING)} WHERE id = :id"  # noqa: S608 (names of our own)
)
_SAVE: Final = text(_UPDATE)
_SAVE_WITH_OFFER: Final = text(
    f"WITH made AS (INSERT INTO bargain_offers (session_id, {', '.join(_OFFER)})"  # noqa: S608 (names of our own)
    f" VALUES (:id, {', '.join(f':new_{name}' for name in _OFFER)})) {_UPDATE}"
)

_INSTANTS: Final = tuple(map(_MEMBERS.index, ("started_at", "expires_at", "ended_at", "deal_until")))
_ATTEMPTS_USED: Final = _MEMBERS.index("attempts_used")
_STATE: Final = _MEMBERS.index("state")


@dataclass(frozen=True)
class BargainStore:
    """Reads and writes sessions in the running transaction; who locks them, sees what others committed."""

    session: DbSession

    def find(self, session_id: str) -> StoredSession | None:
        """A session, to look at."""
        return self._one(_ONE, id=session_id)

    def lock(self, session_id: str) -> StoredSession | None:
        """A session, to change: others who want to wait."""
        return self._one(_ONE_LOCKED, id=session_id)

    def lock_open(self, *, user_id: str, thing: str) -> StoredSession | None:
        """The open session of a user over a thing, whether or not its time is over."""
        return self._one(_OPEN_LOCKED, user_id=user_id, thing=thing)

    def lock_due(self, *, now: datetime, limit: int) -> list[StoredSession]:
        """Open sessions whose time is over, the oldest first, without those that others are at."""
        return self._all(_DUE_LOCKED, now=now, limit=limit)

    def lock_all(self, session_ids: Collection[str]) -> dict[str, StoredSession]:
        """Sessions by their ids, locked in one order for everybody."""
        return {one.id: one for one in self._all(_SEVERAL_LOCKED, ids=[*session_ids])}

    def lock_used_by(self, reference: str) -> list[StoredSession]:
        """The sessions whose deals an order uses."""
        return self._all(_USED_LOCKED, reference=reference)

    def of_user(self, *, user_id: str, older_than: str | None, limit: int) -> list[StoredSession]:
        """The newest sessions of a user, without their offers."""
        return self._all(_OF_USER, user_id=user_id, older_than=older_than, limit=limit)

    def save(self, changed: StoredSession, *, offer: StoredOffer | None = None) -> None:
        """Write a locked session as it is now, and the offer that is new in it."""
        values = {"id": changed.id, **{name: getattr(changed, name) for name in _CHANGING}}
        values["state"] = changed.state.value
        if offer is None:
            self.session.execute(_SAVE, values)
            return
        new = {f"new_{name}": getattr(offer, name) for name in _OFFER}
        self.session.execute(_SAVE_WITH_OFFER, {**values, **new, "new_outcome": offer.outcome.value})

    def _one(self, query: TextClause, **values: Any) -> StoredSession | None:
        found = self.session.execute(query, values).one_or_none()
        return None if found is None else self._read(*found)

    def _all(self, query: TextClause, **values: Any) -> list[StoredSession]:
        return [self._read(*row) for row in self.session.execute(query, values).all()]

    def _read(self, members: list[Any], offers: Sequence[Any] | None) -> StoredSession:
        if offers is not None and len(offers) != members[_ATTEMPTS_USED]:
            # The lock was waited for: PostgreSQL looks at the session again then, not at its offers.
            offers = self.session.execute(_OFFERS, {"id": members[0]}).scalar_one()
        for place in _INSTANTS:
            if members[place] is not None:
                members[place] = datetime.fromisoformat(members[place])
        members[_STATE] = State(members[_STATE])
        members.append(tuple(_offer(one) for one in offers or ()))
        return StoredSession(*members)


def _offer(members: Sequence[Any]) -> StoredOffer:
    number, asked, offer, outcome, counter, message, at = members
    return StoredOffer(number, asked, offer, Outcome(outcome), counter, message, datetime.fromisoformat(at))
