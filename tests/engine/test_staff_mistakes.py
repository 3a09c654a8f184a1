"""The mistakes of staff_mistakes.yaml: each is told at its place, in a sentence that says what to do."""

import pytest
from flask import Flask

from backend.config import ROOT
from backend.infra.rule_files import folder_sources
from bench.mistakes import Mistake, mistakes, said_of

SHIPPED = folder_sources(ROOT / "rules")
ALL = mistakes()


class TestStaffMistakes:
    @pytest.mark.parametrize("mistake", ALL, ids=lambda mistake: mistake.name)
    def test_are_told_at_their_place_and_nowhere_else(self, mistake: Mistake) -> None:
        said = said_of(mistake.made_in(SHIPPED))

        assert f"{mistake.at}: {mistake.says}" in said
        places = tuple(f"{place}: " for place in (mistake.at, *mistake.also))
        assert [line for line in said if not line.startswith(places)] == []

    @pytest.mark.parametrize("mistake", ALL[::10], ids=lambda mistake: mistake.name)
    def test_are_told_by_the_command_too(self, app: Flask, tmp_path, mistake: Mistake) -> None:
        for name, text in mistake.made_in(SHIPPED).items():
            file = tmp_path / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text)

        done = app.test_cli_runner().invoke(args=["rules", "check", str(tmp_path / "rules")])

        assert f"{mistake.at}: {mistake.says}" in done.output
        assert "Traceback" not in done.output

    def test_are_forty_different_ones_and_more(self) -> None:
        edits = {(mistake.file, mistake.replace, mistake.by) for mistake in ALL}
        names = {mistake.name for mistake in ALL}

        assert len(ALL) == len(edits) == len(names) >= 40

    def test_none_is_seen_in_the_shipped_rules(self) -> None:
        assert said_of(SHIPPED) == []
