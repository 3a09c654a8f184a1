"""Small rulebooks for tests."""

import textwrap
from datetime import UTC, datetime

from backend.engine.rulebook import Rulebook
from backend.infra.rule_files import read_sources

VOCABULARY = textwrap.dedent(
    """\
    facts:
      kind: {type: enum, values: [slot, stay], about: Kind.}
      weekday: {type: enum, values: [mon, tue, sat, sun], about: Day.}
      party: {type: integer, about: Persons.}
      lead_hours: {type: number, about: Hours.}
      loyalty_tier: {type: enum, values: [none, gold], default: none, about: Tier.}
      timezone: {type: text, about: Zone.}
      currency: {type: text, about: Currency.}
      base: {type: money, about: Price.}
      tags: {type: list, values: [spa, pool], about: Tags.}
    decisions:
      price: {about: Price., effects: [surcharge, discount, add, set, at_least, at_most]}
      refund: {about: Refund., effects: [refund]}
      empty: {about: Nothing decides it., effects: [refuse]}
    """
)
MONDAY = datetime(2026, 6, 1, 12, tzinfo=UTC)


def book(rules: str, *, hit_policy: str = "collect", decision: str = "price", more: str = "") -> Rulebook:
    """A rulebook of one decision with these rules."""
    head = f"decision: {decision}\nabout: A.\nhit_policy: {hit_policy}\n{more}rules:\n"
    return read_sources(
        {
            "rules/vocabulary.yaml": VOCABULARY,
            "rules/price.yaml": head + textwrap.indent(textwrap.dedent(rules), "  "),
        }
    )


def fired(rulebook: Rulebook, facts: dict[str, object], *, decision: str = "price", at=MONDAY) -> list[str]:
    """The ids of the rules that fire."""
    return [rule.rule for rule in rulebook.decide(decision, facts, at=at).fired]
