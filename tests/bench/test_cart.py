import pytest

from backend.infra.rule_files import read_sources
from bench.cart import times_faster
from bench.cart_case import CASE, CartCase
from bench.load import Result
from bench.peers import oscar_shop, vendure_shop
from bench.peers.climbup_shop import rules_of
from bench.statements import Statements, counted, middle

LOG = """\
bench_cart|LOG:  statement: ;
bench_cart|LOG:  statement: BEGIN
bench_cart|LOG:  execute <unnamed>: SELECT id
\tFROM products -- statement: SELECT
bench_other|LOG:  statement: SELECT 1
bench_cart|DETAIL:  Parameters: $1 = 'execute _x: SELECT'
bench_cart|LOG:  execute _pg3_0: select 1
bench_cart|LOG:  statement: COMMIT
"""


def case(**changes: object) -> CartCase:
    values = {
        "prices": (1_000, 2_000),
        "quantity": 2,
        "on_products": ((10, (0,)),),
        "fixed": (100,),
        "on_order": 5,
        "minimum_order": 0,
        "shipping": 0,
        "carts": 1,
    }
    return CartCase(**{**values, **changes})


class TestCartCase:
    def test_takes_every_percentage_of_list_prices(self):
        cart = case()

        total = cart.total_of_list_prices()

        assert total == 6_000 - 200 - 100 - 300

    def test_takes_the_orders_percentage_of_what_all_others_left(self):
        cart = case()

        total = cart.total_fixed_first()

        assert total == (6_000 - 200 - 100) * 95 // 100

    def test_takes_fixed_amounts_after_the_orders_percentage(self):
        cart = case()

        total = cart.total_percents_first()

        assert total == (6_000 - 200) * 95 // 100 - 100

    def test_refuses_a_case_that_needs_rounding(self):
        cart = case(prices=(1_001, 2_000))

        with pytest.raises(ValueError, match="rounding"):
            cart.total_of_list_prices()

    def test_has_ten_products_and_ten_promotions(self):
        totals = CASE.total_of_list_prices(), CASE.total_fixed_first(), CASE.total_percents_first()

        assert (len(CASE.prices), CASE.promotions) == (10, 10)
        assert totals == (75_500, 75_656, 75_632)


class TestResult:
    def test_percentiles_are_those_of_all_runs_together(self):
        first = Result(1.0, [number / 1000 for number in range(1, 50)], {200: 49})
        second = Result(2.0, [number / 1000 for number in range(50, 100)], {200: 49, 500: 1})

        first.add(second)

        assert [first.percentile(percent) for percent in (50, 95)] == pytest.approx([50, 95])
        assert (first.rate, first.statuses) == (pytest.approx(33.0), {200: 98, 500: 1})

    def test_is_as_many_times_as_fast_as_the_other_takes_longer(self):
        assert times_faster(2.5, 25.0) == 10


class TestStatements:
    def test_counts_those_of_one_database(self):
        found = counted(LOG, "bench_cart")

        assert found == Statements(work=2, transaction=3)

    def test_the_middle_request_is_not_one_beside_background_work(self):
        counts = [Statements(6, 2), Statements(9, 4), Statements(6, 2)]

        assert middle(counts) == Statements(6, 2)


class TestPeers:
    @pytest.mark.parametrize("project", [oscar_shop.PROJECT, vendure_shop.PROJECT])
    def test_their_files_are_there(self, project):
        assert list(project.glob("fill.*"))

    def test_the_lock_file_names_no_host(self):
        lock = (vendure_shop.PROJECT / "package-lock.json").read_text()

        assert '"resolved"' not in lock


class TestRulesOfTheCase:
    def test_are_shipped_ones_with_a_promotion_for_each_range(self):
        rules = rules_of(CASE)

        rulebook = read_sources(rules)
        assert "base" in rulebook.decisions
        assert all(f"range-{place}" in rules["rules/promotions.yaml"] for place in range(5))
        assert 'coupon_count: "> 5"' in rules["rules/coupons.yaml"]
