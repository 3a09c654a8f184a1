"""`flask rules import-rows` in a terminal."""

from pathlib import Path
from typing import Any

from flask import Flask

MAPPING = """
currency: EUR
at: day
base: {money: price}
facts: {party: people}
skip: [{when: price, is: 0, because: free of charge}]
"""


def run(app: Flask, folder: Path, mapping: str, *lines: str) -> Any:
    (folder / "mapping.yaml").write_text(mapping)
    (folder / "in.csv").write_text("\n".join(["day,price,people", *lines]))
    words = [
        str(folder / "in.csv"),
        "--mapping",
        str(folder / "mapping.yaml"),
        "-o",
        str(folder / "out.jsonl"),
    ]
    return app.test_cli_runner().invoke(args=["rules", "import-rows", *words])


class TestImportRows:
    def test_says_how_many_rows_it_wrote_and_left_out(self, app: Flask, tmp_path: Path) -> None:
        done = run(app, tmp_path, MAPPING, "2026-05-01,10,2", "2026-05-01,0.00,2")

        assert done.exit_code == 0, done.output
        assert "1 rows written to " in done.stdout
        assert "1 left out: free of charge" in done.stdout
        assert (tmp_path / "out.jsonl").read_text().count("\n") == 1

    def test_tells_wrong_rows_and_ends_with_1(self, app: Flask, tmp_path: Path) -> None:
        done = run(app, tmp_path, MAPPING, "2026-05-01,10,two", "2026-05-01,10,2")

        assert done.exit_code == 1
        assert "in.csv:2: 'two' is not a whole number" in done.stderr
        assert (tmp_path / "out.jsonl").read_text().count("\n") == 1

    def test_refuses_a_wrong_mapping_with_the_place(self, app: Flask, tmp_path: Path) -> None:
        done = run(app, tmp_path, MAPPING.replace("party", "partysize"))

        assert done.exit_code == 1
        assert "mapping.yaml:5:9: 'partysize' is not a known fact. Did you mean 'party'?" in done.stderr
