"""Where the ledger and the gateway disagree about what moved. Pure."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum

from backend.domains.ledger.gateway_side import NO_SOURCE, SourceSum
from backend.kernel.money import Money


class Disagreement(StrEnum):
    """The ways in which they can disagree."""

    UNKNOWN_MOVEMENT = "unknown_movement"
    UNKNOWN_ENTRY = "unknown_entry"
    AMOUNT = "amount"
    FEE = "fee"
    NO_SOURCE = "no_source"


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing at the gateway of which the two tell different amounts; `words` is a sentence for a person.

    `entries` are keys of the ledger, `movements` ids of the gateway.
    """

    kind: Disagreement
    source: str
    ledger: Money
    gateway: Money
    entries: tuple[str, ...]
    movements: tuple[str, ...]
    words: str


def differences(*, ledger: Iterable[SourceSum], gateway: Iterable[SourceSum]) -> list[Difference]:
    """What the two disagree about, by source and currency."""
    posted = {(one.source, one.moved.currency): one for one in ledger}
    told = {(one.source, one.moved.currency): one for one in gateway}
    return [
        found
        for source, currency in sorted(posted.keys() | told.keys())
        for found in _compared(
            posted.get((source, currency)) or _nothing(source, currency),
            told.get((source, currency)) or _nothing(source, currency),
        )
    ]


def _nothing(source: str, currency: str) -> SourceSum:
    zero = Money.zero(currency)
    return SourceSum(source, zero, zero, ())


def _compared(ledger: SourceSum, gateway: SourceSum) -> Iterator[Difference]:
    names = {"entries": ledger.names, "movements": gateway.names}
    if ledger.moved != gateway.moved:
        kind, words = _of_amounts(ledger, gateway)
        yield Difference(kind, ledger.source, ledger.moved, gateway.moved, **names, words=words)
    if ledger.fee != gateway.fee:
        words = f"The fees of {ledger.source} are {gateway.fee} at the gateway, {ledger.fee} in the ledger."
        yield Difference(Disagreement.FEE, ledger.source, ledger.fee, gateway.fee, **names, words=words)


def _of_amounts(ledger: SourceSum, gateway: SourceSum) -> tuple[Disagreement, str]:
    if ledger.source.startswith(NO_SOURCE):
        return Disagreement.NO_SOURCE, (
            f"The entry {ledger.names[0]} moves {ledger.moved} at the gateway and does not say the gateway's"
            " id of it, so no movement can be found."
        )
    if not ledger.names:
        return Disagreement.UNKNOWN_MOVEMENT, (
            f"{gateway.moved} moved at the gateway for {gateway.source}, of which the ledger knows nothing."
        )
    if not gateway.names:
        return Disagreement.UNKNOWN_ENTRY, (
            f"The ledger says that {ledger.moved} moved at the gateway for {ledger.source}, of which the"
            " gateway knows nothing."
        )
    return Disagreement.AMOUNT, (
        f"{gateway.moved} moved at the gateway for {gateway.source}, and {ledger.moved} in the ledger."
    )
