"""The deployment files agree with the product: its variables, addresses, port and commands."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from ruamel.yaml import YAML

from backend.config import ROOT

DOCKERFILE = (ROOT / "Dockerfile").read_text()
# Variables of the base image's own software.
OF_PYTHON = {"PATH", "PYTHONUNBUFFERED", "PYTHONDONTWRITEBYTECODE"}


def documents(name: "str | Path") -> Iterator[Any]:
    yield from YAML(typ="safe").load_all(ROOT / name)


def manifests() -> list[Any]:
    return [document for file in sorted((ROOT / "k8s").glob("*.yaml")) for document in documents(file)]


def workloads(*kinds: str) -> list[Any]:
    return [m for m in manifests() if m["kind"] in kinds]


def container_of(workload: Any) -> Any:
    (container,) = workload["spec"]["template"]["spec"]["containers"]
    return container


def selector_of(manifest: Any) -> dict[str, str]:
    spec = manifest["spec"]
    selector: dict[str, Any] = spec.get("podSelector") or spec["selector"]
    labels: dict[str, str] = selector.get("matchLabels", selector)
    return labels


def variables_of_config() -> set[str]:
    """Every variable that `.env.example` lists (a test of its own compares it with config.py)."""
    return set(re.findall(r"^#? ?([A-Z][A-Z0-9_]+)=", (ROOT / ".env.example").read_text(), re.MULTILINE))


def variables_of_dockerfile() -> set[str]:
    (block,) = re.findall(r"^ENV ((?:.*\\\n)*.*)$", DOCKERFILE, re.MULTILINE)
    return set(re.findall(r"(?:^|\s)([A-Z_]+)=", block))


def variables_of_compose() -> set[str]:
    (compose,) = documents("docker-compose.yml")
    ours = [service for service in compose["services"].values() if "build" in service]
    return {name for service in ours for name in service["environment"]}


def variables_of_render() -> set[str]:
    (render,) = documents("render.yaml")
    lists = [s.get("envVars", []) for s in [*render["services"], *render["envVarGroups"]]]
    return {variable["key"] for variables in lists for variable in variables if "key" in variable}


def variables_of_kubernetes() -> set[str]:
    return {name for m in manifests() for name in {**m.get("data", {}), **m.get("stringData", {})}}


class TestVariables:
    @pytest.mark.parametrize(
        "used",
        [
            pytest.param(variables_of_dockerfile() - OF_PYTHON, id="Dockerfile"),
            pytest.param(variables_of_compose(), id="docker-compose.yml"),
            pytest.param(variables_of_render(), id="render.yaml"),
            pytest.param(variables_of_kubernetes(), id="k8s"),
        ],
    )
    def test_are_known_to_the_product(self, used: set[str]) -> None:
        assert used
        assert used <= variables_of_config()


class TestImage:
    def test_runs_as_a_user_without_rights(self) -> None:
        assert re.findall(r"^USER (\S+)$", DOCKERFILE, re.MULTILINE) == ["10001:10001"]

    def test_holds_everything_that_runs_and_nothing_for_development(self) -> None:
        copied = re.findall(r"^COPY (?!--from)(.*) \S+$", DOCKERFILE, re.MULTILINE)
        allowed = {
            line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line.startswith("!")
        }

        assert {name for names in copied for name in names.split()} == allowed
        assert all((ROOT / name).exists() for name in allowed)
        assert "requirements-prod.txt" in allowed
        assert not {"requirements.txt", "requirements-dev.txt", "tests"} & allowed


class TestWorkloads:
    @pytest.mark.parametrize("workload", workloads("Deployment", "Job"), ids=lambda w: w["metadata"]["name"])
    def test_have_no_rights_they_do_not_need(self, workload: Any) -> None:
        pod, container = workload["spec"]["template"]["spec"], container_of(workload)

        assert pod["securityContext"]["runAsNonRoot"]
        assert pod["securityContext"]["runAsUser"] == 10001
        assert not pod["automountServiceAccountToken"]
        assert container["securityContext"] == {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        }
        assert "memory" in container["resources"]["limits"]

    @pytest.mark.parametrize("kind", ["startupProbe", "livenessProbe", "readinessProbe"])
    def test_are_probed_where_something_answers(self, app: Flask, kind: str) -> None:
        (web,) = [w for w in workloads("Deployment") if w["metadata"]["name"] == "climbup-web"]

        path = container_of(web)[kind]["httpGet"]["path"]

        assert path in {rule.rule for rule in app.url_map.iter_rules()}

    def test_are_selected_by_what_belongs_to_them(self) -> None:
        (web,) = [w for w in workloads("Deployment") if w["metadata"]["name"] == "climbup-web"]
        labels = web["spec"]["template"]["metadata"]["labels"]

        chosen = [selector_of(m) for m in workloads("Service", "PodDisruptionBudget", "NetworkPolicy")]

        assert len(chosen) == 4
        assert all(selector.items() <= labels.items() for selector in chosen)

    def test_have_longer_to_stop_than_the_server_gives_its_requests(self) -> None:
        (stop_seconds,) = re.findall(r"STOP_SECONDS=(\d+)", (ROOT / ".env.example").read_text())

        graces = [
            w["spec"]["template"]["spec"]["terminationGracePeriodSeconds"] for w in workloads("Deployment")
        ]

        assert len(graces) == 2
        assert all(grace > int(stop_seconds) + 5 for grace in graces)


class TestCommands:
    def test_migrate_and_work_by_commands_that_exist(self, app: Flask) -> None:
        (compose,) = documents("docker-compose.yml")
        containers = [container_of(w) for w in workloads("Deployment", "Job")]
        ours = [service for service in compose["services"].values() if "build" in service]

        commands = {tuple(c["command"]) for c in [*containers, *ours] if "command" in c}

        assert commands == {("flask", "db", "upgrade"), ("flask", "worker")}
        assert {"db", "worker"} <= set(app.cli.commands)

    def test_serve_by_the_server_that_make_run_uses(self) -> None:
        assert '"python:backend.cli.gunicorn_conf", "app:application"' in DOCKERFILE
        assert (ROOT / "backend" / "cli" / "gunicorn_conf.py").exists()
