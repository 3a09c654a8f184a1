"""`flask rules publish`, `rollback`, `history` and `diff` in a terminal."""

import shutil
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from backend.config import ROOT


def run(app: Flask, *words: str) -> Any:
    return app.test_cli_runner().invoke(args=["rules", *words])


@pytest.fixture
def draft(tmp_path: Path) -> Path:
    """The shipped rules with a dearer evening."""
    copy = Path(shutil.copytree(ROOT / "rules", tmp_path / "rules"))
    file = copy / "peak_hours.yaml"
    rules, _, _ = file.read_text().partition("scenarios:")
    file.write_text(rules.replace("surcharge: 25%", "surcharge: 30%") + "scenarios: []\n")
    return copy


class TestPublish:
    def test_prints_what_changes_and_that_it_is_served(self, app: Flask, draft: Path) -> None:
        run(app, "publish", "--note", "the shipped rules")

        done = run(app, "publish", str(draft), "--note", "Evenings sell out")

        assert done.exit_code == 0
        assert "peak_hours / weekday-evening: surcharge 25% → 30%  (rules/peak_hours.yaml:7)" in done.output
        assert "is served from now on." in done.output

    def test_refuses_broken_files_in_words_and_publishes_nothing(self, app: Flask, draft: Path) -> None:
        before = run(app, "history").output
        file = draft / "peak_hours.yaml"
        file.write_text(file.read_text().replace("surcharge: 30%", "surchrage: 30%"))

        done = run(app, "publish", str(draft), "--note", "Evenings sell out")

        assert done.exit_code == 1
        assert "Did you mean 'surcharge'?" in done.output
        assert "Traceback" not in done.output
        assert run(app, "history").output == before

    def test_says_when_there_is_nothing_to_publish(self, app: Flask, draft: Path) -> None:
        run(app, "publish", str(draft), "--note", "once")

        done = run(app, "publish", str(draft), "--note", "twice")

        assert done.exit_code == 1
        assert "nothing to publish" in done.output

    def test_on_a_base_that_is_served_no_more_tells_what_others_changed(
        self, app: Flask, draft: Path
    ) -> None:
        run(app, "publish", "--note", "the shipped rules")
        base = run(app, "history", "--limit", "1").output.split()[0]
        run(app, "publish", str(draft), "--note", "dearer")

        done = run(app, "publish", "--note", "as they were", "--based-on", base)

        assert done.exit_code == 1
        assert "Somebody published other rules since you began" in done.output
        assert "surcharge 25% → 30%" in done.output
        assert run(app, "history").output.splitlines()[0].endswith("cli  dearer")

    def test_on_the_base_that_is_served_goes_through(self, app: Flask, draft: Path) -> None:
        run(app, "publish", "--note", "the shipped rules")
        base = run(app, "history", "--limit", "1").output.split()[0]

        done = run(app, "publish", str(draft), "--note", "dearer", "--based-on", base)

        assert done.exit_code == 0


class TestRollback:
    def test_serves_an_earlier_number_again(self, app: Flask, draft: Path) -> None:
        run(app, "publish", "--note", "the shipped rules")
        first = run(app, "history", "--limit", "1").output.split()[0]
        run(app, "publish", str(draft), "--note", "dearer")

        done = run(app, "rollback", first, "--note", "Customers complained")

        assert done.exit_code == 0
        assert "surcharge 30% → 25%" in done.output
        newest = run(app, "history").output.splitlines()[0]
        assert "rollback" in newest
        assert newest.endswith("cli  Customers complained")

    def test_of_an_unknown_release_says_where_to_look(self, app: Flask) -> None:
        done = run(app, "rollback", "123456", "--note", "oops")

        assert done.exit_code == 1
        assert "There is no release 123456" in done.output


class TestHistory:
    def test_shows_the_newest_first_and_no_more_than_asked_for(self, app: Flask, draft: Path) -> None:
        run(app, "publish", "--note", "the shipped rules")
        run(app, "publish", str(draft), "--note", "dearer")

        lines = run(app, "history", "--limit", "1").output.splitlines()

        assert len(lines) == 1
        assert lines[0].endswith("cli  dearer")


class TestDiff:
    def test_compares_folders(self, app: Flask, draft: Path) -> None:
        done = run(app, "diff", str(ROOT / "rules"), str(draft))

        assert done.exit_code == 0
        assert "surcharge 25% → 30%" in done.output
        assert done.output.splitlines()[-1] == "rules: 1 changed; other changes: 1"

    def test_compares_what_is_served_with_itself(self, app: Flask) -> None:
        run(app, "publish", "--note", "the shipped rules")

        done = run(app, "diff", "served", "served")

        assert done.output == "no difference\n"

    def test_says_what_it_does_not_know(self, app: Flask) -> None:
        done = run(app, "diff", "served", "yesterday")

        assert done.exit_code == 1
        assert "There is no release yesterday" in done.output or "There is no release served" in done.output
