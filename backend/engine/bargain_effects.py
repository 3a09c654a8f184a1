"""Effects of a bargain: who may haggle, by which strategy, and how that strategy haggles."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, ClassVar, Final, Self

from backend.engine.effects import Effect
from backend.engine.values import BOOLEAN, NUMBER, PERCENT, ValueType

STRATEGIES: Final = ("aggressive", "moderate", "conservative")
_WHOLE: Final = Decimal(100)
_MOST_POWER: Final = Decimal(10)


@dataclass(frozen=True, slots=True)
class Strategy(Effect):
    """`strategy: moderate`: it may be haggled over, in this way.

    `combines_coupons: true` lets coupons come on top of the price agreed on; `words_may_propose: true` lets
    whoever words the answers move a counter-offer a little.
    """

    name: str
    combines_coupons: bool = False
    words_may_propose: bool = False

    keyword: ClassVar[str] = "strategy"
    flags: ClassVar[Mapping[str, ValueType]] = {"combines_coupons": BOOLEAN, "words_may_propose": BOOLEAN}

    @classmethod
    def parse(cls, text: str, flags: Mapping[str, Any]) -> Self:
        if text not in STRATEGIES:
            raise ValueError(
                f"{text!r} is not a strategy; write {', '.join(STRATEGIES[:-1])} or {STRATEGIES[-1]}"
            )
        return cls(text, **flags)


@dataclass(frozen=True, slots=True)
class MostOff(Effect):
    """`most_off: 35%` of the list price is the most that is given way; its flags say how.

    `curve`: 1 gives way evenly from attempt to attempt, less early, more late. `zone`: an offer this much
    of the list price below what would be asked next may still be taken. `firmness`: 1 seeks the profit
    expected, more holds the price, less saves the sale. `patience`: the weight of a better offer that may
    come. `jitter`: how much of the list price chance moves. `serious`: a lower offer, as a percentage of
    the last ask, gets no counter-offer before the last attempt.
    """

    percent: Decimal
    curve: Decimal | None = None
    zone: Decimal | None = None
    firmness: Decimal | None = None
    patience: Decimal | None = None
    jitter: Decimal | None = None
    serious: Decimal | None = None

    keyword: ClassVar[str] = "most_off"
    flags: ClassVar[Mapping[str, ValueType]] = {
        "curve": NUMBER, "zone": PERCENT, "firmness": NUMBER, "patience": PERCENT, "jitter": PERCENT,
        "serious": PERCENT,
    }  # fmt: skip

    @classmethod
    def parse(cls, text: str, flags: Mapping[str, Any]) -> Self:
        percent = Decimal(PERCENT.parse(text))
        for name, value in {"most_off": percent, **flags}.items():
            most = _MOST_POWER if name in {"curve", "firmness"} else _WHOLE
            least = Decimal("0.1") if most is _MOST_POWER else Decimal(0)
            if not least <= value <= most:
                raise ValueError(f"{name} is from {least} to {most}, and {value} is not")
        return cls(percent, **flags)


@dataclass(frozen=True, slots=True)
class _Change(Effect):
    percent: Decimal

    @classmethod
    def parse(cls, text: str, flags: Mapping[str, Any]) -> Self:
        percent = Decimal(PERCENT.parse(text))
        if not 0 < percent <= cls.most():
            raise ValueError(f"{cls.keyword} is more than 0% and at most {cls.most()}%, and {text} is not")
        return cls(percent, **flags)

    @classmethod
    def most(cls) -> Decimal:
        """The greatest percentage that makes sense."""
        return _WHOLE


@dataclass(frozen=True, slots=True)
class Softer(_Change):
    """`softer: 20%`: gives way more by this much: a wider zone, less firmness, less patience."""

    keyword: ClassVar[str] = "softer"

    @classmethod
    def most(cls) -> Decimal:
        return Decimal(90)


@dataclass(frozen=True, slots=True)
class Firmer(_Change):
    """`firmer: 20%`: gives way less by this much."""

    keyword: ClassVar[str] = "firmer"
