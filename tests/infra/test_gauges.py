from prometheus_client import CollectorRegistry

from backend.infra.gauges import StoreGauge, StoreGauges
from tests.conftest import Stores

SEVEN = StoreGauge("sevens", "Seven, always.", "SELECT 7")
SLOW = StoreGauge("slow", "Too slow to wait for.", "SELECT pg_sleep(5)")


def read(gauges: StoreGauges) -> CollectorRegistry:
    registry = CollectorRegistry()
    registry.register(gauges)
    return registry


class TestStoreGauges:
    def test_each_query_is_answered_at_the_scrape(self, stores: Stores) -> None:
        registry = read(StoreGauges(stores.postgres_url, [SEVEN]))

        assert registry.get_sample_value("sevens") == 7
        assert registry.get_sample_value("store_gauges_up") == 1

    def test_a_query_that_takes_too_long_is_given_up(self, stores: Stores) -> None:
        registry = read(StoreGauges(stores.postgres_url, [SEVEN, SLOW]))

        assert registry.get_sample_value("store_gauges_up") == 0
        assert registry.get_sample_value("sevens") is None

    def test_a_database_that_is_away_does_not_fail_the_scrape(self) -> None:
        registry = read(StoreGauges("postgresql://nobody@127.0.0.1:9/none", [SEVEN]))

        assert registry.get_sample_value("store_gauges_up") == 0
