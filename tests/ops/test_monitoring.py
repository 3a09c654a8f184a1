"""The alert rules and the dashboard ask only for metrics that the product has."""

import json
import re
from typing import Any

import pytest
from flask.testing import FlaskClient
from prometheus_client.parser import text_string_to_metric_families
from ruamel.yaml import YAML

from backend.config import ROOT

# What Prometheus itself adds to each target.
OF_PROMETHEUS = {"up"}
SUFFIXES = {"counter": ("_total",), "histogram": ("_bucket", "_sum", "_count"), "gauge": ("",)}


def alert_rules() -> list[dict[str, Any]]:
    document = YAML(typ="safe").load(ROOT / "ops" / "prometheus" / "alerts.yml")
    return [rule for group in document["groups"] for rule in group["rules"]]


def panels() -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads((ROOT / "ops" / "grafana" / "dashboard.json").read_text())[
        "panels"
    ]
    return found


def queries() -> list[Any]:
    alerts = [pytest.param(rule["expr"], id=rule["alert"]) for rule in alert_rules()]
    graphs = [
        pytest.param(target["expr"], id=f"{panel['title']} {target['refId']}")
        for panel in panels()
        for target in panel["targets"]
    ]
    return alerts + graphs


def metrics_in(query: str) -> set[str]:
    """The metric names of a PromQL expression: what is no function, operator, label or duration."""
    bare = re.sub(r"\{[^}]*\}|\[[^]]*\]|\b(?:by|without)\s*\([^)]*\)", " ", query)
    return set(re.findall(r"\b[a-z][a-z0-9_]*\b(?!\s*\()", bare)) - {
        "and",
        "or",
        "unless",
        "sum",
        "min",
        "max",
    }


def labels_in(query: str) -> set[str]:
    matched = re.findall(r"(\w+)\s*(?:=|!=|=~|!~)\s*\"", query)
    grouped = [
        name for names in re.findall(r"\bby\s*\(([^)]*)\)", query) for name in re.findall(r"\w+", names)
    ]
    return {*matched, *grouped}


@pytest.fixture
def exposed(client: FlaskClient) -> set[str]:
    """Every name a scrape may hold."""
    families = text_string_to_metric_families(client.get("/metrics").text)
    return {f.name + suffix for f in families for suffix in SUFFIXES.get(f.type, ("",))}


class TestQueries:
    @pytest.mark.parametrize("query", queries())
    def test_ask_for_metrics_that_exist(self, exposed: set[str], query: str) -> None:
        asked = metrics_in(query)

        assert asked
        assert asked <= exposed | OF_PROMETHEUS

    @pytest.mark.parametrize("query", queries())
    def test_use_labels_that_exist(self, query: str) -> None:
        known = {"job", "le", "method", "route", "status", "decision", "rule", "outcome", "dependency"}
        known |= {"result", "currency", "direction", "strategy", "event"}

        assert labels_in(query) <= known


class TestAlerts:
    @pytest.mark.parametrize("rule", alert_rules(), ids=lambda rule: rule["alert"])
    def test_say_how_bad_it_is_and_what_to_do(self, rule: dict[str, Any]) -> None:
        assert rule["labels"]["severity"] in {"page", "ticket"}
        assert rule["annotations"]["summary"]
        assert rule["annotations"]["action"]


class TestDashboard:
    def test_places_every_panel_once(self) -> None:
        places = [(panel["gridPos"]["x"], panel["gridPos"]["y"]) for panel in panels()]

        assert len(set(places)) == len(places)
