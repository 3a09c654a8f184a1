from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

import pytest

from backend.engine.conditions import FactTest
from backend.engine.durable_ruleset import DurableError
from backend.engine.matcher import Candidate
from backend.engine.matcher_checked import CheckedMatcher, Disagreement, choose_matcher
from backend.engine.unary_tests import Compare
from tests.engine.durable import needs_durable
from tests.engine.strategies import VOCABULARY

RULES = [Candidate(FactTest("party", Compare(">=", 5)))]


@dataclass
class FakeMatcher:
    """Answers what it is told to, or fails."""

    answer: tuple[int, ...] | Exception
    asked: int = 0
    closed: bool = False

    def match(self, facts):
        self.asked += 1
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer

    def close(self):
        self.closed = True


@dataclass
class Reports:
    """Keeps what was reported."""

    seen: list[Disagreement] = field(default_factory=list)

    def __call__(self, disagreement: Disagreement) -> None:
        self.seen.append(disagreement)


def matcher(main, *, sample=1.0, reference=(1,), chance=lambda: 0.5):
    reports = Reports()
    return CheckedMatcher(FakeMatcher(main), FakeMatcher(reference), reports, sample, chance), reports


class TestCheckedMatcher:
    def test_agreement_is_answered_and_not_reported(self) -> None:
        checked, reports = matcher((1,))

        assert checked.match({"party": 5}) == (1,)
        assert reports.seen == []

    def test_a_disagreement_is_reported_and_the_reference_is_believed(self) -> None:
        checked, reports = matcher((1, 2))

        assert checked.match({"party": 5}) == (1,)
        assert reports.seen == [Disagreement({"party": 5}, (1,), (1, 2))]

    def test_outside_the_sample_the_reference_is_not_asked(self) -> None:
        checked, reports = matcher((1, 2), sample=0.5)

        assert checked.match({}) == (1, 2)
        assert (checked.reference.asked, reports.seen) == (0, [])

    @pytest.mark.parametrize(("sample", "compared"), [(0.0, 0), (0.25, 1), (1.0, 4)])
    def test_the_sample_is_the_share_of_answers_compared(self, sample: float, compared: int) -> None:
        chances = iter((0.0, 0.25, 0.5, 0.999))
        checked, _ = matcher((1,), sample=sample, chance=lambda: next(chances))

        for _ in range(4):
            checked.match({})

        assert checked.reference.asked == compared

    @pytest.mark.parametrize("failure", [DurableError, TypeError, MemoryError])
    def test_a_failure_is_reported_and_answered_by_the_reference(self, failure) -> None:
        checked, reports = matcher(failure("error code: 303"), sample=0.0)

        assert checked.match({"party": 5}) == (1,)
        assert reports.seen == [Disagreement({"party": 5}, (1,), None, "error code: 303")]

    def test_closing_closes_both(self) -> None:
        checked, _ = matcher((1,))

        checked.close()

        assert checked.main.closed
        assert checked.reference.closed


class TestChooseMatcher:
    @needs_durable
    def test_durable_serves_where_it_can(self) -> None:
        reports = Reports()
        choice = choose_matcher("durable", sample=1.0, report=reports)
        built = choice.factory(RULES, vocabulary=VOCABULARY)

        with ThreadPoolExecutor(4) as pool:
            answers = list(pool.map(lambda party: built.match({"party": party}), [4, 5] * 200))

        assert (choice.name, choice.notice, reports.seen) == ("durable", "", [])
        assert answers == [(), (0,)] * 200

    def test_compiled_serves_when_it_is_asked_for(self) -> None:
        choice = choose_matcher("compiled", sample=1.0, report=Reports())

        assert (choice.name, choice.notice) == ("compiled", "")

    def test_compiled_serves_and_says_why_where_durable_cannot(self) -> None:
        choice = choose_matcher(
            "durable", sample=1.0, report=Reports(), unavailable=lambda: "no C compiler was there"
        )

        assert choice.name == "compiled"
        assert choice.notice == "rules are matched by the compiled matcher: no C compiler was there"
        assert choice.factory(RULES, vocabulary=VOCABULARY).match({"party": 5}) == (0,)
