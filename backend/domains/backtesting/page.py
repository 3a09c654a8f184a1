"""A back-test as one HTML page that needs nothing else: no network, no script; every value is escaped."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from backend.domains.backtesting.table import SUMS, money_words, percent_words, rule_words
from backend.domains.pricing.records import read_money

WIDTH: Final = 400
"""Of the bars, in units of the drawing."""
_MONEY_NAMES: Final = {
    "quoted": "Asked for in all",
    "booked": "Of what was booked",
    "margin": "Above cost, where it is known",
}


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar of a chart: how long, what stands before and behind it, and how it is coloured."""

    label: str
    words: str
    length: int
    tone: str


@dataclass(frozen=True, slots=True)
class Chart:
    """Bars with a title; the words say everything that the bars do."""

    title: str
    bars: tuple[Bar, ...]


def page(document: Mapping[str, Any]) -> str:
    """The page of a result document."""
    return _ENVIRONMENT.get_template("report.html").render(
        document=document,
        counts=document["counts"],
        money_names=_MONEY_NAMES,
        sums=SUMS,
        changes=_changes(document["changes"]),
        segments=[
            (segment["fact"], currency, _revenue(segment, currency))
            for segment in document["segments"]
            for currency in _currencies(document)
        ],
        movers=[
            (one["currency"], way, _moves(one[way]))
            for one in document["movers"]
            for way in ("dearer", "cheaper")
            if one[way]
        ],
    )


def _changes(changes: Sequence[Mapping[str, Any]]) -> Chart:
    most = max((one["quotes"] for one in changes), default=0)
    bars = tuple(
        Bar(one["label"], f"{one['quotes']:,}", _length(one["quotes"], most), _tone(one["bin"]))
        for one in changes
    )
    return Chart("How many quotes move how far", bars)


def _revenue(segment: Mapping[str, Any], currency: str) -> Chart:
    """Two bars for each value of a fact: before, and with the draft."""
    pairs = [
        (value["value"], one["quoted"])
        for value in segment["values"]
        for one in value["currencies"]
        if one["currency"] == currency
    ]
    most = max((pair[side]["amount"] for _, pair in pairs for side in ("before", "after")), default=0)
    bars: list[Bar] = []
    for value, pair in pairs:
        before, after = pair["before"], pair["after"]
        bars.append(Bar(value, _money(before), _length(before["amount"], most), "before"))
        words = f"{_money(after)} ({percent_words(pair['change_percent'])})"
        bars.append(Bar("with the draft", words, _length(after["amount"], most), "after"))
    return Chart(f"What is asked for, by {segment['fact']}, in {currency}", tuple(bars))


def _moves(movers: Sequence[Mapping[str, Any]]) -> Chart:
    moves = [abs(one["after"]["amount"] - one["before"]["amount"]) for one in movers]
    most = max(moves, default=0)
    bars = tuple(
        Bar(
            one["id"],
            f"{_money(one['before'])} → {_money(one['after'])} ({percent_words(one['change_percent'])})",
            _length(move, most),
            _tone(one["after"]["amount"] - one["before"]["amount"]),
        )
        for one, move in zip(movers, moves, strict=True)
    )
    return Chart("Size of the move", bars)


def _currencies(document: Mapping[str, Any]) -> list[str]:
    return [one["currency"] for one in document["currencies"]]


def _tone(change: int) -> str:
    if change == 0:
        return "same"
    return "dearer" if change > 0 else "cheaper"


def _length(amount: int, most: int) -> int:
    """In whole units, at least one for whatever is there at all."""
    if most <= 0 or amount <= 0:
        return 0
    return max(1, amount * WIDTH // most)


def _money(document: Mapping[str, Any]) -> str:
    return money_words(read_money(document))


_ENVIRONMENT: Final = Environment(
    loader=FileSystemLoader(Path(__file__).parent / "templates"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
_ENVIRONMENT.filters.update(money=_money, percent=percent_words, rule=rule_words)
