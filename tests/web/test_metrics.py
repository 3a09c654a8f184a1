import re

import svcs
from flask.testing import FlaskClient

from backend.domains.rules.service import RulesService
from backend.infra import metrics


def value(client: FlaskClient, sample: str) -> float:
    text = client.get("/metrics").get_data(as_text=True)
    found = re.search(rf"^{re.escape(sample)} (\S+)$", text, re.MULTILINE)
    return float(found[1]) if found else 0.0


class TestMetrics:
    def test_requests_are_counted_by_method_route_and_class_of_status(self, client: FlaskClient) -> None:
        sample = 'http_requests_total{method="GET",route="/health",status="2xx"}'
        before = value(client, sample)

        client.get("/health")

        assert value(client, sample) == before + 1

    def test_unknown_addresses_and_methods_do_not_make_new_series(self, client: FlaskClient) -> None:
        sample = 'http_requests_total{method="other",route="none",status="4xx"}'
        before = value(client, sample)

        client.open("/api/nowhere", method="BREW")

        assert value(client, sample) == before + 1
        assert "nowhere" not in client.get("/metrics").get_data(as_text=True)

    def test_durations_are_measured_by_route(self, client: FlaskClient) -> None:
        sample = 'http_request_duration_seconds_count{method="GET",route="/health"}'
        before = value(client, sample)

        client.get("/health")

        assert value(client, sample) == before + 1

    def test_what_is_in_progress_is_the_scrape_alone(self, client: FlaskClient) -> None:
        client.get("/api/nowhere")

        assert value(client, "http_requests_in_progress") == 1

    def test_gauges_of_the_database_are_there(self, client: FlaskClient) -> None:
        text = client.get("/metrics").get_data(as_text=True)

        assert "\nstore_gauges_up 1.0\n" in text
        assert {"jobs_waiting", "jobs_failed", "holds_active", "payment_operations_overdue"} <= set(
            re.findall(r"^(\w+) ", text, re.MULTILINE)
        )

    def test_each_dependency_has_a_gauge(self, client: FlaskClient) -> None:
        # The first time it is built, which may take longer than a check waits.
        svcs.flask.get(RulesService)

        text = client.get("/metrics").get_data(as_text=True)

        shown = dict(re.findall(r'^dependency_up\{dependency="(\w+)"\} (\S+)$', text, re.MULTILINE))
        assert shown == dict.fromkeys(["postgres", "redis", "mongo", "currency", "rules"], "1.0")

    def test_what_domains_count_is_shown(self, client: FlaskClient) -> None:
        fired = 'rules_fired_total{decision="peak_hours",rule="weekday-evening"}'
        before = value(client, fired)

        metrics.rule_fired("peak_hours", "weekday-evening")
        metrics.booking_entered("confirmed")
        metrics.hold_settled("made")
        metrics.matchers_disagreed()
        metrics.events_dropped(3)

        assert value(client, fired) == before + 1
        assert value(client, 'bookings_total{status="confirmed"}') >= 1
        assert value(client, 'holds_total{outcome="made"}') >= 1
        assert value(client, "matcher_disagreements_total") >= 1
        assert value(client, "events_dropped_total") >= 3
