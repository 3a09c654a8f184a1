"""The part of YAML that rule files use, and what is said about the rest."""

import pytest

from backend.engine.nodes import ListNode, MapNode, Scalar
from backend.engine.problems import RulebookError
from backend.infra.rule_yaml import MAX_DEPTH, parse_document


def said_of(text: str) -> list[str]:
    with pytest.raises(RulebookError) as refused:
        parse_document("rules/x.yaml", text)
    return [str(problem).removeprefix("rules/x.yaml:") for problem in refused.value.problems]


class TestParseDocument:
    def test_gives_nodes_with_line_and_column_counted_from_one(self):
        root = parse_document("rules/x.yaml", "# first\nwhen:\n  weekday: [mon, 'tue']\n").root

        assert root == MapNode(
            (
                (
                    Scalar("when", 2, 1),
                    MapNode(
                        (
                            (
                                Scalar("weekday", 3, 3),
                                ListNode((Scalar("mon", 3, 13), Scalar("tue", 3, 18, quoted=True)), 3, 12),
                            ),
                        ),
                        3,
                        3,
                    ),
                ),
            ),
            2,
            1,
        )

    @pytest.mark.parametrize("word", ["no", "18:00", "1e3", "0o17", "null", "2026-12-24", "1_000", "~", ".5"])
    def test_leaves_every_scalar_a_text(self, word):
        root = parse_document("rules/x.yaml", f"fact: {word}\n").root

        assert root.entries[0][1].text == word

    def test_keeps_the_text_of_the_file(self):
        text = "# why\r\nfact: 1\r\n"

        assert parse_document("rules/x.yaml", text).text == text

    def test_puts_an_empty_value_where_its_key_stands(self):
        root = parse_document("rules/x.yaml", "a:\n  fact:\nb: 1\n").root

        assert root.entries[0][1].entries[0][1] == Scalar("", 2, 3)

    @pytest.mark.parametrize(
        ("text", "message"),
        [
            ("a: >= 10\n", '1:4: put this test in quotation marks: ">= 10"'),
            ("a: > 08:30  # late\n", '1:4: put this test in quotation marks: "> 08:30"'),
            ("a: [17:00..20:00)\nb: 1\n", '1:4: put this test in quotation marks: "[17:00..20:00)"'),
            ("a: -\n", '1:4: put this test in quotation marks: "-"'),
            ("a: 1\n\tb: 2\n", "2:1: a tab stands here; indent with spaces"),
            ("a: 1\na: 2\n", "2:1: 'a' stands twice in this block; first in line 1"),
            ("a: &x 1\n", "1:4: '&' and '*' have a meaning in YAML that rule files do not use; write it out"),
            ("a: !!python/object:os.system x\n", "1:4: '!' has a meaning in YAML that rule files do not use; leave it out"),
            ("<<: {a: 1}\n", "1:1: '<<' has a meaning in YAML that rule files do not use; write the keys out"),
            ("a: 1\n<<<<<<< HEAD\nb: 2\n", "2:1: a merge conflict stands here; decide it and delete its marks"),
            ("a: [1, 2\nb: 3\n", "1:4: a bracket '[' is not closed"),
            ("a: {b: 1\n", "1:4: a brace '{' is not closed"),
            ("a: 'x\nb: 1\n", "1:4: a quotation mark that is opened here is not closed"),
            ("a: b: c\n", "1:5: put the text that holds this ': ' in quotation marks"),
            ("a: @home\n", "1:4: no text begins with this sign unless it stands in quotation marks"),
            ("a: 1\n---\nb: 2\n", "2:1: a line '---' begins a second document; keep one in each file"),
            ("", "1:1: this file is empty"),
            ("# nothing\n", "1:1: this file is empty"),
            ("a: \x07\n", "1:4: the sign '\\x07' cannot stand in a rule file; delete it"),
            ("a: \u201cmon\u201d\n", '1:4: these quotation marks are curly; write straight ones: "mon"'),
            ("? [a]\n: 1\n", "1:3: a key is a single word, not a list or a block"),
            ("a: " + "[" * 300_000, f"1:24: this is nested more than {MAX_DEPTH} deep"),
            ("a: &x 1\nb: *x\n", "2:4: '&' and '*' have a meaning in YAML that rule files do not use; write it out"),
            ("a: ? b\n", "1:4: this is not YAML: mapping keys are not allowed here"),
            ("a: " + "[" * 30 + "]" * 30 + "\n", f"1:24: this is nested more than {MAX_DEPTH} deep"),
        ],
    )  # fmt: skip
    def test_refuses_in_words_what_could_surprise(self, text, message):
        assert message in said_of(text)

    def test_tells_several_unquoted_tests_at_once(self):
        text = "when:\n  party: >= 10\n  lead_days: > 3\n"

        assert [problem.split(": ")[0] for problem in said_of(text)] == ["2:10", "3:14"]

    def test_tells_several_duplicate_keys_at_once(self):
        assert [problem[:4] for problem in said_of("a: 1\na: 2\nb: 3\nb: 4\n")] == ["2:1:", "4:1:"]
