"""What a draft of the rules would make of one case, beside today's price."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from backend.domains.pricing.comparison import (
    DecisionComparison,
    PriceComparison,
    compare_decisions,
    compare_prices,
)
from backend.domains.pricing.models import QuoteRow
from backend.domains.pricing.price import Case, Price, price
from backend.domains.pricing.service import UnknownQuoteError
from backend.engine.rulebook import Rulebook
from backend.engine.vocabulary import Vocabulary
from backend.infra.postgres import DbSession
from backend.kernel.errors import InvalidError
from backend.kernel.money import Money

LABEL: Final = "The list price"
"""What the first line of a case without a name is called."""


class NoListPriceError(InvalidError):
    """A case without a price to start from."""


@dataclass(frozen=True, slots=True)
class AskedCase:
    """A case as staff write it: an instant, and facts as JSON, among them `base` and, for a floor, `cost`."""

    facts: Mapping[str, Any]
    at: datetime
    label: str = LABEL

    def case(self, vocabulary: Vocabulary) -> Case:
        """The case in the words of a vocabulary; FactError for facts that it does not know."""
        facts = vocabulary.parse_facts(self.facts)
        base, cost = facts.pop("base", None), facts.pop("cost", None)
        if not isinstance(base, Money):
            raise NoListPriceError(
                'There is no price to compare: give the case its list price, such as "base": "100.00 EUR".'
            )
        assert cost is None or isinstance(cost, Money)  # noqa: S101 (the vocabulary declares it as money)
        return Case(facts=facts, label=self.label, base=base, cost=cost)

    def known_to(self, vocabulary: Vocabulary) -> "AskedCase":
        """The same case without the facts that a vocabulary lacks: a draft may bring new ones."""
        known = {name: value for name, value in self.facts.items() if name in vocabulary.facts}
        return AskedCase(known, self.at, self.label)


@dataclass(frozen=True, slots=True)
class Tried:
    """Today's price of a case; with a draft, how they compare, and what differs beside the price."""

    today: Price
    comparison: PriceComparison | None = None
    decisions: tuple[DecisionComparison, ...] = ()


def try_case(asked: AskedCase, *, today: Rulebook, draft: Rulebook | None = None) -> Tried:
    """The case priced under today's rules and, when there is one, under a draft.

    Raises NoListPriceError, and FactError for facts that the draft (else today's rules) does not know.
    """
    if draft is None:
        return Tried(price(today, asked.case(today.vocabulary), at=asked.at))
    case = asked.case(draft.vocabulary)
    now = price(today, asked.known_to(today.vocabulary).case(today.vocabulary), at=asked.at)
    comparison = compare_prices(now, price(draft, case, at=asked.at))
    return Tried(now, comparison, compare_decisions(today, draft, case, at=asked.at))


def case_of_quote(session: DbSession, quote_id: str) -> AskedCase:
    """The case of a stored quote, at the instant it was made; UnknownQuoteError."""
    row = session.get(QuoteRow, quote_id)
    if row is None:
        raise UnknownQuoteError(f"There is no quote {quote_id}.")
    amounts = {name: row.case[name] for name in ("base", "cost") if row.case[name] is not None}
    return AskedCase({**row.case["facts"], **amounts}, row.created_at, row.case["label"])
