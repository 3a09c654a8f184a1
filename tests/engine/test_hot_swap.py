from bench.hot_swap import swap
from tests.engine.durable import needs_durable


class TestHotSwap:
    @needs_durable
    def test_threads_that_decide_while_rules_are_swapped_never_get_a_wrong_answer(self) -> None:
        outcome = swap(60)

        assert outcome.wrong == 0
        assert outcome.decisions > 1000
