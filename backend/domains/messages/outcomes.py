"""Which things of an order its customer gets and pays for, and which not."""

from collections.abc import Iterable

from backend.domains.checkout.outcomes import Fate, ItemOutcome


def is_sold(outcome: ItemOutcome) -> bool:
    """Whether it is paid for: a thing that was declined, or all of whose money goes back, is not.

    Of what was cancelled after it had been paid, the rules may have kept a part.
    """
    if outcome.fate is Fate.DECLINED:
        return False
    if outcome.refunded:
        return outcome.refunded < outcome.amount
    return outcome.fate is not Fate.CANCELLED


def not_sold(outcomes: Iterable[ItemOutcome]) -> frozenset[int]:
    """The positions of the lines that are not paid for."""
    return frozenset(outcome.position for outcome in outcomes if not is_sold(outcome))
