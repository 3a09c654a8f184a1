"""`/metrics` for Prometheus: requests by route, and what the domains count (`backend.infra.metrics`)."""

import svcs
from flask import Blueprint, Response
from prometheus_client.exposition import CONTENT_TYPE_LATEST

from backend.infra import metrics
from backend.infra.gauges import StoreGauges

# Not of flask-smorest: its answer is no JSON and it is not part of the API.
blueprint = Blueprint("metrics", __name__)


@blueprint.get("/metrics")
def show() -> Response:
    """Every metric of every worker process, in Prometheus' text format."""
    return Response(metrics.exposition(svcs.flask.get(StoreGauges)), content_type=CONTENT_TYPE_LATEST)
