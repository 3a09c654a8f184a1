"""A finished price in the currency in which the customer pays. Pure."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from backend.domains.currency.rates import Rate
from backend.domains.pricing.entities import (
    Instalment,
    OrderPrice,
    Price,
    Shares,
    TaxPart,
)
from backend.kernel.money import Money, total


def presented(price: OrderPrice, rate: Rate) -> OrderPrice:
    """The order in another currency.

    Its lines sum exactly to the changed total; so do, within each part, the shares, what is due when, and
    the net amount and its tax.
    """
    lines = iter(rate.apply_to_parts([line.amount for part in price.parts for line in part.lines]))
    *items, charges = [_part(part, rate, lines) for part in price.parts]
    return replace(
        price,
        items=tuple(items),
        charges=charges,
        rates=(*price.rates, rate),
    )


def _part(part: Price, rate: Rate, amounts: Iterator[Money]) -> Price:
    lines = tuple(replace(line, amount=next(amounts)) for line in part.lines)
    whole = total((line.amount for line in lines), rate.target)
    shares = None if part.shares is None else Shares(*_of(whole, part.shares.parts))
    return replace(
        part,
        lines=lines,
        total=whole,
        taxes=tuple(_tax(tax, whole, shares, rate) for tax in part.taxes),
        shares=shares,
        due_later=_due_later(part, whole),
    )


def _of(whole: Money, parts: Sequence[Money]) -> list[Money]:
    """`whole` in the proportions of `parts`; all of it is the first one's where they are nothing."""
    if not any(parts):
        return [whole, *(Money.zero(whole.currency) for _ in parts[1:])]
    return whole.split([part.minor for part in parts])


def _due_later(part: Price, whole: Money) -> tuple[Instalment, ...]:
    if not part.due_later:
        return ()
    _, *later = _of(whole, [part.due_now, *(due.amount for due in part.due_later)])
    return tuple(replace(due, amount=amount) for due, amount in zip(part.due_later, later, strict=True))


def _tax(part: TaxPart, whole: Money, shares: Shares | None, rate: Rate) -> TaxPart:
    """The tax is the share that is set aside for it; it and the net amount sum exactly to what is paid."""
    if part.reverse_charge is not None:
        return replace(part, net=whole, tax=rate.apply(part.tax))
    tax = _of(whole, [part.net, part.tax])[1] if shares is None else shares.tax
    return replace(part, net=whole - tax, tax=tax)
