"""What a crowd does with bargains (see `tests.races.crowd`)."""

from dataclasses import dataclass
from datetime import datetime

import svcs

from backend.domains.bargain.service import Bargains
from backend.domains.bargain.starting import BargainStart
from backend.domains.pricing.wanted import Item
from backend.kernel.money import Money


@dataclass(frozen=True)
class Start:
    """Begin to bargain over a product, or go on."""

    user_id: str
    product_id: str
    now: datetime

    def do(self) -> None:
        svcs.flask.get(BargainStart).start(
            user_id=self.user_id,
            item=Item(self.product_id),
            strategy=None,
            address="192.0.2.1",
            now=self.now,
        )


@dataclass(frozen=True)
class Offer:
    """Offer so many cents."""

    session_id: str
    user_id: str
    minor: int
    now: datetime

    def do(self) -> None:
        svcs.flask.get(Bargains).offer(
            session_id=self.session_id,
            user_id=self.user_id,
            price=Money(self.minor, "EUR"),
            said="",
            language="en",
            now=self.now,
        )


@dataclass(frozen=True)
class Accept:
    """Accept the counter-offer."""

    session_id: str
    user_id: str
    now: datetime

    def do(self) -> None:
        svcs.flask.get(Bargains).accept_counter(
            session_id=self.session_id, user_id=self.user_id, now=self.now
        )


@dataclass(frozen=True)
class Abandon:
    """Leave."""

    session_id: str
    user_id: str
    now: datetime

    def do(self) -> None:
        svcs.flask.get(Bargains).abandon(session_id=self.session_id, user_id=self.user_id, now=self.now)
