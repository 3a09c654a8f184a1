"""Each measured trap of durable_rules 2.0.28 has a test here that it cannot be reached.

Where the trap itself is shown, it is in a process of its own.
"""

from concurrent.futures import ThreadPoolExecutor

import pytest

from backend.engine.durable_nodes import Group, Leaf, Node
from backend.engine.durable_ruleset import (
    MAX_FIELDS,
    MAX_GROUPS,
    MAX_LEAVES,
    MAX_PATHS,
    RESERVED_NAMES,
    DurableError,
    DurableRuleset,
    _Handle,
    _source,
)
from tests.engine.durable import needs_durable, run_apart

pytestmark = needs_durable

ONE = Leaf("f0", "$eq", 1)


def names(count: int) -> list[str]:
    return [f"f{i}" for i in range(count)]


def either(count: int, field: str = "f0") -> Group:
    return Group("$or", tuple(Leaf(field, "$gte", code) for code in range(count)))


class TestMatch:
    @pytest.mark.parametrize(
        ("node", "passing"),
        [
            (Leaf("f0", "$eq", 1), [1]),
            (Leaf("f0", "$neq", 1), [-1, 0, 2]),
            (Leaf("f0", "$gte", 1), [1, 2]),
            (Leaf("f0", "$lte", 1), [-1, 0, 1]),
            (Group("$and", (Leaf("f0", "$gte", 0), Leaf("f0", "$lte", 1))), [0, 1]),
            (Group("$or", (Leaf("f0", "$eq", -1), Leaf("f0", "$eq", 2))), [-1, 2]),
        ],
    )
    def test_each_operator_means_what_it_says(self, node: Node, passing) -> None:
        ruleset = DurableRuleset({7: node}, names=["f0"])

        matched = [code for code in (-1, 0, 1, 2) if ruleset.match((code,)) == [7]]

        assert matched == passing

    def test_rules_are_given_in_the_order_of_their_numbers(self) -> None:
        ruleset = DurableRuleset({30: ONE, 4: ONE, 100: ONE}, names=["f0"])

        assert ruleset.match((1,)) == [4, 30, 100]

    def test_an_or_with_several_true_branches_counts_once(self) -> None:
        ruleset = DurableRuleset({1: either(5)}, names=["f0"])

        assert ruleset.match((4,)) == [1]

    def test_a_fact_leaves_nothing_behind_for_the_next(self) -> None:
        ruleset = DurableRuleset({1: ONE, 2: Leaf("f0", "$eq", 2)}, names=["f0"])

        answers = [ruleset.match((code,)) for code in (1, 2, 0, 1)]

        assert answers == [[1], [2], [], [1]]

    def test_the_largest_numbers_do_not_saturate(self) -> None:
        ruleset = DurableRuleset({1: Leaf("f0", "$eq", 2**53)}, names=["f0"])

        assert [ruleset.match((2**53 + step,)) for step in (-1, 0, 1)] == [[], [1], []]


class TestLimits:
    def test_as_many_paths_as_allowed_all_fire(self) -> None:
        ruleset = DurableRuleset({i: Leaf("f0", "$gte", i) for i in range(MAX_PATHS)}, names=["f0"])

        assert ruleset.match((MAX_PATHS,)) == list(range(MAX_PATHS))

    def test_as_many_equal_rules_as_allowed_fire_once_each(self) -> None:
        ruleset = DurableRuleset(dict.fromkeys(range(MAX_PATHS), ONE), names=["f0"])

        assert ruleset.match((1,)) == list(range(MAX_PATHS))

    def test_as_many_comparisons_as_allowed_answer_at_once(self) -> None:
        rules = {
            i: Group("$and", tuple(Leaf(f"f{j % 40}", "$gte", i * 40 + j) for j in range(40)))
            for i in range(MAX_LEAVES // 40)
        }

        ruleset = DurableRuleset(rules, names=names(40))

        assert ruleset.match((10_000,) * 40) == list(rules)
        assert ruleset.match((79,) * 40) == [0, 1]

    def test_as_many_groups_as_allowed_in_each_of_many_rules(self) -> None:
        pair = Group("$and", (Leaf("f0", "$gte", 1), Leaf("f1", "$gte", 1)))
        rule = Group("$or", (pair,) * (MAX_GROUPS - 1))
        rules = dict.fromkeys(range(MAX_PATHS // (MAX_GROUPS - 1)), rule)

        ruleset = DurableRuleset(rules, names=names(2))

        assert [ruleset.match(codes) for codes in ((1, 1), (1, 0))] == [list(rules), []]

    def test_as_many_fields_as_allowed_are_told_apart(self) -> None:
        rules = {i: Leaf(f"f{i * 4}", "$eq", i) for i in range(MAX_FIELDS // 4)}
        ruleset = DurableRuleset(rules, names=names(MAX_FIELDS))

        matched = ruleset.match(tuple(i // 4 for i in range(MAX_FIELDS)))

        assert matched == list(rules)

    @pytest.mark.parametrize(
        ("rules", "fields"),
        [
            (dict.fromkeys(range(MAX_PATHS + 1), ONE), names(1)),
            ({1: Group("$and", (either(8, "f0"), either(8, "f1")))}, names(2)),
            ({i: Group("$and", (ONE,) * 8) for i in range(51)}, names(1)),
            ({1: Group("$or", tuple(Group("$and", (ONE, ONE)) for _ in range(MAX_GROUPS)))}, names(1)),
            ({1: ONE}, names(MAX_FIELDS + 1)),
            ({1: Leaf("f9", "$eq", 1)}, names(1)),
            ({1: Group("$and", ())}, names(1)),
            *(({1: Leaf(name, "$eq", 1)}, [name]) for name in sorted(RESERVED_NAMES)),
        ],
    )
    def test_what_the_c_module_would_not_survive_is_refused_in_python(self, rules, fields) -> None:
        with pytest.raises(ValueError, match=r"handle|C module|field"):
            DurableRuleset(rules, names=fields)

    def test_no_two_field_names_have_the_same_hash_in_c(self) -> None:
        every = [*names(MAX_FIELDS), *RESERVED_NAMES]

        assert len({fnv1a(name) for name in every}) == len(every)


def fnv1a(text: str) -> int:
    """The 32-bit FNV-1a hash, which is all that the C module keeps of a field's name."""
    value = 2166136261
    for byte in text.encode():
        value = ((value ^ byte) * 16777619) % 2**32
    return value


class TestAfterAnError:
    def test_the_next_fact_does_not_receive_the_hits_of_the_failed_one(self) -> None:
        overfull = {i: Leaf("f0", "$gte", i) for i in range(1, MAX_PATHS + 10)} | {99: Leaf("f0", "$eq", 0)}
        handle = _Handle(_source(overfull))

        with pytest.raises(DurableError, match="303"):
            handle.match('{"id":"m","sid":"s","f0":100}')
        after = [handle.match('{"id":"m","sid":"s","f0":%d}' % code) for code in (0, -1, 2)]  # noqa: UP031

        assert after == [[99], [], [1, 2]]

    def test_a_fact_that_cannot_be_read_is_an_error_and_then_forgotten(self) -> None:
        handle = _Handle(_source({1: ONE}))

        with pytest.raises(DurableError, match="no answer"):
            handle.match('{"id":"m","sid":"s","f0":1e-05x')

        assert handle.match('{"id":"m","sid":"s","f0":1}') == [1]

    def test_rules_that_the_c_module_refuses_are_an_error(self) -> None:
        with pytest.raises(DurableError, match="refused"):
            _Handle("{")

    def test_a_fact_left_behind_by_force_is_an_error_and_not_a_wrong_answer(self) -> None:
        handle = _Handle(_source({1: ONE}))
        handle._c.assert_fact(handle._handle, '{"id":"m","sid":"s","f0":1}')

        with pytest.raises(DurableError, match="not taken"):
            handle.match('{"id":"m","sid":"s","f0":1}')

        assert handle.match('{"id":"m","sid":"s","f0":0}') == []


class TestLifetime:
    def test_a_closed_ruleset_answers_with_an_error(self) -> None:
        ruleset = DurableRuleset({1: ONE}, names=["f0"])
        ruleset.close()
        ruleset.close()

        with pytest.raises(DurableError, match="closed"):
            ruleset.match((1,))

    @pytest.mark.parametrize("give_back", ["ruleset.close()", "del ruleset"])
    def test_memory_is_given_back(self, give_back: str) -> None:
        done = run_apart(f"""
import resource
from backend.engine.durable_nodes import Leaf
from backend.engine.durable_ruleset import DurableRuleset
rules = {{i: Leaf("f0", "$gte", i) for i in range(60)}}
def peak(): return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
for turn in range(220):
    if turn == 20: before = peak()
    ruleset = DurableRuleset(rules, names=["f0"])
    assert len(ruleset.match((60,))) == 60
    {give_back}
print((peak() - before) // 1024)
""")

        assert done.returncode == 0, done.stderr
        assert int(done.stdout) < 10, f"{done.stdout} MB more after 200 rulesets"

    def test_a_new_ruleset_can_be_closed_without_ever_having_matched(self) -> None:
        done = run_apart("""
from backend.engine.durable_nodes import Leaf
from backend.engine.durable_ruleset import DurableRuleset
DurableRuleset({1: Leaf("f0", "$eq", 1)}, names=["f0"]).close()
""")

        assert done.returncode == 0, done.stderr

    def test_marked_as_forked_it_opens_a_handle_of_its_own(self) -> None:
        ruleset = DurableRuleset({1: ONE}, names=["f0"])
        parents = ruleset._handle

        ruleset.mark_forked()

        assert [ruleset.match((code,)) for code in (1, 0)] == [[1], []]
        assert ruleset._handle is not parents

    def test_a_closed_ruleset_stays_closed_in_a_child(self) -> None:
        ruleset = DurableRuleset({1: ONE}, names=["f0"])
        ruleset.close()

        ruleset.mark_forked()

        with pytest.raises(DurableError, match="closed"):
            ruleset.match((1,))

    def test_a_child_forked_in_the_middle_of_a_match_matches_on_a_handle_of_its_own(self) -> None:
        done = run_apart("""
import os
from backend.engine.durable_nodes import Leaf
from backend.engine.durable_ruleset import DurableRuleset
ruleset = DurableRuleset({1: Leaf("f0", "$eq", 1)}, names=["f0"])
closed = DurableRuleset({1: Leaf("f0", "$eq", 1)}, names=["f0"])
closed.close()
handle = ruleset._handle
ruleset._lock.acquire()  # as a thread of the parent would, in the middle of a match
handle._c.assert_fact(handle._handle, '{"id":"m","sid":"s","f0":1}')
child = os.fork()
if child == 0:
    assert ruleset.match((1,)) == [1] and ruleset.match((0,)) == []
    assert ruleset._handle is not handle and closed._handle is None
    os._exit(7)
_, status = os.waitpid(child, 0)
print(os.waitstatus_to_exitcode(status))
""")

        assert done.stdout.strip() == "7", done.stderr


class TestThreads:
    def test_each_thread_receives_its_own_answer(self) -> None:
        ruleset = DurableRuleset({i: Leaf("f0", "$eq", i) for i in range(MAX_PATHS)}, names=["f0"])

        def wrong(offset: int) -> int:
            return sum(ruleset.match(((i + offset) % 60,)) != [(i + offset) % 60] for i in range(2000))

        with ThreadPoolExecutor(4) as pool:
            answers = list(pool.map(wrong, range(4)))

        assert answers == [0, 0, 0, 0]
