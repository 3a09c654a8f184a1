"""The sentences of findings: what is wrong with which rule, and what to do."""

from collections.abc import Sequence

from backend.engine.hit_policies import HitPolicy, Priority
from backend.engine.nodes import where
from backend.engine.rules import Rule

_NAMED = 3


def past(rule: Rule) -> str:
    """Of a rule whose dates are over."""
    return f"rule '{rule.id}' is over since {rule.effective_until}. Delete it, or give it new dates."


def never(rule: Rule, why: str) -> str:
    """Of a rule that holds in no case."""
    return f"rule '{rule.id}' can never fire: {why}."


def overlap(rules: Sequence[Rule]) -> str:
    """Of the first of `rules`, which can hold together with each of the others under `unique`."""
    first, *others = rules
    return (
        f"rule '{first.id}' can hold together with {_names(others)}, and the decision allows one "
        "(hit_policy: unique). Narrow one of them."
    )


def shadowed(rules: Sequence[Rule], policy: HitPolicy) -> str:
    """Of the first of `rules`, before which the others come wherever it holds."""
    first, *others = rules
    comes = "has a higher priority or stands first" if isinstance(policy, Priority) else "stands before it"
    each = "" if len(others) == 1 else "one of "
    return (
        f"rule '{first.id}' can never fire: wherever it holds, {each}{_names(others)} {comes} "
        f"(hit_policy: {policy.name}). Put it first, narrow the others, or delete it."
    )


def pointless(rules: Sequence[Rule]) -> str:
    """Of the first of `rules`, than which another is at least as good wherever it holds."""
    first, *others = rules
    each = "" if len(others) == 1 else "one of "
    return (
        f"rule '{first.id}' makes no difference: wherever it holds, {each}{_names(others)} "
        "is at least as good for the customer (hit_policy: best). Make it better, or delete it."
    )


def twin(rules: Sequence[Rule]) -> str:
    """Of the first of two rules that do the same in the same cases."""
    first, *others = rules
    return f"rule '{first.id}' differs from {_names(others)} only in its name. Delete one of them."


def gap(decision: str, *, must_decide: bool) -> str:
    """Of a case that no rule decides."""
    remedy = "Add a rule for it, or take out 'complete: true'." if must_decide else "Nothing happens then."
    return f"no rule of '{decision}' decides this case. {remedy}"


def undecided(rules: Sequence[Rule]) -> str:
    """Of rules that are too complex to compare."""
    are = "is" if len(rules) == 1 else "are"
    return (
        f"{_names(rules)} {are} too complex to compare with the others, so what is wrong between them may go "
        "unseen. Split their alternatives into rules of their own."
    )


def undecided_gaps(decision: str) -> str:
    """Of a decision whose gaps cannot be told."""
    return f"whether '{decision}' decides every case is too complex to tell. Split its rules' alternatives."


def _names(rules: Sequence[Rule]) -> str:
    """`'a' (file:line), 'b' (file:line) and 4 more`."""
    named = [f"'{rule.id}' ({where(rule.file, rule.line)})" for rule in rules[:_NAMED]]
    if len(rules) > _NAMED:
        named.append(f"{len(rules) - _NAMED} more")
    return named[0] if len(named) == 1 else f"{', '.join(named[:-1])} and {named[-1]}"
