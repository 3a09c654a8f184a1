"""A candidate rulebook is read, run through its scenarios and analysed in a process of its own first.

Whatever happens to that process (a crash in C, an endless loop, no memory) is a refusal in words, and no
serving worker ever sees it.
"""

import json
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final, Protocol

from backend.config import ROOT
from backend.engine.findings import Finding
from backend.engine.matcher_checked import DURABLE
from backend.engine.problems import Problem

CHILD: Final = (sys.executable, "-m", "backend.infra.rule_trial_child")
"""What is run: it reads `{"sources": {…}, "matcher": "durable", "analysis": null}` and writes a result."""

TRIAL_SECONDS: Final = 20
ANALYSIS_SECONDS: Final = 60

_REFUSED: Final = "so they are not loaded and the present rules keep serving"


@dataclass(frozen=True, slots=True)
class Analysis:
    """Asks the trial to compare the rules with each other, as they stand from the day `on`.

    With `gaps`, cases that no rule decides are told even where none has to.
    """

    on: date
    gaps: bool = False


@dataclass(frozen=True, slots=True)
class TrialResult:
    """Whether the rulebook may be loaded, and its version; if not, what is wrong with it.

    `problems` are those of the files, each with its place; `failure` says what befell the trial itself;
    `findings` are those of the analysis, if one was asked for.
    """

    ok: bool
    version: str = ""
    problems: tuple[Problem, ...] = ()
    failure: str = ""
    findings: tuple[Finding, ...] = ()

    @property
    def messages(self) -> tuple[str, ...]:
        """All that is wrong, for staff."""
        return (*(str(problem) for problem in self.problems), *filter(None, (self.failure,)))


class Trial(Protocol):
    """Tries the rulebook of texts by file name."""

    def __call__(self, sources: Mapping[str, str], *, analysis: Analysis | None = None) -> TrialResult:
        """What came of it. Never raises for anything that the texts say."""


class TryRules(Protocol):
    """Tries the rulebook of texts by file name with a matcher, in a child that runs the command `child`."""

    def __call__(
        self,
        sources: Mapping[str, str],
        *,
        analysis: Analysis | None = None,
        matcher: str = DURABLE,
        child: Sequence[str] = CHILD,
    ) -> TrialResult:
        """What came of it. Never raises for anything that the texts say."""


def try_rulebook(
    sources: Mapping[str, str],
    *,
    analysis: Analysis | None = None,
    timeout_seconds: float | None = None,
    matcher: str = DURABLE,
    child: Sequence[str] = CHILD,
) -> TrialResult:
    """Try the rulebook of these texts (by file name) with the matcher that will serve it."""
    limit = timeout_seconds or (ANALYSIS_SECONDS if analysis else TRIAL_SECONDS)
    asked = {"on": analysis.on.isoformat(), "gaps": analysis.gaps} if analysis else None
    request = json.dumps({"sources": dict(sources), "matcher": matcher, "analysis": asked})
    try:
        done = subprocess.run(  # noqa: S603 - our own module, by our own interpreter
            child,
            input=request,
            capture_output=True,
            text=True,
            timeout=limit,
            check=False,
            cwd=ROOT,
        )
    except subprocess.TimeoutExpired:
        return _failed(f"did not end within {limit:g} seconds")
    except OSError as error:
        return _failed(f"could not be started: {error.strerror}")
    if done.returncode != 0:
        return _failed(_how_it_ended(done.returncode, done.stderr))
    try:
        return _result(json.loads(done.stdout))
    except (ValueError, KeyError, TypeError):
        return _failed("gave no readable answer")


def _failed(what: str) -> TrialResult:
    return TrialResult(ok=False, failure=f"The trial of these rules {what}, {_REFUSED}.")


def _how_it_ended(status: int, stderr: str) -> str:
    if status < 0:
        return f"crashed the rule engine ({signal.Signals(-status).name})"
    last = stderr.strip().rpartition("\n")[2][:300]
    return f"ended with an error of the program ({last or f'exit status {status}'})"


def _result(answer: Mapping[str, Any]) -> TrialResult:
    problems = tuple(Problem(**problem) for problem in answer["problems"])
    findings = tuple(Finding.from_json(finding) for finding in answer["findings"])
    return TrialResult(answer["ok"], answer["version"], problems, answer["failure"], findings)
