"""`/metrics` for Prometheus: requests by route, and what the domains count (`backend.infra.metrics`)."""

from collections.abc import Iterable

import svcs
from flask import Blueprint, Response
from prometheus_client import Metric
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.exposition import CONTENT_TYPE_LATEST
from prometheus_client.registry import Collector

from backend.infra import metrics
from backend.infra.gauges import StoreGauges
from backend.web.health import OK, Readiness


class DependencyGauges(Collector):
    """What `/ready` says of each dependency, so that an alert can watch what no balancer reacts to."""

    def __init__(self, readiness: Readiness) -> None:
        self._readiness = readiness

    def collect(self) -> Iterable[Metric]:
        """One gauge, labelled by dependency: 1 when it works wholly, 0 when it is degraded or failed."""
        gauge = GaugeMetricFamily(
            "dependency_up", "Whether what this depends on works wholly (see /ready).", labels=["dependency"]
        )
        for name, check in self._readiness.report().checks.items():
            gauge.add_metric([name], float(check["status"] == OK))
        yield gauge

    def describe(self) -> Iterable[Metric]:
        """Nothing, so that registering does not ask the dependencies."""
        return ()


# Not of flask-smorest: its answer is no JSON and it is not part of the API.
blueprint = Blueprint("metrics", __name__)


@blueprint.get("/metrics")
def show() -> Response:
    """Every metric of every worker process, in Prometheus' text format."""
    stores, readiness = svcs.flask.get(StoreGauges, Readiness)
    text = metrics.exposition(stores, DependencyGauges(readiness))
    return Response(text, content_type=CONTENT_TYPE_LATEST)
