"""A decision table: the rules of one decision with their hit policy, ready to decide."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from backend.engine.decision import Decision, Fired, NearMiss
from backend.engine.hit_policies import HitPolicy
from backend.engine.matcher import Matcher, MatcherFactory
from backend.engine.near_misses import Explainers
from backend.engine.nodes import Place
from backend.engine.premises import NOTHING_ASSUMED, Premises
from backend.engine.rules import Rule
from backend.engine.scenarios import Scenario
from backend.engine.vocabulary import FactError, Facts, Vocabulary
from backend.kernel.time import ZoneError, zone

TIMEZONE = "timezone"


@dataclass(frozen=True, slots=True)
class DecisionTable:
    """The rules of one decision. `facts` are the names of all facts on which its answer depends.

    `complete_at` is where its file says that every case must be decided (`complete: true`), if it does;
    `premises` are those of the floor.
    """

    name: str
    owner: str
    about: str
    hit_policy: HitPolicy
    rules: tuple[Rule, ...]
    scenarios: tuple[Scenario, ...]
    facts: tuple[str, ...]
    is_dated: bool
    matcher: Matcher
    explainers: Explainers
    complete_at: Place | None = None
    premises: Premises = NOTHING_ASSUMED

    @classmethod
    def of(
        cls,
        *,
        name: str,
        owner: str = "",
        about: str = "",
        hit_policy: HitPolicy,
        rules: Sequence[Rule],
        scenarios: Sequence[Scenario] = (),
        complete_at: Place | None = None,
        premises: Premises = NOTHING_ASSUMED,
        vocabulary: Vocabulary,
        matcher: MatcherFactory,
    ) -> "DecisionTable":
        """The table with its rules compiled."""
        candidates = [rule.candidate for rule in rules]
        is_dated = any(rule.is_dated for rule in rules)
        facts = hit_policy.needs.union(*(rule.facts for rule in rules), {TIMEZONE} if is_dated else ())
        return cls(
            name=name,
            owner=owner,
            about=about,
            hit_policy=hit_policy,
            rules=tuple(rules),
            scenarios=tuple(scenarios),
            facts=tuple(sorted(facts)),
            is_dated=is_dated,
            matcher=matcher(candidates, vocabulary=vocabulary),
            explainers=Explainers.of(rules),
            complete_at=complete_at,
            premises=premises,
        )

    def decide(self, facts: Facts, *, at: datetime, explain: bool, version: str) -> Decision:
        """The decision on checked facts at the instant `at`."""
        day = local_day(facts, at) if self.is_dated else None
        matched = self.matcher.match(facts)
        holding = [
            rule for rule in map(self.rules.__getitem__, matched) if day is None or rule.is_effective(day)
        ]
        chosen = self.hit_policy.choose(holding, facts)
        return Decision(
            decision=self.name,
            outcome=tuple([rule.effect for rule in chosen]),
            fired=tuple([Fired(rule.id, rule.file, rule.line, rule.effect, rule.about) for rule in chosen]),
            near_misses=self._near_misses(facts, day) if explain else (),
            version=version,
        )

    def _near_misses(self, facts: Facts, day: date | None) -> tuple[NearMiss, ...]:
        nearly = self.explainers.near_misses(facts)
        return tuple([miss for rule, miss in nearly if day is None or rule.is_effective(day)])


def local_day(facts: Facts, at: datetime) -> date:
    """The day it is at the instant `at` where the facts are."""
    return at.astimezone(zone_of(facts)).date()


def zone_of(facts: Facts) -> ZoneInfo:
    """The zone that the fact `timezone` names, UTC when it is missing."""
    try:
        return zone(str(facts.get(TIMEZONE) or "UTC"))
    except ZoneError as error:
        raise FactError(f"'{TIMEZONE}': {error}", errors={TIMEZONE: [str(error)]}) from None
