"""Serving rules: a good edit goes live, a bad one changes nothing, every release is kept."""

import shutil
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine, create_engine, text

from backend.config import ROOT
from backend.domains.rules.service import RulesRefusedError, RulesService, UnknownReleaseError
from backend.engine.matcher_compiled import compiled
from backend.infra.postgres import sqlalchemy_url
from backend.infra.rule_trial import TrialResult
from tests.conftest import Stores
from tests.fakes.clock import FakeClock
from tests.fakes.trials import try_once

GOOD = ("surcharge: 25%", "surcharge: 30%")
BAD = ("surcharge: 25%", "surchrage: 25%")


@pytest.fixture
def engine(own_stores: Stores) -> Iterator[Engine]:
    made = create_engine(sqlalchemy_url(own_stores.postgres_url))
    yield made
    made.dispose()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    copy = tmp_path / "rules"
    shutil.copytree(ROOT / "rules", copy)
    return copy


@pytest.fixture
def start(engine: Engine, folder: Path, clock: FakeClock) -> Callable[[], RulesService]:
    def service() -> RulesService:
        return RulesService(
            folder=folder,
            engine=engine,
            clock=clock,
            matcher=compiled,
            matcher_name="compiled",
            trial=try_once,
        )

    return service


def edit(folder: Path, change: tuple[str, str], file: str = "peak_hours.yaml") -> None:
    """Replace a text in a rule file, and give up the scenarios that pin the old figure."""
    path = folder / file
    old, new = change
    before = path.read_text()
    assert old in before
    rules, _, _ = before.partition("scenarios:")
    path.write_text(rules.replace(old, new) + "scenarios: []\n")


class TestStart:
    def test_serves_the_folder_and_keeps_its_release(
        self, start: Callable[[], RulesService], engine: Engine
    ) -> None:
        service = start()

        with engine.connect() as connection:
            kept = connection.execute(text("SELECT version, sources FROM rule_releases")).all()
        assert [row.version for row in kept] == [service.rulebook().version]
        assert "rules/peak_hours.yaml" in kept[0].sources

    def test_a_broken_folder_is_refused_when_nothing_was_ever_served(
        self, start: Callable[[], RulesService], folder: Path
    ) -> None:
        edit(folder, BAD)

        with pytest.raises(RulesRefusedError, match="surchrage"):
            start()

    def test_a_broken_folder_serves_the_newest_release(
        self, start: Callable[[], RulesService], folder: Path
    ) -> None:
        before = start().rulebook().version
        edit(folder, BAD)

        service = start()

        assert service.rulebook().version == before
        assert "Did you mean 'surcharge'" in service.problems()[0]

    def test_nothing_is_loaded_whose_trial_failed(
        self, engine: Engine, folder: Path, clock: FakeClock
    ) -> None:
        def crash(_: object, **__: object) -> TrialResult:
            return TrialResult(ok=False, failure="the trial was killed by signal 11")

        with pytest.raises(RulesRefusedError, match="signal 11"):
            RulesService(
                folder=folder,
                engine=engine,
                clock=clock,
                matcher=compiled,
                matcher_name="compiled",
                trial=crash,
            )


class TestReload:
    def test_a_good_edit_is_served(self, start: Callable[[], RulesService], folder: Path) -> None:
        service = start()
        before = service.rulebook().version
        edit(folder, GOOD)

        assert service.reload()

        assert service.rulebook().version != before
        assert service.problems() == ()

    def test_a_bad_edit_changes_nothing_and_says_why(
        self, start: Callable[[], RulesService], folder: Path
    ) -> None:
        service = start()
        before = service.rulebook()
        edit(folder, BAD)

        assert not service.reload()

        assert service.rulebook() is before
        assert service.problems()[0].startswith("rules/peak_hours.yaml:")

    def test_mending_the_file_clears_the_problems(
        self, start: Callable[[], RulesService], folder: Path
    ) -> None:
        service = start()
        edit(folder, BAD)
        service.reload()
        shutil.copy(ROOT / "rules" / "peak_hours.yaml", folder)

        assert service.reload()

        assert service.problems() == ()

    def test_a_new_comment_does_not_make_a_new_release(
        self, start: Callable[[], RulesService], folder: Path
    ) -> None:
        service = start()
        before = service.rulebook()
        file = folder / "peak_hours.yaml"
        file.write_text("# a remark\n" + file.read_text())

        assert service.reload()

        assert service.rulebook() is before

    def test_a_watched_folder_is_live_within_two_seconds(
        self, start: Callable[[], RulesService], folder: Path
    ) -> None:
        service = start()
        before = service.rulebook().version
        stop = threading.Event()
        watcher = threading.Thread(
            target=service.watch, args=(stop,), kwargs={"wait": lambda: stop.wait(0.1), "folder": True}
        )
        watcher.start()

        edit(folder, GOOD)
        deadline = time.monotonic() + 20
        while service.rulebook().version == before and time.monotonic() < deadline:
            stop.wait(0.05)
        stop.set()
        watcher.join()

        assert service.rulebook().version != before


class TestRelease:
    def test_an_old_release_is_read_again_from_what_was_kept(
        self, start: Callable[[], RulesService], folder: Path
    ) -> None:
        service = start()
        old = service.rulebook().version
        edit(folder, GOOD)
        service.reload()

        assert service.release(version=old).version == old

    def test_an_unknown_release_is_an_error(self, start: Callable[[], RulesService]) -> None:
        with pytest.raises(UnknownReleaseError):
            start().release(version="sha256:" + "0" * 64)

    def test_the_database_refuses_to_change_a_release(
        self, start: Callable[[], RulesService], engine: Engine
    ) -> None:
        start()

        with pytest.raises(Exception, match="append-only"), engine.begin() as connection:
            connection.execute(text("UPDATE rule_releases SET sources = '{}'"))
