"""The process in which a candidate rulebook is tried; see rule_trial.py.

Started as `python -m backend.infra.rule_trial_child`; imports little, so that it starts in a moment.
"""

import json
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from datetime import date
from typing import Any, Protocol

from backend.engine.analysis import analyse
from backend.engine.findings import Finding
from backend.engine.matcher_checked import Disagreement, MatcherChoice, choose_matcher
from backend.engine.problems import RulebookError
from backend.engine.rulebook import Rulebook
from backend.infra.rule_files import read_sources


class FurtherAnalysis(Protocol):
    """An analysis that a domain adds to that of single decisions."""

    def __call__(self, rulebook: Rulebook, *, on: date) -> Sequence[Finding]:
        """What it has found, from the day `on`."""


def try_sources(
    sources: Mapping[str, str],
    *,
    matcher: str,
    analysis: Mapping[str, Any] | None = None,
    further: FurtherAnalysis | None = None,
    choose: Callable[..., MatcherChoice] = choose_matcher,
) -> dict[str, Any]:
    """Read, compile and run all scenarios, each answer compared between the two matchers; then analyse.

    `further` analyses what several decisions do together.
    """
    differences: list[Disagreement] = []
    try:
        book = read_sources(sources, matcher=choose(matcher, sample=1.0, report=differences.append).factory)
    except RulebookError as error:
        return _result("", problems=[asdict(problem) for problem in error.problems])
    if differences:
        return _result(book.version, failure=_in_words(differences[0]))
    return _result(book.version, findings=_findings(book, further, **analysis) if analysis else [])


def _result(
    version: str, *, problems: Sequence[Any] = (), failure: str = "", findings: Sequence[Any] = ()
) -> dict[str, Any]:
    return {
        "ok": not problems and not failure,
        "version": version,
        "problems": list(problems),
        "failure": failure,
        "findings": list(findings),
    }


def _findings(book: Rulebook, further: FurtherAnalysis | None, *, on: str, gaps: bool) -> list[Any]:
    day = date.fromisoformat(on)
    found = [*analyse(book, on=day, gaps=gaps), *(further(book, on=day) if further else ())]
    return [finding.to_json() for finding in sorted(found, key=lambda finding: finding.place)]


def _in_words(difference: Disagreement) -> str:
    found = difference.error or f"rules {difference.durable} and {difference.compiled}"
    return (
        f"The two matchers do not agree on these rules ({found}), so they are not loaded and the present "
        f"rules keep serving. It is a fault of the program: {dict(difference.facts)!r}"
    )


def main(further: FurtherAnalysis | None = None) -> None:
    """Answer the request on standard input."""
    request = json.load(sys.stdin)
    json.dump(try_sources(**request, further=further), sys.stdout)


if __name__ == "__main__":
    main()
