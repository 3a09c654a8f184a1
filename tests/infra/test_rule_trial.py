import sys
import time
from datetime import date

import pytest

from backend.config import ROOT
from backend.engine.findings import Severity
from backend.engine.matcher_checked import Disagreement, MatcherChoice
from backend.engine.matcher_compiled import compiled
from backend.infra.rule_files import folder_sources, read_folder
from backend.infra.rule_trial import Analysis, try_rulebook
from backend.infra.rule_trial_child import try_sources
from tests.engine.books import book

SHIPPED = folder_sources(ROOT / "rules")
OVERLAPPING = book(
    """
    - {id: small, about: A., when: {party: "<= 2"}, then: {discount: 5%}}
    - {id: pair, about: B., when: {party: 2}, then: {discount: 6%}}
    """,
    hit_policy="unique",
).sources


def child(script: str) -> list[str]:
    """A process that behaves as the trial's might."""
    return [sys.executable, "-c", script]


class TestTryRulebook:
    def test_the_shipped_rules_pass_with_the_version_that_serves_them(self) -> None:
        result = try_rulebook(SHIPPED)

        assert (result.messages, result.ok) == ((), True)
        assert result.version == read_folder(ROOT / "rules").version

    def test_a_mistake_is_refused_with_its_place(self) -> None:
        broken = SHIPPED | {"rules/pricing.yaml": "decision: [\n"}

        result = try_rulebook(broken)

        assert not result.ok
        assert [problem.file for problem in result.problems] == ["rules/pricing.yaml"] * len(result.problems)
        assert result.messages[0].startswith("rules/pricing.yaml:")

    def test_a_crash_is_a_refusal(self) -> None:
        result = try_rulebook(SHIPPED, child=child("import os, signal; os.kill(os.getpid(), signal.SIGSEGV)"))

        assert not result.ok
        assert result.messages == (
            "The trial of these rules crashed the rule engine (SIGSEGV), so they are not loaded and the present rules keep serving.",
        )

    def test_an_endless_loop_is_a_refusal_in_time(self) -> None:
        started = time.monotonic()

        result = try_rulebook(SHIPPED, timeout_seconds=0.5, child=child("while True: pass"))

        assert "did not end within 0.5 seconds" in result.failure
        assert time.monotonic() - started < 5

    @pytest.mark.parametrize(
        ("script", "said"),
        [
            ("raise MemoryError('out of it')", "ended with an error of the program (MemoryError: out of it)"),
            ("raise SystemExit(3)", "ended with an error of the program (exit status 3)"),
            ("print('hello')", "gave no readable answer"),
            ("print('{}')", "gave no readable answer"),
        ],
    )
    def test_any_other_end_is_a_refusal(self, script: str, said: str) -> None:
        result = try_rulebook(SHIPPED, child=child(script))

        assert not result.ok
        assert said in result.failure

    def test_a_process_that_cannot_start_is_a_refusal(self) -> None:
        result = try_rulebook(SHIPPED, child=["/nowhere/python"])

        assert "could not be started: No such file or directory" in result.failure


class TestTrySources:
    def test_the_answer_is_what_the_trial_reads(self) -> None:
        answer = try_sources(SHIPPED, matcher="durable")

        assert answer | {"version": ""} == {
            "ok": True,
            "version": "",
            "problems": [],
            "failure": "",
            "findings": [],
        }

    def test_an_analysis_tells_its_findings_with_their_cases(self) -> None:
        result = try_rulebook(OVERLAPPING, analysis=Analysis(date(2026, 12, 7)))

        (found,) = result.findings
        assert result.ok
        assert (found.kind, found.severity, found.rules) == ("overlap", Severity.ERROR, ("pair", "small"))
        assert found.case == {"party": 2}
        assert (found.place.file, found.place.line) == ("rules/price.yaml", 7)

    def test_mistakes_are_given_with_their_places(self) -> None:
        answer = try_sources({}, matcher="compiled")

        assert (answer["ok"], answer["failure"]) == (False, "")
        assert answer["problems"][0]["file"] == "rules/vocabulary.yaml"

    def test_matchers_that_do_not_agree_are_a_refusal_with_the_facts(self) -> None:
        def choose(_, *, report, sample):
            report(Disagreement({"party": 5}, (1,), (1, 2)))
            return MatcherChoice("durable", compiled)

        answer = try_sources(SHIPPED, matcher="durable", choose=choose)

        assert not answer["ok"]
        assert "do not agree on these rules (rules (1, 2) and (1,))" in answer["failure"]
        assert "{'party': 5}" in answer["failure"]
