"""`flask rules table`: rules between YAML and a spreadsheet."""

import shutil
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from backend.config import ROOT

TABLE = "id,about,when: party,then: discount\ngroup-of-four,Four.,>= 4,5%\n"
YAML = """\
rules:
  - id: group-of-four
    about: Four.
    when:
      party: ">= 4"
    then:
      discount: 5%
"""


def run(app: Flask, *words: str) -> Any:
    return app.test_cli_runner().invoke(args=["rules", "table", *words])


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    copy = tmp_path / "rules"
    shutil.copytree(ROOT / "rules", copy)
    return copy


class TestExport:
    def test_writes_what_import_reads_back(self, app: Flask, tmp_path: Path) -> None:
        file = tmp_path / "experience.csv"

        done = run(app, "export", "experience", "-o", str(file))

        assert (done.exit_code, done.output) == (0, f"{file}: 3 rules\n")
        assert file.read_bytes().startswith(b"\xef\xbb\xbfid,about,when: experience_years,then: surcharge,")
        back = run(app, "import", str(file), "--decision", "experience")
        assert back.exit_code == 0
        assert 'experience_years: "[10..20)"' in back.output

    def test_refuses_blocks_with_their_place(self, app: Flask, tmp_path: Path) -> None:
        done = run(app, "export", "peak_hours", "-o", str(tmp_path / "peak.csv"))

        assert done.exit_code == 1
        assert "rules/peak_hours.yaml:29:7: rule 'early-morning' has 'any:'" in done.output
        assert not (tmp_path / "peak.csv").exists()

    def test_says_which_decisions_there_are(self, app: Flask, tmp_path: Path) -> None:
        done = run(app, "export", "expirience", "-o", str(tmp_path / "x.csv"))

        assert done.exit_code == 1
        assert "'expirience' is not a decision of the vocabulary. Did you mean 'experience'?" in done.output

    def test_of_wrong_rule_files_says_what_is_wrong(self, app: Flask, folder: Path, tmp_path: Path) -> None:
        file = folder / "pricing.yaml"
        file.write_text(file.read_text().replace("party:", "partee:"))

        done = run(app, "export", "experience", "--rules", str(folder), "-o", str(tmp_path / "x.csv"))

        assert done.exit_code == 1
        assert "'partee' is not a known fact. Did you mean 'party'?" in done.output

    def test_a_decision_without_rules_makes_no_table(self, app: Flask, folder: Path, tmp_path: Path) -> None:
        (folder / "availability.yaml").unlink()

        done = run(app, "export", "availability", "--rules", str(folder), "-o", str(tmp_path / "x.csv"))

        assert (done.exit_code, done.output) == (1, "'availability' has no rules that a table could hold.\n")


class TestImport:
    def test_prints_the_rules_as_yaml(self, app: Flask, tmp_path: Path) -> None:
        file = tmp_path / "table.csv"
        file.write_text(TABLE.replace(",", ";"))

        done = run(app, "import", str(file), "--decision", "group_discount", "--separator", ";")

        assert (done.exit_code, done.output) == (0, YAML)

    @pytest.mark.parametrize(
        ("table", "said"),
        [
            (
                TABLE.replace("5%", "5"),
                "table.csv row 2, column 'then: discount': '5' has no unit; write '5%' for a percentage",
            ),
            (
                TABLE.replace("party", "partee"),
                "table.csv row 1, column 'when: partee': 'partee' is not a known",
            ),
            ("", "table.csv row 1: this table is empty"),
        ],
    )
    def test_names_the_cell_of_a_mistake(self, app: Flask, tmp_path: Path, table: str, said: str) -> None:
        file = tmp_path / "table.csv"
        file.write_text(table)

        done = run(app, "import", str(file), "--decision", "group_discount")

        assert done.exit_code == 1
        assert said in done.output

    @pytest.mark.parametrize(
        ("encoding", "said"),
        [("latin-1", "row 2: this is not UTF-8 text"), ("utf-16", "row 1: this file is UTF-16 text")],
    )
    def test_refuses_another_encoding(self, app: Flask, tmp_path: Path, encoding: str, said: str) -> None:
        file = tmp_path / "table.csv"
        file.write_text(TABLE.replace("Four.", "Groß."), encoding=encoding)

        done = run(app, "import", str(file), "--decision", "group_discount")

        assert done.exit_code == 1
        assert f"table.csv {said}; save it again as 'CSV UTF-8'" in done.output
