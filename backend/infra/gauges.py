"""Gauges that are read from PostgreSQL when somebody scrapes, in a bounded time."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

import psycopg
import structlog
from prometheus_client import Metric
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from backend.infra.postgres import libpq_conninfo

log = structlog.get_logger(__name__)

TIME_LIMIT_MS: Final = 500
UP: Final = "store_gauges_up"


@dataclass(frozen=True, slots=True)
class StoreGauge:
    """One number: its Prometheus name, what it means, and the query that answers it."""

    name: str
    meaning: str
    query: str


class StoreGauges(Collector):
    """Reads every gauge on a connection of its own, so that a busy pool does not delay the scrape."""

    def __init__(self, postgres_url: str, gauges: Sequence[StoreGauge]) -> None:
        # libpq waits for at least two seconds.
        self._conninfo = psycopg.conninfo.make_conninfo(
            libpq_conninfo(postgres_url),
            connect_timeout="2",
            application_name="climbup-metrics",
            options=f"-c statement_timeout={TIME_LIMIT_MS}",
        )
        self._gauges = tuple(gauges)

    def collect(self) -> Iterable[Metric]:
        """The gauges, or only `store_gauges_up 0` when the database does not answer in time."""
        try:
            found = self._read()
        except psycopg.Error as error:
            log.warning("gauges_not_read", error=str(error))
            found = {}
        yield GaugeMetricFamily(UP, "Whether the gauges of the database could be read.", float(bool(found)))
        for gauge, value in found.items():
            yield GaugeMetricFamily(gauge.name, gauge.meaning, value)

    def describe(self) -> Iterable[Metric]:
        """Nothing, so that registering does not ask the database."""
        return ()

    def _read(self) -> dict[StoreGauge, float]:
        with psycopg.connect(self._conninfo, autocommit=True) as connection:
            return {gauge: _number(connection, gauge.query) for gauge in self._gauges}


def _number(connection: psycopg.Connection, query: str) -> float:
    row = connection.execute(query.encode()).fetchone()
    return float(row[0] or 0) if row else 0.0
