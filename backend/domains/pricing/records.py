"""Cases and prices as JSON documents and back, so that a stored quote can be priced again, to the cent."""

from collections.abc import Mapping
from dataclasses import fields
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from backend.domains.pricing.deals import Deal
from backend.domains.pricing.entities import Case, Instalment, Line, Price, Refusal, RuleRef, Shares, TaxPart
from backend.engine.decision import NearMiss
from backend.engine.vocabulary import Vocabulary
from backend.kernel.money import Money


def case_document(case: Case, vocabulary: Vocabulary) -> dict[str, Any]:
    """A case; its facts are written as staff write them, so that `flask rules try` reads them too."""
    return {
        "label": case.label,
        "base": str(case.base),
        "agreed": case.agreed,
        "cost": None if case.cost is None else str(case.cost),
        "deal": None if case.deal is None else deal_document(case.deal),
        "facts": {
            name: written(value, name, vocabulary)
            for name, value in case.facts.items()
            if value is not None and name in vocabulary.facts
        },
    }


def read_case(document: Mapping[str, Any], vocabulary: Vocabulary) -> Case:
    """The case behind a document; FactError when the vocabulary no longer knows one of its facts."""
    amounts = {"base": document["base"], "cost": document["cost"]}
    parsed = vocabulary.parse_facts({**document["facts"], **amounts})
    base, cost = parsed.pop("base"), parsed.pop("cost", None)
    assert isinstance(base, Money)  # noqa: S101 (the vocabulary declares `base` as money)
    assert cost is None or isinstance(cost, Money)  # noqa: S101 (as `base`)
    # Documents may be older than agreed prices and deals.
    agreed, deal = document.get("agreed", False), document.get("deal")
    return Case(
        facts=parsed,
        label=document["label"],
        base=base,
        cost=cost,
        agreed=agreed,
        deal=None if deal is None else _read_deal(deal),
    )


def deal_document(deal: Deal) -> dict[str, Any]:
    """A price that a customer haggled out."""
    return {
        "bargain_id": deal.bargain_id,
        "price": money_document(deal.price),
        "label": deal.label,
        "combines": deal.combines,
        "until": deal.until.isoformat(),
    }


def _read_deal(document: Mapping[str, Any]) -> Deal:
    until = datetime.fromisoformat(document["until"])
    return Deal(**{**document, "price": read_money(document["price"]), "until": until})


def written(value: object, name: str, vocabulary: Vocabulary) -> str:
    """A fact's value as staff write it."""
    return vocabulary.facts[name].type.write(value)


def price_document(price: Price, vocabulary: Vocabulary) -> dict[str, Any]:
    """A price with everything that explains it."""
    return {
        "total": money_document(price.total),
        "lines": [line_document(line) for line in price.lines],
        "near_misses": [
            {
                "rule": miss.rule,
                "fact": miss.fact,
                "wanted": miss.wanted,
                "got": None if miss.got is None else written(miss.got, miss.fact, vocabulary),
            }
            for miss in price.near_misses
        ],
        "refusals": [{"reason": r.reason, "rule": rule_document(r.rule)} for r in price.refusals],
        "requires_approval": price.requires_approval,
        "below_floor_by": rule_document(price.below_floor_by),
        "taxes": [tax_document(tax) for tax in price.taxes],
        "shares": shares_document(price.shares),
        "due_later": [instalment_document(due) for due in price.due_later],
    }


def read_price(document: Mapping[str, Any]) -> Price:
    """The price behind a document; what facts were in near misses stays as staff write it."""
    return Price(
        lines=tuple(read_line(line) for line in document["lines"]),
        total=read_money(document["total"]),
        near_misses=tuple(NearMiss(**miss) for miss in document["near_misses"]),
        refusals=tuple(Refusal(r["reason"], RuleRef(**r["rule"])) for r in document["refusals"]),
        requires_approval=document["requires_approval"],
        below_floor_by=read_rule(document["below_floor_by"]),
        # Quotes from before there were taxes and fees say nothing of them.
        taxes=tuple(_read_tax(tax) for tax in document.get("taxes", ())),
        shares=_read_shares(document.get("shares")),
        due_later=tuple(
            Instalment(read_money(due["amount"]), date.fromisoformat(due["on"]))
            for due in document.get("due_later", ())
        ),
    )


def money_document(money: Money) -> dict[str, Any]:
    """`{"amount": 12500, "currency": "EUR"}`."""
    return {"amount": money.minor, "currency": money.currency}


def read_money(document: Mapping[str, Any]) -> Money:
    """The amount behind a document."""
    return Money(document["amount"], document["currency"])


def line_document(line: Line) -> dict[str, Any]:
    """One line of a price."""
    return {
        "stage": line.stage,
        "label": line.label,
        "amount": money_document(line.amount),
        "rule": rule_document(line.rule),
    }


def read_line(document: Mapping[str, Any]) -> Line:
    """The line behind a document."""
    amount, rule = read_money(document["amount"]), read_rule(document["rule"])
    return Line(document["stage"], document["label"], amount, rule)


def tax_document(tax: TaxPart) -> dict[str, Any]:
    """The tax in or on a price."""
    return {
        "label": tax.label,
        "percent": f"{tax.percent:f}",
        "net": money_document(tax.net),
        "tax": money_document(tax.tax),
        "included": tax.included,
        "reverse_charge": tax.reverse_charge,
        "rule": rule_document(tax.rule),
    }


def _read_tax(document: Mapping[str, Any]) -> TaxPart:
    read = {"percent": Decimal(document["percent"]), "rule": RuleRef(**document["rule"])}
    amounts = {name: read_money(document[name]) for name in ("net", "tax")}
    return TaxPart(**{**document, **read, **amounts})


def shares_document(shares: Shares | None) -> dict[str, Any] | None:
    """Who gets what of a price."""
    if shares is None:
        return None
    return {share.name: money_document(getattr(shares, share.name)) for share in fields(Shares)}


def _read_shares(document: Mapping[str, Any] | None) -> Shares | None:
    if document is None:
        return None
    return Shares(**{name: read_money(share) for name, share in document.items()})


def instalment_document(due: Instalment) -> dict[str, Any]:
    """A balance and its day."""
    return {"amount": money_document(due.amount), "on": due.on.isoformat()}


def rule_document(rule: RuleRef | None) -> dict[str, Any] | None:
    """Where a rule stands."""
    if rule is None:
        return None
    return {"decision": rule.decision, "id": rule.id, "file": rule.file, "line": rule.line}


def read_rule(document: Mapping[str, Any] | None) -> RuleRef | None:
    """The place behind a document."""
    return None if document is None else RuleRef(**document)
