"""Cases and prices as JSON documents and back, so that a stored quote can be priced again, to the cent."""

from collections.abc import Mapping
from typing import Any

from backend.domains.pricing.entities import Case, Line, Price, Refusal, RuleRef
from backend.engine.decision import NearMiss
from backend.engine.vocabulary import Vocabulary
from backend.kernel.money import Money


def case_document(case: Case, vocabulary: Vocabulary) -> dict[str, Any]:
    """A case; its facts are written as staff write them, so that `flask rules try` reads them too."""
    return {
        "label": case.label,
        "base": str(case.base),
        "cost": None if case.cost is None else str(case.cost),
        "facts": {
            name: written(value, name, vocabulary) for name, value in case.facts.items() if value is not None
        },
    }


def read_case(document: Mapping[str, Any], vocabulary: Vocabulary) -> Case:
    """The case behind a document; FactError when the vocabulary no longer knows one of its facts."""
    amounts = {"base": document["base"], "cost": document["cost"]}
    parsed = vocabulary.parse_facts({**document["facts"], **amounts})
    base, cost = parsed.pop("base"), parsed.pop("cost", None)
    assert isinstance(base, Money)  # noqa: S101 (the vocabulary declares `base` as money)
    return Case(facts=parsed, label=document["label"], base=base, cost=cost)  # type: ignore[arg-type]


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
    }


def read_price(document: Mapping[str, Any]) -> Price:
    """The price behind a document; what facts were in near misses stays as staff write it."""
    return Price(
        lines=tuple(
            Line(line["stage"], line["label"], read_money(line["amount"]), read_rule(line["rule"]))
            for line in document["lines"]
        ),
        total=read_money(document["total"]),
        near_misses=tuple(NearMiss(**miss) for miss in document["near_misses"]),
        refusals=tuple(Refusal(r["reason"], RuleRef(**r["rule"])) for r in document["refusals"]),
        requires_approval=document["requires_approval"],
        below_floor_by=read_rule(document["below_floor_by"]),
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


def rule_document(rule: RuleRef | None) -> dict[str, Any] | None:
    """Where a rule stands."""
    if rule is None:
        return None
    return {"decision": rule.decision, "id": rule.id, "file": rule.file, "line": rule.line}


def read_rule(document: Mapping[str, Any] | None) -> RuleRef | None:
    """The place behind a document."""
    return None if document is None else RuleRef(**document)
