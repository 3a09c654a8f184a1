"""What a cancelled booking gets back: the decision `cancellation` of the rules."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from backend.domains.pricing.entities import RuleRef
from backend.domains.pricing.facts import lead_facts
from backend.domains.rules.service import RulesService
from backend.engine.effects import Refund as RefundEffect
from backend.kernel.money import Money

CANCELLATION = "cancellation"


@dataclass(frozen=True, slots=True)
class Refund:
    """How much goes back, and the rule that says so (None: no rule gives anything back)."""

    percent: Decimal
    amount: Money
    rule: RuleRef | None
    about: str


@dataclass(frozen=True)
class CancellationPolicy:
    """Asks the rules."""

    rules: RulesService

    def refund(
        self,
        *,
        kind: str,
        category: str,
        provider_id: str | None,
        product_id: str,
        timezone: str,
        starts_at: datetime,
        paid: Money,
        cancelled_by: str,
        now: datetime,
    ) -> Refund:
        """What `cancelled_by` (`customer` or `provider`) cancelling at `now` gives back of `paid`."""
        lead = lead_facts(starts_at, now=now, timezone=timezone)
        facts = {
            "kind": kind,
            "category": category,
            "provider_id": provider_id,
            "product_id": product_id,
            "timezone": timezone,
            "hours_before_start": lead["lead_hours"],
            "days_before_start": lead["lead_days"],
            "cancelled_by": cancelled_by,
            "currency": paid.currency,
            "base": paid,
        }
        decision = self.rules.rulebook().decide(CANCELLATION, facts, at=now)
        for fired in decision.fired:
            if isinstance(fired.effect, RefundEffect):
                rule = RuleRef.of(CANCELLATION, fired)
                return Refund(fired.effect.percent, fired.effect.apply(paid), rule, fired.about)
        return Refund(Decimal(0), Money.zero(paid.currency), None, "No refund for this cancellation.")
