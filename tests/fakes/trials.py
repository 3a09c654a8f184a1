"""Real trials of rules, each of them once in a test process: hundreds of tests serve the same few drafts."""

from collections.abc import Mapping, Sequence
from typing import Final

from backend.engine.matcher_checked import DURABLE
from backend.infra.rule_trial import CHILD, Analysis, TrialResult, try_rulebook
from tests.unmeasured import children_unmeasured

_Key = tuple[tuple[tuple[str, str], ...], Analysis | None, str, tuple[str, ...]]
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
    # The child has tests of its own, which measure it.
    with children_unmeasured():
        result = try_rulebook(sources, analysis=analysis, matcher=matcher, child=child)
    if not result.failure:
        _known[key] = result
    return result
