"""`/metrics` for Prometheus: requests by route, and what the domains count (`backend.infra.metrics`)."""

import svcs
from flask import Blueprint, Response
from prometheus_client.exposition import CONTENT_TYPE_LATEST

from backend.config import Settings, SettingsError
from backend.infra import metrics
from backend.infra.gauges import StoreGauges

# Not of flask-smorest: its answer is no JSON and it is not part of the API.
blueprint = Blueprint("metrics", __name__)


@blueprint.get("/metrics")
def show() -> Response:
    """Every metric of every worker process, in Prometheus' text format."""
    settings, gauges = svcs.flask.get(Settings, StoreGauges)
    return Response(metrics.exposition(settings.metrics_dir, gauges), content_type=CONTENT_TYPE_LATEST)


def check_settings(settings: Settings) -> None:
    """SettingsError when the shared folder is configured where prometheus_client does not look for it."""
    if settings.metrics_dir is not None and not metrics.shared():
        raise SettingsError(
            "PROMETHEUS_MULTIPROC_DIR must be set in the environment of the process, not in .env"
        )
