"""Answers to requests with an `Idempotency-Key`, kept in Redis too: a repetition costs no statement.

PostgreSQL decides; this only remembers what it decided. Without Redis everything works, a little slower.
"""

import json
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, Final

import redis

from backend.infra.redis import Outage, key

NAME: Final = "idempotent"


@dataclass(frozen=True, slots=True)
class KeptAnswer:
    """What was answered to whom, until when it is to be answered again, and to which request."""

    fingerprint: str
    status: int
    content_type: str
    headers: dict[str, str]
    body: str
    expires_at: str


@dataclass(frozen=True)
class KeptAnswers:
    """Finds and keeps answers; never fails."""

    redis: redis.Redis
    outage: Outage

    def find(self, *, owner: str, name: str, now: datetime) -> KeptAnswer | None:
        """The answer to the key `name` of an owner, if it is known here and still good."""
        kept: Any = self.outage.ask(lambda: self.redis.get(key(NAME, owner, name)))
        if kept is None:
            return None
        found = KeptAnswer(**json.loads(kept))
        return found if datetime.fromisoformat(found.expires_at) > now else None

    def keep(self, answer: KeptAnswer, *, owner: str, name: str, now: datetime) -> None:
        """Remember an answer that PostgreSQL has."""
        left = datetime.fromisoformat(answer.expires_at) - now
        text = json.dumps(asdict(answer))
        self.outage.ask(lambda: self.redis.set(key(NAME, owner, name), text, px=left))
