"""Real trials of rules, each of them once in a test process: hundreds of tests serve the same few drafts."""

from collections.abc import Mapping, Sequence
from typing import Final

from backend.engine.matcher_checked import DURABLE
from backend.infra.rule_trial import CHILD, Analysis, TrialResult, try_rulebook

_Key = tuple[tuple[tuple[str, str], ...], Analysis | None, str, tuple[str, ...]]
# The child's own tests measure its coverage; to do so in each of hundreds would double what a trial takes.
_UNMEASURED: Final = ("env", "-u", "COVERAGE_PROCESS_CONFIG", "-u", "COVERAGE_PROCESS_START")
_known: Final[dict[_Key, TrialResult]] = {}


def try_once(
    sources: Mapping[str, str],
    *,
    analysis: Analysis | None = None,
    matcher: str = DURABLE,
    child: Sequence[str] = CHILD,
) -> TrialResult:
    """What came of the first trial of these texts; one that failed for another reason is repeated."""
    key = (tuple(sources.items()), analysis, matcher, tuple(child))
    if key in _known:
        return _known[key]
    result = try_rulebook(sources, analysis=analysis, matcher=matcher, child=(*_UNMEASURED, *child))
    if not result.failure:
        _known[key] = result
    return result
