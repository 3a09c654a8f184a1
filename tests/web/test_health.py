import shutil
import threading
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import svcs
from flask import Flask
from flask.testing import FlaskClient

from backend.config import ROOT
from backend.domains.rules.service import RulesService
from backend.web.health import Probe, Readiness
from tests.conftest import Stores
from tests.factories.apps import running_app
from tests.waiting import wait_until

NOWHERE = "redis://127.0.0.1:9/0"


def well() -> Mapping[str, Any]:
    return {}


def broken() -> Mapping[str, Any]:
    raise OSError("secret-host:5432 refused")


class TestReadiness:
    def test_it_is_ok_when_every_check_is(self) -> None:
        report = Readiness([Probe("one", well), Probe("two", lambda: {"release": "r1"})]).report()

        assert report.ready
        assert report.status == "ok"
        assert report.checks == {"one": {"status": "ok"}, "two": {"status": "ok", "release": "r1"}}

    def test_it_is_degraded_but_ready_when_what_can_be_done_without_is_away(self) -> None:
        report = Readiness([Probe("one", well, needed=True), Probe("two", broken)]).report()

        assert report.ready
        assert report.status == "degraded"

    def test_it_is_not_ready_when_what_is_needed_is_away(self) -> None:
        report = Readiness([Probe("one", broken, needed=True), Probe("two", well)]).report()

        assert not report.ready
        assert report.status == "failed"

    def test_it_names_the_kind_of_failure_but_no_host(self) -> None:
        report = Readiness([Probe("one", broken)]).report()

        assert report.checks["one"] == {"status": "failed", "why": "OSError"}

    def test_checks_that_hang_are_given_up_together_after_the_time_limit(self) -> None:
        release = threading.Event()

        def hang() -> Mapping[str, Any]:
            release.wait(10)
            return {}

        began = time.monotonic()
        report = Readiness(
            [Probe("one", hang), Probe("two", hang), Probe("three", well)], time_limit=0.2
        ).report()
        took = time.monotonic() - began
        release.set()

        assert took < 2
        assert (
            report.checks["one"]
            == report.checks["two"]
            == {"status": "failed", "why": "no answer within 0.2 s"}
        )
        assert report.checks["three"] == {"status": "ok"}

    def test_many_who_ask_within_a_second_share_one_report(self) -> None:
        asked: list[int] = []
        readiness = Readiness(
            [Probe("one", lambda: {"count": asked.append(1)})], ticks=iter([0, 0.9, 1.1]).__next__
        )

        readiness.report()
        readiness.report()
        readiness.report()

        assert len(asked) == 2


class TestHealth:
    def test_the_process_answers(self, client: FlaskClient) -> None:
        answer = client.get("/health")

        assert answer.status_code == 200
        assert answer.json == {"status": "ok"}

    def test_it_is_ready_with_its_stores_and_its_rulebook(self, client: FlaskClient) -> None:
        answer = eventually_ready(client)

        assert answer["status"] == "ok"
        assert answer["checks"]["postgres"] == {"status": "ok"}
        assert answer["checks"]["redis"] == {"status": "ok"}
        assert answer["checks"]["mongo"]["status"] == "ok"
        assert answer["checks"]["rules"]["matcher"] == "compiled"
        assert answer["checks"]["rules"]["release"]


def eventually_ready(client: FlaskClient) -> dict[str, Any]:
    """The first report after the rules are read, which may take longer than a check may."""
    wait_until(lambda: client.get("/ready").status_code == 200)
    return dict(client.get("/ready").json or {})


@pytest.fixture
def without_redis(stores: Stores) -> Iterator[Flask]:
    with running_app(stores, redis_url=NOWHERE) as app:
        yield app


@pytest.fixture
def without_postgres(stores: Stores) -> Iterator[Flask]:
    with running_app(stores, postgres_url="postgresql://nobody@127.0.0.1:9/none") as app:
        yield app


class TestReady:
    def test_without_redis_it_serves_and_says_what_is_away(self, without_redis: Flask) -> None:
        answer = eventually_ready(without_redis.test_client())

        assert answer["status"] == "degraded"
        assert answer["checks"]["redis"]["status"] == "failed"

    def test_without_postgres_it_is_not_ready(self, without_postgres: Flask) -> None:
        answer = without_postgres.test_client().get("/ready")

        assert answer.status_code == 503
        assert answer.json["status"] == "failed"
        assert answer.json["checks"]["postgres"]["status"] == "failed"


class TestRulesOfReady:
    @pytest.fixture
    def folder(self, tmp_path: Path) -> Path:
        """A folder of rules of this test's own."""
        return Path(shutil.copytree(ROOT / "rules", tmp_path / "rules"))

    def test_without_any_rulebook_it_is_not_ready_and_says_why(
        self, own_stores: Stores, folder: Path
    ) -> None:
        (folder / "peak_hours.yaml").write_text("decision: [")

        with running_app(own_stores, rules_dir=folder) as app:
            answer = app.test_client().get("/ready")

        assert answer.status_code == 503
        assert answer.json["checks"]["rules"]["status"] == "failed"

    def test_an_edit_that_is_refused_degrades_it_while_the_former_rules_serve(
        self, own_stores: Stores, folder: Path
    ) -> None:
        with running_app(own_stores, rules_dir=folder) as app, app.app_context():
            rules = svcs.flask.get(RulesService)
            served = rules.rulebook().version
            (folder / "peak_hours.yaml").write_text("decision: [")
            rules.reload()
            answer = app.test_client().get("/ready")

        assert answer.status_code == 200
        assert answer.json["status"] == "degraded"
        assert answer.json["checks"]["rules"]["release"] == served
        assert "peak_hours.yaml" in answer.json["checks"]["rules"]["problems"][0]
