"""Telling visitors apart for a day without keeping their addresses. Pure."""

import hashlib
import hmac
from dataclasses import dataclass, field
from datetime import datetime


@dataclass(frozen=True)
class Visitors:
    """Names visitors by a keyed hash: nobody without the secret can find an address by trying them all."""

    secret: str = field(repr=False)

    def visitor(self, address: str, *, now: datetime) -> str:
        """32 hexadecimal digits: the same for an address all day (UTC), and unlike those of other days."""
        told = f"climbup.visitor.1|{now.date().isoformat()}|{address}"
        return hmac.new(self.secret.encode(), told.encode(), hashlib.sha256).hexdigest()[:32]
