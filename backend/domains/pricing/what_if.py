"""What a draft of the rules would make of one case, beside today's price."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final

from backend.domains.pricing.comparison import (
    DecisionComparison,
    PriceComparison,
    compare_decisions,
    compare_prices,
)
from backend.domains.pricing.entities import Case, Price
from backend.domains.pricing.models import QuoteRow
from backend.domains.pricing.price import price
from backend.domains.pricing.service import UnknownQuoteError
from backend.domains.rules.checking import RuleChecks
from backend.domains.rules.publishing import RulePublishing
from backend.domains.rules.service import RulesService
from backend.engine.problems import Problem
from backend.engine.rulebook import Rulebook
from backend.engine.vocabulary import Vocabulary
from backend.infra.clock import Clock
from backend.infra.postgres import DbSession
from backend.infra.rule_files import read_sources
from backend.kernel.errors import InvalidError
from backend.kernel.money import Money

LABEL: Final = "The list price"
"""What the first line of a case without a name is called."""


class NoListPriceError(InvalidError):
    """A case without a price to start from."""


class DraftRefusedError(InvalidError):
    """A draft that cannot be read; `problems` and `failure` are as a check of it gives them."""

    title = "The rules are not valid"

    def __init__(self, problems: Sequence[Problem], failure: str) -> None:
        super().__init__(
            "\n".join([*(str(problem) for problem in problems), *filter(None, (failure,))]),
            extra={"problems": [_place(problem) for problem in problems], "failure": failure},
        )


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
    """Today's price of a case; with a draft, how they compare, and what differs beside the price.

    `vocabulary` writes the facts of near misses: the draft's, which knows those of today.
    """

    today: Price
    vocabulary: Vocabulary
    comparison: PriceComparison | None = None
    decisions: tuple[DecisionComparison, ...] = ()


def try_case(asked: AskedCase, *, today: Rulebook, draft: Rulebook | None = None) -> Tried:
    """The case priced under today's rules and, when there is one, under a draft.

    Raises NoListPriceError, and FactError for facts that the draft (else today's rules) does not know.
    """
    if draft is None:
        return Tried(price(today, asked.case(today.vocabulary), at=asked.at), today.vocabulary)
    case = asked.case(draft.vocabulary)
    now = price(today, asked.known_to(today.vocabulary).case(today.vocabulary), at=asked.at)
    comparison = compare_prices(now, price(draft, case, at=asked.at))
    return Tried(now, draft.vocabulary, comparison, compare_decisions(today, draft, case, at=asked.at))


def case_of_quote(session: DbSession, quote_id: str) -> AskedCase:
    """The case of a stored quote, at the instant it was made; UnknownQuoteError."""
    row = session.get(QuoteRow, quote_id)
    if row is None or row.slot_id is None:
        raise UnknownQuoteError(f"There is no quote {quote_id}.")
    amounts = {name: row.case[name] for name in ("base", "cost") if row.case[name] is not None}
    return AskedCase({**row.case["facts"], **amounts}, row.created_at, row.case["label"])


@dataclass(frozen=True)
class WhatIf:
    """Tries cases under the rules that are served, and under drafts."""

    session: DbSession
    clock: Clock
    rules: RulesService
    publishing: RulePublishing
    checks: RuleChecks

    def ask(
        self,
        *,
        case: Mapping[str, Any] | None = None,
        quote_id: str | None = None,
        at: datetime | None = None,
        draft: Mapping[str, Any] | None = None,
    ) -> Tried:
        """Try the facts `case`, or those of a stored quote, at `at` (else: now, or when the quote was made).

        `draft` holds the arguments of `RulePublishing.draft`. Raises DraftRefusedError for a draft that
        cannot be read, UnknownQuoteError, and what `try_case` raises.
        """
        if quote_id is not None:
            asked = case_of_quote(self.session, quote_id)
        else:
            asked = AskedCase(case or {}, self.clock.now())
        if at is not None:
            asked = replace(asked, at=at)
        candidate = None if draft is None else self._readable(self.publishing.draft(**draft))
        return try_case(asked, today=self.rules.rulebook(), draft=candidate)

    def _readable(self, sources: Mapping[str, str]) -> Rulebook:
        """The rulebook of these texts, once a child process has survived it."""
        tried = self.checks.trial(sources)
        if not tried.ok:
            raise DraftRefusedError(tried.problems, tried.failure)
        return read_sources(sources)


def _place(problem: Problem) -> dict[str, Any]:
    return {name: getattr(problem, name) for name in ("file", "line", "column", "message")}
