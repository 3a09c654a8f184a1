"""Releases and publications as the processes that serve them read them: on connections of their own."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import Engine, func, select
from sqlalchemy.dialects.postgresql import insert

from backend.domains.rules.models import RulePublication, RuleRelease
from backend.infra.postgres import reading

PUBLISH: Final = "publish"
ROLLBACK: Final = "rollback"
FOLDER: Final = "folder"
"""The author of the first publication: the files that the program came with."""
PUBLISHING_LOCK: Final = 0x7275_6C65
"""The advisory lock of whoever adds a publication ("rule")."""

_FIRST_NOTE: Final = "The rules that the program came with."


@dataclass(frozen=True, slots=True)
class Published:
    """The number of a publication and the version that it made the served one."""

    number: int
    version: str


@dataclass(frozen=True)
class Releases:
    """Reads and keeps releases, each call in a transaction of its own."""

    engine: Engine

    def keep(self, *, version: str, sources: Mapping[str, str], at: datetime) -> None:
        """Keep the texts of a rulebook; nothing when they are kept already."""
        row = {"version": version, "sources": dict(sources), "created_at": at}
        with self.engine.begin() as connection:
            connection.execute(insert(RuleRelease).values(row).on_conflict_do_nothing())

    def sources(self, version: str) -> Mapping[str, str] | None:
        """The texts of a release; None when there is none of this version."""
        with reading(self.engine) as connection:
            query = select(RuleRelease.sources).where(RuleRelease.version == version)
            return connection.execute(query).scalar()

    def published(self) -> Published | None:
        """The newest publication; None when there was none yet."""
        with reading(self.engine) as connection:
            row = connection.execute(_NEWEST).one_or_none()
        return Published(row.number, row.version) if row else None

    def publish_first(self, *, version: str, at: datetime) -> None:
        """Record the kept release `version` as the first publication, unless there is one.

        Somebody who publishes at this very moment is not waited for: then theirs is the first.
        """
        row = {"version": version, "kind": PUBLISH, "author": FOLDER, "note": _FIRST_NOTE, "at": at}
        with self.engine.begin() as connection:
            locked = connection.execute(select(func.pg_try_advisory_xact_lock(PUBLISHING_LOCK))).scalar_one()
            if locked and connection.execute(_NEWEST).one_or_none() is None:
                connection.execute(insert(RulePublication).values(row))


_NEWEST: Final = (
    select(RulePublication.number, RulePublication.version).order_by(RulePublication.number.desc()).limit(1)
)
