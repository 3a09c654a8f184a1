"""The behaviour log: what happened, appended as documents, read back by a few named questions.

MongoDB keeps it in production; without one, a JSONB table in PostgreSQL does (`EmbeddedEventStore`).
An event is a flat JSON object; `name`, `at` and `user_id` are the fields every event has.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from sqlalchemy import Engine, text

from backend.infra.postgres import reading


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened. `name` is a past-tense phrase such as `quote.made`."""

    name: str
    at: datetime
    user_id: str | None
    data: Mapping[str, Any]


class EventStore(Protocol):
    """Where events are kept. Errors of the store are its library's own; callers decide what they mean."""

    def append(self, events: Sequence[Event]) -> None:
        """Keep the events, all or none."""
        ...

    def find(self, *, name: str | None, user_id: str | None, since: datetime, limit: int) -> list[Event]:
        """The newest `limit` events since `since`, newest first, narrowed by name and user when given."""
        ...

    def count_by_name(self, *, since: datetime) -> dict[str, int]:
        """How many events of each name there were since `since`."""
        ...

    def ping(self) -> None:
        """Raise the library's error when the store does not answer."""
        ...


class EmbeddedEventStore:
    """Events in the table `events` of PostgreSQL, on a connection of its own."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def append(self, events: Sequence[Event]) -> None:
        """Keep the events, all or none."""
        insert = text(
            "INSERT INTO events (name, at, user_id, data) VALUES (:name, :at, :user_id, cast(:data AS jsonb))"
        )
        rows = [
            {"name": e.name, "at": e.at, "user_id": e.user_id, "data": json.dumps(dict(e.data))}
            for e in events
        ]
        if rows:
            with self._engine.begin() as connection:
                connection.execute(insert, rows)

    def find(self, *, name: str | None, user_id: str | None, since: datetime, limit: int) -> list[Event]:
        """The newest `limit` events since `since`, newest first."""
        query = text(
            "SELECT name, at, user_id, data FROM events WHERE at >= :since"
            " AND (cast(:name AS text) IS NULL OR name = :name)"
            " AND (cast(:user_id AS text) IS NULL OR user_id = :user_id)"
            " ORDER BY at DESC, id DESC LIMIT :limit"
        )
        values = {"since": since, "name": name, "user_id": user_id, "limit": limit}
        with reading(self._engine) as connection:
            return [Event(*row) for row in connection.execute(query, values)]

    def count_by_name(self, *, since: datetime) -> dict[str, int]:
        """How many events of each name there were since `since`."""
        query = text("SELECT name, count(*) FROM events WHERE at >= :since GROUP BY name")
        with reading(self._engine) as connection:
            rows = connection.execute(query, {"since": since})
            return {row[0]: row[1] for row in rows}

    def ping(self) -> None:
        """Raise when PostgreSQL does not answer."""
        with reading(self._engine) as connection:
            connection.execute(text("SELECT 1"))


class MongoEventStore:
    """Events in the collection `events` of a MongoDB database (4.4 or newer, or a compatible server)."""

    def __init__(self, url: str, *, database: str = "climbup") -> None:
        import pymongo

        self._client: Any = pymongo.MongoClient(
            url, tz_aware=True, serverSelectionTimeoutMS=1000, connectTimeoutMS=1000, appname="climbup"
        )
        self._events = self._client.get_default_database(database)["events"]
        self._prepared = False

    def append(self, events: Sequence[Event]) -> None:
        """Keep the events; the first time, make the indexes that `find` and `count_by_name` use."""
        if not self._prepared:
            self._events.create_index([("at", -1)])
            self._events.create_index([("user_id", 1), ("at", -1)])
            self._prepared = True
        documents = [{"name": e.name, "at": e.at, "user_id": e.user_id, "data": dict(e.data)} for e in events]
        if documents:
            self._events.insert_many(documents)

    def find(self, *, name: str | None, user_id: str | None, since: datetime, limit: int) -> list[Event]:
        """The newest `limit` events since `since`, newest first."""
        query: dict[str, Any] = {"at": {"$gte": since}}
        if name is not None:
            query["name"] = name
        if user_id is not None:
            query["user_id"] = user_id
        found = self._events.find(query).sort([("at", -1), ("_id", -1)]).limit(limit)
        return [Event(d["name"], d["at"], d["user_id"], d["data"]) for d in found]

    def count_by_name(self, *, since: datetime) -> dict[str, int]:
        """How many events of each name there were since `since`."""
        stages: list[dict[str, Any]] = [
            {"$match": {"at": {"$gte": since}}},
            {"$group": {"_id": "$name", "count": {"$sum": 1}}},
        ]
        return {d["_id"]: d["count"] for d in self._events.aggregate(stages)}

    def ping(self) -> None:
        """Raise when the server does not answer."""
        self._client.admin.command("ping")

    def close(self) -> None:
        """Let go of the connections."""
        self._client.close()
