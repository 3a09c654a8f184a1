"""Folding outcomes into a result, and merging the results of parts of a history."""

from dataclasses import dataclass

from hypothesis import given
from hypothesis import strategies as st

from backend.domains.backtesting import result as results
from backend.domains.backtesting.distributions import bin_words, change_bin, error_of, median_of
from backend.domains.backtesting.outcomes import BadRowError, Comparison, Record
from backend.domains.backtesting.result import Result, fold
from backend.domains.backtesting.tallies import Count, Sum, Tallies
from backend.kernel.money import Money
from tests.domains.backtesting.books import book, draft, euros, record

COMPARISON = Comparison(book(), draft(), ("weekday", "category"))


@dataclass(frozen=True)
class Item:
    """A stored record that is, perhaps, unreadable."""

    of: Record
    bad_line: int = 0

    def record(self) -> Record:
        if self.bad_line:
            raise BadRowError("bad", line=self.bad_line)
        return self.of


def folded(*records: Record) -> Result:
    return fold(COMPARISON, [Item(one) for one in records])


items = st.builds(
    Item,
    st.builds(
        record,
        st.integers(0, 50),
        base=st.sampled_from(["100.00 EUR", "0.00 EUR", "80.00 EUR", "5000 JPY"]),
        weekday=st.sampled_from(["mon", "sat", "sun"]),
        start_time=st.sampled_from(["10:00", "19:00"]),
        category=st.sampled_from(["a", "b", "c", "d"]),
        accepted=st.booleans(),
        party=st.sampled_from([1, 2, "many"]),
    ),
    st.sampled_from([0, 0, 0, 7]),
)


class TestMerging:
    @given(st.lists(items, max_size=25), st.lists(st.integers(0, 3), min_size=25, max_size=25), st.randoms())
    def test_parts_in_any_order_give_the_result_of_the_whole(
        self, history: list[Item], share: list[int], random
    ) -> None:
        parts = [
            fold(COMPARISON, [item for item, part in zip(history, share, strict=False) if part == number])
            for number in range(4)
        ]
        random.shuffle(parts)

        merged = Result()
        for part in parts:
            merged.merge(part)

        assert merged == fold(COMPARISON, history)

    @given(st.lists(st.sampled_from("abcdefgh"), max_size=40), st.integers(0, 40))
    def test_few_names_are_kept_the_same_wherever_the_history_is_cut(
        self, names: list[str], cut: int
    ) -> None:
        def counted(part: list[str]) -> Tallies:
            tallies = Tallies(3)
            for name in part:
                tallies.of(name).counts[Count.QUOTES] += 1
            return tallies

        merged = counted(names[cut:])
        merged.merge(counted(names[:cut]))

        assert merged == counted(names)
        assert sorted(merged.named) == sorted(set(names))[:3]
        assert sum(t.counts[Count.QUOTES] for t in [*merged.named.values(), merged.rest]) == len(names)


class TestAResult:
    def test_counts_what_the_draft_does_to_prices(self) -> None:
        found = folded(
            record(1),
            record(2, weekday="sun"),
            record(3, start_time="19:00"),
            record(4, weekday="sat", accepted=True),
        )

        counts = found.total.counts
        assert counts[Count.QUOTES] == 4
        assert (counts[Count.SAME], counts[Count.CHEAPER], counts[Count.DEARER]) == (1, 1, 1)
        assert (counts[Count.NEWLY_REFUSED], counts[Count.ACCEPTED_REFUSED_AFTER]) == (1, 1)

    def test_sums_what_is_sold_and_keeps_currencies_apart(self) -> None:
        found = folded(
            record(1, weekday="sun", cost="30.00 EUR", accepted=True),
            record(2, weekday="sat"),
            record(3, base="5000 JPY"),
        )

        euro, yen = found.total.sums["EUR"], found.total.sums["JPY"]
        assert (euro[Sum.QUOTED_BEFORE], euro[Sum.QUOTED_AFTER]) == (20000, 4000)
        assert (euro[Sum.BOOKED_BEFORE], euro[Sum.BOOKED_AFTER]) == (10000, 4000)
        assert (euro[Sum.MARGIN_BEFORE], euro[Sum.MARGIN_AFTER]) == (7000, 1000)
        assert (yen[Sum.QUOTED_BEFORE], yen[Sum.QUOTED_AFTER]) == (5000, 5000)

    def test_says_which_rules_make_a_quote_move(self) -> None:
        found = folded(record(1, weekday="sun", start_time="19:00"))

        (mover,) = found.movers["EUR"].cheaper.found
        assert (mover.id, mover.before, mover.after) == ("quo_00001", euros("100"), euros("70"))
        assert [(change.rule, change.before, change.after) for change in mover.rules] == [
            ("peak_hours / sunday", None, euros("-60")),
            ("peak_hours / evening", None, euros("30")),
        ]

    def test_keeps_no_more_movers_than_it_shows(self) -> None:
        found = folded(*(record(n, base=f"{n + 1}.00 EUR", weekday="sun") for n in range(50)))

        movers = found.movers["EUR"].cheaper.found
        assert len(movers) == results.MOST_MOVERS
        assert movers[0].id == "quo_00049"

    def test_a_price_raised_to_the_floor_is_counted(self) -> None:
        found = folded(record(1, weekday="sun", cost="50.00 EUR"))

        assert found.total.counts[Count.AT_FLOOR_BEFORE] == 0
        assert found.total.counts[Count.AT_FLOOR_AFTER] == 1

    def test_a_quote_that_cannot_be_priced_is_counted_with_its_reason(self) -> None:
        found = folded(record(1, party="many"), record(2))

        (reason,) = found.failures.named
        assert found.total.counts[Count.FAILED] == 1
        assert reason.startswith("the rules before: ")
        assert "many" in reason

    def test_measures_both_sides_against_what_was_paid(self) -> None:
        found = folded(record(1, weekday="sun", paid=Money(5000, "EUR")))

        assert median_of(found.errors.before) == 10_000
        assert median_of(found.errors.after) == 2_000
        assert found.total.sums["EUR"][Sum.ASKED_AFTER] == 4000


class TestDistributions:
    @given(st.integers(1, 10**9), st.integers(0, 10**9))
    def test_a_change_falls_where_its_exact_percentage_lies(self, before: int, after: int) -> None:
        number = change_bin(before, after)

        size = abs(after - before) * 100
        edges = [0, 2, 5, 10, 25, 50]
        above = sum(size > edge * before for edge in edges)
        assert abs(number) == above
        assert (number > 0) == (after > before)

    def test_something_for_nothing_is_the_greatest_change(self) -> None:
        assert bin_words(change_bin(0, 1)) == "more than 50% dearer"
        assert bin_words(change_bin(100, 95)) == "2% to 5% cheaper"
        assert bin_words(change_bin(100, 100)) == "unchanged"

    @given(st.lists(st.integers(0, 10**6), min_size=1), st.integers(1, 10**6))
    def test_the_median_is_one_of_the_middle_errors(self, asked: list[int], paid: int) -> None:
        errors = sorted(error_of(one, paid) for one in asked)

        counted = results.Errors().before
        counted.update(errors)

        assert median_of(counted) == errors[(len(errors) - 1) // 2]

    def test_nothing_has_no_median(self) -> None:
        assert median_of(results.Errors().before) is None
