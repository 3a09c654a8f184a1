"""The behaviour log: what happened, appended as documents, read back by a few named questions.

MongoDB keeps it in production; without one, a JSONB table in PostgreSQL does (`EmbeddedEventStore`).
An event is a flat JSON object; `name`, `at` and `user_id` are the fields every event has, and `product_id`
in its data says which product it is about.
"""

import json
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, Protocol

from sqlalchemy import Engine, text

from backend.infra.postgres import reading

_DAY: Final = timedelta(days=1)
# Events of one product that are counted at most: of one that more people look at, the newest.
MOST_COUNTED: Final = 50_000
# Events that one statement deletes at most, so that none lasts long.
MOST_FORGOTTEN: Final = 10_000


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened. `name` is a past-tense phrase such as `quote.made`."""

    name: str
    at: datetime
    user_id: str | None
    data: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Touch:
    """That somebody did something, and when."""

    name: str
    at: datetime


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

    def touches(self, *, user_id: str, names: Sequence[str], since: datetime, limit: int) -> list[Touch]:
        """The newest `limit` events of these names by a user since `since`, newest first."""
        ...

    def people_by_day(
        self, *, product_id: str, names: Sequence[str], now: datetime, days: int
    ) -> dict[int, int]:
        """How many people caused events of these names about a product, by how many days ago that was.

        Day 0 are the 24 hours up to `now`, the last is `days - 1`; days without anybody are left out. A user
        counts once a day, each event of an unknown visitor for itself. Of more than `MOST_COUNTED` events
        only the newest are seen.
        """
        ...

    def users(self, *, names: Sequence[str], since: datetime, limit: int) -> list[str]:
        """Up to `limit` users who caused events of these names since `since`, as if drawn by lot.

        The same ones while nothing new happens: those whose ids end with what sorts first.
        """
        ...

    def forget(self, *, names: Sequence[str], before: datetime) -> int:
        """Delete the events of these names from before `before`, a batch at a time; how many there were."""
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

    def touches(self, *, user_id: str, names: Sequence[str], since: datetime, limit: int) -> list[Touch]:
        """The newest `limit` events of these names by a user since `since`, newest first."""
        query = text(
            "SELECT name, at FROM events WHERE user_id = :user_id AND at >= :since AND name = ANY(:names)"
            " ORDER BY at DESC, id DESC LIMIT :limit"
        )
        values = {"user_id": user_id, "since": since, "names": list(names), "limit": limit}
        with reading(self._engine) as connection:
            return [Touch(*row) for row in connection.execute(query, values)]

    def people_by_day(
        self, *, product_id: str, names: Sequence[str], now: datetime, days: int
    ) -> dict[int, int]:
        """How many people caused events of these names about a product, by how many days ago."""
        query = text(
            "SELECT day, count(*) FROM ("
            "SELECT DISTINCT cast(floor(extract(epoch FROM :now - at) / 86400) AS int) AS day,"
            " coalesce(user_id, id::text) AS who FROM ("
            "SELECT id, at, user_id FROM events WHERE product_id = :product_id AND name = ANY(:names)"
            " AND at > :since AND at <= :now ORDER BY at DESC LIMIT :most"
            ") AS newest) AS people GROUP BY day"
        )
        values = {
            "product_id": product_id,
            "names": list(names),
            "now": now,
            "since": now - days * _DAY,
            "most": MOST_COUNTED,
        }
        with reading(self._engine) as connection:
            return {row[0]: row[1] for row in connection.execute(query, values)}

    def users(self, *, names: Sequence[str], since: datetime, limit: int) -> list[str]:
        """Up to `limit` users who caused events of these names since `since`, as if drawn by lot."""
        # The ends of our ids are random, their beginnings are times.
        query = text(
            "SELECT user_id FROM events WHERE at >= :since AND name = ANY(:names) AND user_id IS NOT NULL"
            ' GROUP BY user_id ORDER BY right(user_id, 8) COLLATE "C", user_id COLLATE "C" LIMIT :limit'
        )
        values = {"names": list(names), "since": since, "limit": limit}
        with reading(self._engine) as connection:
            return list(connection.execute(query, values).scalars())

    def forget(self, *, names: Sequence[str], before: datetime) -> int:
        """Delete the events of these names from before `before`, a batch at a time; how many there were."""
        query = text(
            "DELETE FROM events WHERE id IN ("
            "SELECT id FROM events WHERE at < :before AND name = ANY(:names) ORDER BY at LIMIT :limit)"
        )
        values = {"before": before, "names": list(names), "limit": MOST_FORGOTTEN}
        forgotten = 0
        with reading(self._engine) as connection:
            while deleted := connection.execute(query, values).rowcount:
                forgotten += deleted
        return forgotten

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

    def prepare(self) -> None:
        """Make the indexes, where this has not done so before."""
        if not self._prepared:
            self._events.create_index([("at", -1)])
            self._events.create_index([("user_id", 1), ("at", -1)])
            about_products = {"data.product_id": {"$exists": True}}
            self._events.create_index(
                [("data.product_id", 1), ("at", -1)], partialFilterExpression=about_products
            )
            self._prepared = True

    def append(self, events: Sequence[Event]) -> None:
        """Keep the events; the first time, make the indexes that the questions use."""
        self.prepare()
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

    def touches(self, *, user_id: str, names: Sequence[str], since: datetime, limit: int) -> list[Touch]:
        """The newest `limit` events of these names by a user since `since`, newest first."""
        query = {"user_id": user_id, "at": {"$gte": since}, "name": {"$in": list(names)}}
        with self._soon():
            found = self._events.find(query, {"name": 1, "at": 1}).sort([("at", -1), ("_id", -1)])
            return [Touch(d["name"], d["at"]) for d in found.limit(limit)]

    def people_by_day(
        self, *, product_id: str, names: Sequence[str], now: datetime, days: int
    ) -> dict[int, int]:
        """How many people caused events of these names about a product, by how many days ago."""
        match = {
            "data.product_id": product_id,
            "at": {"$gt": now - days * _DAY, "$lte": now},
            "name": {"$in": list(names)},
        }
        ago = {"$floor": {"$divide": [{"$subtract": [now, "$at"]}, _DAY / timedelta(milliseconds=1)]}}
        person = {"day": ago, "who": {"$ifNull": ["$user_id", "$_id"]}}
        stages: list[dict[str, Any]] = [
            {"$match": match},
            {"$sort": {"at": -1}},
            {"$limit": MOST_COUNTED},
            {"$group": {"_id": person}},
            {"$group": {"_id": "$_id.day", "count": {"$sum": 1}}},
        ]
        with self._soon():
            return {int(d["_id"]): d["count"] for d in self._events.aggregate(stages)}

    def users(self, *, names: Sequence[str], since: datetime, limit: int) -> list[str]:
        """Up to `limit` users who caused events of these names since `since`, as if drawn by lot."""
        match = {"at": {"$gte": since}, "name": {"$in": list(names)}, "user_id": {"$ne": None}}
        length = {"$strLenCP": "$_id"}
        end = {"$substrCP": ["$_id", {"$max": [0, {"$subtract": [length, 8]}]}, 8]}
        stages: list[dict[str, Any]] = [
            {"$match": match},
            {"$group": {"_id": "$user_id"}},
            {"$set": {"end": end}},
            {"$sort": {"end": 1, "_id": 1}},
            {"$limit": limit},
        ]
        return [d["_id"] for d in self._events.aggregate(stages, allowDiskUse=True)]

    def forget(self, *, names: Sequence[str], before: datetime) -> int:
        """Delete the events of these names from before `before`; how many there were."""
        old = {"at": {"$lt": before}, "name": {"$in": list(names)}}
        return int(self._events.delete_many(old).deleted_count)

    def _soon(self) -> AbstractContextManager[None]:
        """Somebody waits: an answer that takes longer than a second is none."""
        import pymongo

        return pymongo.timeout(1)

    def ping(self) -> None:
        """Raise when the server does not answer."""
        self._client.admin.command("ping")

    def close(self) -> None:
        """Let go of the connections."""
        self._client.close()
