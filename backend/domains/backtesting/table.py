"""A back-test as text: what a revenue manager wants to see at a glance; and as CSV, a row a segment."""

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any, Final

from backend.domains.pricing.records import read_money
from backend.kernel.money import Money
from backend.web.spreadsheets import harmless

_BAR: Final = 40
_NAMES: Final = {
    "quoted": "asked for in all",
    "booked": "of what was booked",
    "margin": "above cost (where known)",
}
SUMS: Final = ("quoted", "booked", "margin")


def table(document: Mapping[str, Any]) -> str:
    """The report in words and columns."""
    counts = document["counts"]
    if not counts["quotes"]:
        return f"Nothing to compare: there are none of {document['history']}.\n"
    parts = (
        _heading(document),
        _overview(counts, document["accepted_percent"]),
        _money(document["currencies"]),
        _accuracy(document["accuracy"]),
        _changes(document["changes"]),
        _movers(document["movers"]),
        _segments(document["segments"]),
        _failures(document),
    )
    return "\n".join(line for part in parts for line in part) + "\n"


def _heading(document: Mapping[str, Any]) -> Iterator[str]:
    before, after = document["before"], document["after"]
    yield f"Back-test of {document['history']}"
    yield f"  before  {before['name']}  ({before['version'][:19]}…)"
    yield f"  draft   {after['name']}  ({after['version'][:19]}…)"
    yield ""


def _overview(counts: Mapping[str, int], accepted: Mapping[str, str | None]) -> Iterator[str]:
    yield f"{counts['quotes']:>9,}  quotes, of which the draft changes {counts['changed']:,}:"
    words = {
        "dearer": "become dearer",
        "cheaper": "become cheaper",
        "newly_refused": "are no longer sold",
        "newly_sold": "are sold, and were refused before",
        "failed": "could not be priced (see below)",
    }
    for name, said in words.items():
        if counts[name]:
            yield f"{counts[name]:>9,}  {said}"
    for name, said in (("raised_to_floor", "raised to the floor"), ("below_floor", "sold below the floor")):
        before, after = counts[f"{name}_before"], counts[f"{name}_after"]
        if before or after:
            yield f"{after:>9,}  {said} (before: {before:,})"
    if counts["accepted"]:
        yield f"{counts['accepted']:>9,}  became bookings ({accepted['before']}%)"
    if counts["accepted_refused_after"]:
        yield (
            f"{counts['accepted_refused_after']:>9,}  of those bookings the draft would refuse "
            f"({accepted['after']}% would be left)"
        )
    yield ""


def _money(currencies: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    yield f"{'Money':<32}{'before':>20}{'draft':>20}{'change':>10}"
    for one in currencies:
        for name in SUMS:
            pair = one[name]
            if pair["before"]["amount"] or pair["after"]["amount"]:
                yield f"  {_NAMES[name]:<30}{_pair(pair)}"
    yield ""


def _accuracy(accuracy: Mapping[str, Any] | None) -> Iterator[str]:
    if accuracy is None:
        return
    yield f"Against what was really paid ({accuracy['quotes']:,} rows){'before':>22}{'draft':>12}"
    before, after = accuracy["before"], accuracy["after"]
    errors = (before["median_error_percent"], after["median_error_percent"])
    yield f"  {'median absolute percentage error':<46}{errors[0] + '%':>12}{errors[1] + '%':>12}"
    for currency in before["bias_percent"]:
        name = f"bias in {currency} (above 0: asks more than was paid)"
        biases = (before["bias_percent"][currency], after["bias_percent"][currency])
        yield f"  {name:<46}{biases[0] + '%':>12}{biases[1] + '%':>12}"
    yield ""


def _changes(changes: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    most = max((one["quotes"] for one in changes), default=0)
    if not most:
        return
    yield "How far prices move"
    for one in changes:
        bar = "█" * -(-one["quotes"] * _BAR // most)
        yield f"  {one['label']:<24}{one['quotes']:>9,}  {bar}".rstrip()
    yield ""


def _movers(movers: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    for one in movers:
        for way in ("dearer", "cheaper"):
            if one[way]:
                yield f"Biggest moves in {one['currency']}, {way}"
            for mover in one[way]:
                yield f"  {mover['id']:<30}{_pair(mover)}"
                for rule in mover["rules"]:
                    yield f"      {rule_words(rule)}"
    if movers:
        yield ""


def rule_words(rule: Mapping[str, Any]) -> str:
    """`peak_hours / weekday-evening: 25.00 EUR → 30.00 EUR`; `nothing` where it did not fire."""
    sides = ["nothing" if rule[side] is None else str(read_money(rule[side])) for side in ("before", "after")]
    return f"{rule['rule']}: {sides[0]} → {sides[1]}"


def _segments(segments: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    for segment in segments:
        columns = f"{'before':>20}{'draft':>20}{'change':>10}{'quotes':>10}{'changed':>10}"
        yield f"By {segment['fact']:<29}{columns}"
        for value in segment["values"]:
            counts = value["counts"]
            for one in value["currencies"]:
                tail = f"{counts['quotes']:>10,}{counts['changed']:>10,}"
                yield f"  {value['value'][:29]:<30}{_pair(one['quoted'])}{tail}"
        yield ""


def _failures(document: Mapping[str, Any]) -> Iterator[str]:
    if document["failures"]:
        yield "Could not be priced"
    for failure in document["failures"]:
        yield f"{failure['quotes']:>9,}  {failure['reason']}"
    if document["skipped_rows"]:
        yield f"{document['skipped_rows']:>9,}  rows were skipped, as they could not be read"


def _pair(pair: Mapping[str, Any]) -> str:
    before, after = read_money(pair["before"]), read_money(pair["after"])
    return f"{money_words(before):>20}{money_words(after):>20}{percent_words(pair['change_percent']):>10}"


def money_words(money: Money) -> str:
    """`1,234.50 EUR`."""
    return f"{money.amount:,} {money.currency}"


def percent_words(percent: str | None) -> str:
    """`+3.5%`, `-3.5%`, `0%`; nothing where there is nothing to compare with."""
    if percent is None:
        return ""
    return f"{Decimal(percent):+}%" if Decimal(percent) else "0%"


def csv_rows(document: Mapping[str, Any]) -> str:
    """A row for each segment and currency, the whole history first; amounts in major units."""
    file = io.StringIO()
    writer = csv.writer(file, lineterminator="\r\n")
    counts = list(document["counts"])
    money = [f"{name}_{side}" for name in SUMS for side in ("before", "after")]
    writer.writerow(["fact", "value", *counts, "currency", *money])
    segments = [("(all)", "", document)]
    for segment in document["segments"]:
        segments += [(segment["fact"], value["value"], value) for value in segment["values"]]
    for fact, value, tally in segments:
        for one in tally["currencies"]:
            amounts = [read_money(one[name][side]).amount for name in SUMS for side in ("before", "after")]
            row = [tally["counts"][name] for name in counts]
            writer.writerow([harmless(fact), harmless(value), *row, one["currency"], *amounts])
    return file.getvalue()
