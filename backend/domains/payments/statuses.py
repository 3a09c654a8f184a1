"""Where payments are, kept in Redis for browsers that ask again and again; PostgreSQL has the truth."""

import json
from dataclasses import asdict, dataclass
from datetime import timedelta
from functools import partial
from typing import Any, Final

import redis

from backend.domains.payments.models import Payment
from backend.domains.payments.states import OVER
from backend.infra.after_commit import after_commit
from backend.infra.postgres import DbSession
from backend.infra.redis import Outage, key

NAME: Final = "payment"
# So long a change may be missed that Redis was not told of; what is over does not change any more.
KEPT_FOR: Final = timedelta(seconds=10)
OVER_KEPT_FOR: Final = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class PaymentStatus:
    """The state of a user's payment, and its version: it grows with each change."""

    id: str
    user_id: str
    state: str
    version: int

    @classmethod
    def of(cls, payment: Payment) -> "PaymentStatus":
        """Of a payment as it is in PostgreSQL."""
        return cls(payment.id, payment.user_id, payment.state, payment.version)


# An older change may be told after a newer one: the newer stays.
_KEEP: Final = """
local kept = redis.call('GET', KEYS[1])
if not kept or cjson.decode(kept).version < tonumber(ARGV[2]) then
    redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[3])
end
"""


@dataclass(frozen=True)
class PaymentStatuses:
    """Keeps states once they are committed. Never fails: without Redis nothing is kept or found."""

    session: DbSession
    redis: redis.Redis
    outage: Outage

    def keep(self, payment: Payment) -> None:
        """Remember the state that a payment has now, once the transaction is committed."""
        after_commit(self.session, partial(self._keep, PaymentStatus.of(payment)))

    def find(self, *, payment_id: str) -> PaymentStatus | None:
        """The state of a payment as far as it is known here."""
        kept: Any = self.outage.ask(lambda: self.redis.get(key(NAME, payment_id)))
        return None if kept is None else PaymentStatus(**json.loads(kept))

    def _keep(self, status: PaymentStatus) -> None:
        kept_for = OVER_KEPT_FOR if status.state in OVER else KEPT_FOR
        text, lifetime = json.dumps(asdict(status)), int(kept_for / timedelta(milliseconds=1))
        name = key(NAME, status.id)
        self.outage.ask(lambda: self.redis.eval(_KEEP, 1, name, text, str(status.version), str(lifetime)))
