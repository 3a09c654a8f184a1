"""The house rules that import-linter cannot say. Its own contracts stand in pyproject.toml."""

import ast
import subprocess
from pathlib import Path

import pytest

from backend.config import ROOT

LONGEST_FILE = 400
TREE = subprocess.run(
    ["git", "ls-files", "*.py"], cwd=ROOT, capture_output=True, text=True, check=False
).stdout.split()
SOURCES = [Path(name) for name in TREE] or [p.relative_to(ROOT) for p in (ROOT / "backend").rglob("*.py")]
DOMAIN_FILES = [p for p in SOURCES if p.parts[:2] == ("backend", "domains") and len(p.parts) > 3]


def imported(path: Path) -> set[str]:
    """Full names of the modules that a file imports."""
    names: set[str] = set()
    for node in ast.walk(ast.parse((ROOT / path).read_text())):
        if isinstance(node, ast.ImportFrom) and node.module:
            names.add(node.module)
        elif isinstance(node, ast.Import):
            names.update(alias.name for alias in node.names)
    return names


@pytest.mark.parametrize("path", SOURCES, ids=str)
def test_a_file_is_short_enough_to_have_one_subject(path: Path) -> None:
    lines = (ROOT / path).read_text().count("\n")

    assert lines <= LONGEST_FILE, f"{path} has {lines} lines; split it by subject"


@pytest.mark.parametrize("path", DOMAIN_FILES, ids=str)
def test_a_domain_never_reaches_into_the_models_or_routes_of_another(path: Path) -> None:
    own = path.parts[2]

    others = {
        name
        for name in imported(path)
        if name.startswith("backend.domains.")
        and name.split(".")[2] != own
        and name.split(".")[-1] in {"models", "queries", "routes"}
    }

    assert not others, f"{path} imports {others}; call the other domain's service"


@pytest.mark.parametrize("path", [p for p in DOMAIN_FILES if p.name == "routes.py"], ids=str)
def test_a_view_has_at_most_eight_lines_and_no_if(path: Path) -> None:
    views = [
        node
        for node in ast.parse((ROOT / path).read_text()).body
        if isinstance(node, ast.FunctionDef) and any("route" in ast.dump(d) for d in node.decorator_list)
    ]

    for view in views:
        body = view.body[1:] if ast.get_docstring(view) else view.body
        lines = sum((s.end_lineno or s.lineno) - s.lineno + 1 for s in body)
        assert lines <= 8, f"{path}:{view.lineno} {view.name} has {lines} lines"
        assert not any(isinstance(node, ast.If) for node in ast.walk(view)), f"{path}:{view.lineno} decides"


@pytest.mark.parametrize("path", [p for p in SOURCES if p.parts[0] == "tests"], ids=str)
def test_every_test_asserts_something(path: Path) -> None:
    for node in ast.walk(ast.parse((ROOT / path).read_text())):
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
            asserts = any(
                isinstance(part, ast.Assert)
                or (isinstance(part, ast.Call) and "raises" in ast.dump(part.func))
                or (isinstance(part, ast.Call) and "assert_" in ast.dump(part.func))
                # The rules and invariants of a state machine assert.
                or (isinstance(part, ast.Call) and "run_state_machine_as_test" in ast.dump(part.func))
                for part in ast.walk(node)
            )
            assert asserts, f"{path}:{node.lineno} {node.name} asserts nothing"
