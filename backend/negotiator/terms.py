"""The terms of a bargain: how a strategy haggles, in numbers that rules decide and a session keeps."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any, Final, Self

LEAST_POWER: Final = 0.05
MOST_POWER: Final = 10.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """How the seller haggles. All numbers but `curve` and `firmness` are shares from 0 to 1.

    * `most_off`: the most that the price may fall, as a share of the *list price*. It has nothing to do with
      the floor, so that knowing one says nothing about the other.
    * `curve`: how the counters fall at least between the list price and the last ask, attempt / attempts to
      this power: 1 evenly, less than 1 early, more than 1 late.
    * `zone`: how far below our next ask, as a share of the list price, an offer may be and still be taken.
    * `firmness`: what is sought is the greatest (price - floor) ** firmness * chance of a sale: 1 is the
      expected profit, more holds the price, less saves the sale.
    * `patience`: how much weight the hope of a better offer has beside the offer in hand.
    * `jitter`: how far, as a share of the list price, chance may lower an ask, and move the zone either way.
    * `serious`: an offer below this share of the last ask gets no counter-offer before the last attempt.
    """

    strategy: str = "moderate"
    most_off: float = 0.5
    curve: float = 1.0
    zone: float = 0.04
    firmness: float = 1.0
    patience: float = 1.0
    jitter: float = 0.01
    serious: float = 0.2

    def __post_init__(self) -> None:
        for name in ("most_off", "zone", "patience", "jitter", "serious"):
            if not 0 <= getattr(self, name) <= 1:
                raise ValueError(f"{name} is a share from 0 to 1, and {getattr(self, name)} is not")
        for name in ("curve", "firmness"):
            if not LEAST_POWER <= getattr(self, name) <= MOST_POWER:
                raise ValueError(f"{name} is from {LEAST_POWER:g} to {MOST_POWER:g}")

    def document(self) -> dict[str, Any]:
        """As JSON."""
        return asdict(self)

    @classmethod
    def of_document(cls, document: Mapping[str, Any]) -> Self:
        """From what `document` gave; a member that it lacks has its usual value."""
        known = {field.name for field in fields(cls)}
        return cls(**{name: value for name, value in document.items() if name in known})
