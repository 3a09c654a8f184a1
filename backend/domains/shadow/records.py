"""Reports of shadows as JSON documents: what the API answers and the command line prints."""

from datetime import datetime
from typing import Any

from backend.domains.pricing.records import money_document
from backend.domains.shadow.service import Shadow, ShadowReport
from backend.domains.shadow.tally import RESULTS, Tally
from backend.kernel.money import Money
from backend.web.fields import write_instant


def report_document(report: ShadowReport) -> dict[str, Any]:
    """A report; rules and currencies with the largest sums first, movers with the largest change first."""
    tally = report.tally
    return {
        "shadow": shadow_document(report.shadow),
        "processes": report.processes,
        "stored_at": _instant(report.stored_at),
        "results": {result: tally.results[result] for result in RESULTS},
        "currencies": currency_documents(tally),
        "rules": rule_documents(tally),
        "failures": [{"reason": reason, "quotes": n} for reason, n in tally.failures.most_common()],
        "movers": [
            {
                "quote_id": mover.quote_id,
                "today": money_document(mover.today),
                "draft": money_document(mover.draft),
                "difference": money_document(mover.difference),
            }
            for mover in tally.movers
        ],
    }


def shadow_document(shadow: Shadow) -> dict[str, Any]:
    """A shadow without what it found."""
    return {
        "id": shadow.id,
        "version": shadow.version,
        "status": shadow.status.value,
        "sample": f"{shadow.sample.normalize():f}%",
        "author": shadow.author,
        "note": shadow.note,
        "started_at": write_instant(shadow.started_at),
        "ends_at": write_instant(shadow.ends_at),
        "ended_at": _instant(shadow.ended_at),
        "because": shadow.because,
    }


def currency_documents(tally: Tally) -> list[dict[str, Any]]:
    """The sums of the quotes that both sides sell, by currency."""
    return [
        {
            "quotes": quotes,
            "today": money_document(Money(tally.today[currency], currency)),
            "draft": money_document(Money(tally.draft[currency], currency)),
            "difference": money_document(Money(tally.draft[currency] - tally.today[currency], currency)),
        }
        for currency, quotes in tally.compared.most_common()
    ]


def rule_documents(tally: Tally) -> list[dict[str, Any]]:
    """What differed, by rule and currency; `rule` is None for a line that no rule stands behind."""
    rows = sorted(tally.rule_quotes, key=lambda key: (-abs(tally.rule_differences[key]), key))
    return [
        {
            "decision": key.decision,
            "rule": key.rule or None,
            "quotes": tally.rule_quotes[key],
            "difference": money_document(Money(tally.rule_differences[key], key.currency)),
        }
        for key in rows
    ]


def _instant(at: datetime | None) -> str | None:
    return None if at is None else write_instant(at)
