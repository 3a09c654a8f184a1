"""The store of shadows, when its database is away."""

import threading
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy.exc import OperationalError

from backend.domains.shadow.store import RunningShadow, Shadows


@dataclass(frozen=True)
class AwayShadows(Shadows):
    """A database that can be away."""

    away: threading.Event = field(default_factory=threading.Event)

    def running(self, *, now: datetime) -> RunningShadow | None:
        """Ask, unless the database is away."""
        self._require_database()
        return super().running(now=now)

    def keep(self, **values: Any) -> None:
        """Store, unless the database is away."""
        self._require_database()
        super().keep(**values)

    def _require_database(self) -> None:
        if self.away.is_set():
            raise OperationalError("SELECT", {}, ConnectionError("away"))
