"""Files that nobody should have written, or somebody did on purpose: refused in words, whatever reads them."""

import shutil
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from backend.config import ROOT
from backend.engine.matcher_checked import DURABLE
from backend.engine.problems import Problem, RulebookError
from backend.infra.rule_files import folder_sources, read_sources
from backend.infra.rule_trial import try_rulebook
from backend.infra.rule_trial_child import try_sources
from tests.unmeasured import children_unmeasured

PEAK = "peak_hours.yaml"
TABLE = "tables/group_discount.csv"
SHIPPED = folder_sources(ROOT / "rules")


def edited(old: str, new: str, *, file: str = PEAK) -> bytes:
    """A shipped file with one thing replaced."""
    text = SHIPPED[f"rules/{file}"]
    assert old in text
    return text.replace(old, new, 1).encode(errors="surrogatepass")


def bomb() -> bytes:
    """Nine anchors, each of nine aliases of the one before: 9 to the power of 9 items when expanded."""
    first = "a0: &a0 [x, x, x, x, x, x, x, x, x]\n"
    return (first + "".join(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]\n" for n in range(1, 9))).encode()


# What stands in which file, and how what is said of it begins.
BAD: dict[str, tuple[str, bytes, str]] = {
    "a tab": (PEAK, edited("    about: Evenings", "\tabout: Evenings"), ":8:1: a tab stands here; indent with spaces"),
    "merge markers": (PEAK, edited("      surcharge: 25%", "<<<<<<< mine\n      surcharge: 25%"), ":14:1: a merge conflict stands here; decide it and delete its marks"),
    "an anchor bomb": (PEAK, bomb(), ":1:5: '&' and '*' have a meaning in YAML that rule files do not use; write it out"),
    "an alias": (PEAK, edited("weekday: sat", "weekday: *sat"), ":19:16: '&' and '*' have a meaning in YAML"),
    "a merge key": (PEAK, edited("    when:", "    <<: {a: b}\n    when:"), ":9:5: '<<' has a meaning in YAML that rule files do not use; write the keys out"),
    "a tag of Python": (PEAK, edited("25%", "!!python/object/apply:os.system [exit]"), ":14:18: '!' has a meaning in YAML that rule files do not use; leave it out"),
    "a key twice": (PEAK, edited("    about: Evenings", "    about: X.\n    about: Evenings"), ":9:5: 'about' stands twice in this block; first in line 8"),
    "10 MB": (PEAK, b"#" * 10_000_000, ":1:1: this file has 10000000 bytes; rule files have at most 1000000: split it into several"),
    "UTF-16": (PEAK, SHIPPED[f"rules/{PEAK}"].encode("utf-16"), ":1:1: this file is UTF-16 text; save it again with the encoding UTF-8"),
    "Latin-1": (PEAK, edited("Evenings", "Soirées").decode().encode("latin-1"), ":8:1: this is not UTF-8 text; save it again with the encoding UTF-8"),
    "a byte that is no text": (PEAK, edited("Evenings", "\udc80"), ":8:1: this is not UTF-8 text"),
    "NUL": (PEAK, edited("Evenings", "Eve\0nings"), ":8:15: the sign '\\x00' cannot stand in a rule file; delete it"),
    "a picture": (PEAK, b"\x89PNG\r\n\x1a\n\0", ":1:1: this is not UTF-8 text"),
    "lists in lists without end": (PEAK, b"decision: " + b"[" * 5000, ":1:31: this is nested more than 20 deep"),
    "blocks in blocks without end": (PEAK, b"{a: " * 5000, ":1:82: this is nested more than 20 deep"),
    "any in any": (PEAK, edited("      any:\n", "      all: [{any: [{all: [{any: [{party: 1}]}]}]}]\n      any:\n"), ":29:28: 'all' and 'any' nest at most 3 deep; split the rule into several"),
    "a number of 5,000 digits": (PEAK, edited("25%", "9" * 5000 + "%"), ":14:18: '999"),
    "an interval of 20,000 spaces": (PEAK, edited('"[17:00..20:00)"', '"[' + " " * 20_000 + '17:00"'), ":11:19: '["),
    "300,000 points in a row": (PEAK, b"a: [x" + b".." * 300_000 + b"\nb: c: d", ":1:4: a bracket '[' is not closed"),
    "a number beyond what durable-rules keeps": (PEAK, edited("weekday: sat", "party: 9223372036854775808"), ":19:14: '9223372036854775808' is not a whole number"),
    "an empty file": (PEAK, b"", ":1:1: this file is empty"),
    "another version of YAML": (PEAK, b"%YAML 3.0\n---\na: b\n", ":1:1: a line '%YAML' stands here; delete it"),
    "a formula": (TABLE, edited(">= 4", "=cmd()", file=TABLE), " row 2, column 'when: party': '=cmd()' begins with '=', which makes it a formula"),
    "a formula in prose": (TABLE, edited("Parties of four", '"=HYPERLINK(""http://x"")"', file=TABLE), " row 2"),
    "a table in Latin-1": (TABLE, edited("Parties", "Groupes été", file=TABLE).decode().encode("latin-1"), " row 2: this is not UTF-8 text; save it again as 'CSV UTF-8'"),
    "a table in UTF-16": (TABLE, SHIPPED[f"rules/{TABLE}"].encode("utf-16"), " row 1: this file is UTF-16 text; save it again as 'CSV UTF-8'"),
    "a table with NUL": (TABLE, edited(">= 4", ">= 4\0", file=TABLE), " row 2, column 'when: party': a character that cannot be seen"),
    "a table of 10 MB": (TABLE, b"," * 10_000_000, " row 1: this file has 10000000 bytes"),
    "a quotation mark without end": (TABLE, edited("Parties", '"Parties', file=TABLE), ' row 2: a quotation mark " is not closed'),
    "a cell without end": (TABLE, edited("Parties", "x" * 200_000, file=TABLE), " row 2: a cell is longer than any rule"),
    "merge markers in a table": (TABLE, edited("group-of-four", "<<<<<<< mine\ngroup-of-four", file=TABLE), " row 2: a merge conflict stands here"),
}  # fmt: skip


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    copy = tmp_path / "rules"
    shutil.copytree(ROOT / "rules", copy)
    return copy


def check(app: Flask, folder: Path) -> Any:
    return app.test_cli_runner().invoke(args=["rules", "check", str(folder)])


class TestBadRuleFiles:
    @pytest.mark.parametrize("name", BAD)
    def test_are_refused_by_check_with_their_place(self, app: Flask, folder: Path, name: str) -> None:
        file, content, said = BAD[name]
        (folder / file).write_bytes(content)

        done = check(app, folder)

        assert (done.exit_code, type(done.exception)) == (1, SystemExit)
        assert f"rules/{file}{said}" in done.output
        assert "Traceback" not in done.output
        assert max(map(len, done.output.splitlines())) < 1000

    @pytest.mark.parametrize("name", BAD)
    def test_are_refused_before_they_are_published(self, folder: Path, name: str) -> None:
        file, content, said = BAD[name]
        (folder / file).write_bytes(content)

        messages = refused_by_publish(folder)

        assert [message for message in messages if message.startswith(f"rules/{file}{said}")] != []


def refused_by_publish(folder: Path) -> tuple[str, ...]:
    """What publishing this folder would say: of its bytes, or what the child process would find in its texts."""
    try:
        sources = folder_sources(folder)
    except RulebookError as error:
        return tuple(str(problem) for problem in error.problems)
    tried = try_sources(sources, matcher=DURABLE)
    assert not tried["failure"]
    return tuple(str(Problem(**problem)) for problem in tried["problems"])


def with_rules(rules: list[str]) -> dict[str, str]:
    """The shipped rules with more of them in the peak hours."""
    written = "".join(
        f"  - id: more-{number}\n    about: A.\n    when: {when}\n    then: {{surcharge: 5%}}\n"
        for number, when in enumerate(rules)
    )
    name = f"rules/{PEAK}"
    return SHIPPED | {name: SHIPPED[name].replace("\nscenarios:", f"\n{written}\nscenarios:")}


class TestRulesBeyondTheLimitsOfDurableRules:
    """Each would crash, hang or confuse the C library if it were given to it as it stands."""

    @pytest.mark.parametrize(
        "rules",
        [
            [f"{{party: {number}}}" for number in range(1, 1101)],
            ["{party: 3}"] * 300,
            [f"{{party: [{', '.join(map(str, range(1, 601)))}]}}"],
            [
                f"{{any: [{', '.join(f'{{party: {number}, lead_days: {number}}}' for number in range(1, 131))}]}}"
            ],
            [f"{{category: {'x' * 70_000}}}"],
        ],
        ids=["1,100 rules", "300 equal conditions", "600 values", "130 alternatives", "70,000 characters"],
    )
    def test_are_tried_in_a_child_and_read_all_the_same(self, rules: list[str]) -> None:
        sources = with_rules(rules)

        with children_unmeasured():
            result = try_rulebook(sources, timeout_seconds=120)

        assert (result.messages, result.version) == ((), read_sources(sources).version)
