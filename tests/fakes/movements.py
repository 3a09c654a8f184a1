"""The gateway's own book, as a test writes it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from backend.domains.payments.gateway import Movement
from backend.kernel.money import Money


@dataclass
class FakeGatewayBook:
    """Implements `GatewayBook`: `told` is what moved, `asked` the periods that somebody asked for."""

    told: list[Movement] = field(default_factory=list)
    asked: list[tuple[datetime, datetime]] = field(default_factory=list)

    def moved(
        self,
        kind: str,
        source: str | None,
        amount: int,
        *,
        at: datetime,
        fee: int = 0,
        currency: str = "EUR",
        name: str | None = None,
    ) -> Movement:
        """Let something move."""
        one = Movement(
            id=name or f"txn_{len(self.told) + 1}",
            kind=kind,
            source_id=source,
            amount=Money(amount, currency),
            fee=Money(fee, currency),
            net=Money(amount - fee, currency),
            created_at=at,
        )
        self.told.append(one)
        return one

    def movements(self, *, since: datetime, before: datetime) -> Sequence[Movement]:
        self.asked.append((since, before))
        return [one for one in self.told if since <= one.created_at < before]

    def balance(self) -> Mapping[str, Money]:
        sums: dict[str, Money] = {}
        for one in self.told:
            sums[one.net.currency] = sums.get(one.net.currency, Money.zero(one.net.currency)) + one.net
        return sums
