"""Folders of rule files."""

import pytest

from backend.engine.problems import RulebookError
from backend.infra.rule_files import MAX_BYTES, folder_sources, read_folder, read_sources
from tests.engine.test_mistakes import HEAD, RULE, VOCABULARY


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "vocabulary.yaml").write_text(VOCABULARY)
    (tmp_path / "peak.yaml").write_text(HEAD + RULE)
    return tmp_path


def said_of(folder) -> list[str]:
    with pytest.raises(RulebookError) as refused:
        read_folder(folder)
    return [str(problem) for problem in refused.value.problems]


class TestReadFolder:
    def test_reads_every_yaml_file(self, folder):
        (folder / "README.md").write_text("not a rule file")

        book = read_folder(folder)

        assert [rule.id for rule in book.decisions["peak"].rules] == ["a-rule"]
        assert sorted(book.sources) == ["rules/peak.yaml", "rules/vocabulary.yaml"]

    def test_a_byte_order_mark_does_no_harm(self, folder):
        before = read_folder(folder).version
        (folder / "peak.yaml").write_bytes(b"\xef\xbb\xbf" + (HEAD + RULE).encode())

        assert read_folder(folder).version == before

    def test_another_encoding_is_refused(self, folder):
        (folder / "peak.yaml").write_bytes((HEAD + RULE + "owner: Jos\xe9\n").encode("latin-1"))

        assert said_of(folder) == [
            "rules/peak.yaml:9:1: this is not UTF-8 text; save it again with the encoding UTF-8"
        ]

    def test_a_huge_file_is_refused(self, folder):
        (folder / "peak.yaml").write_text("#" * (MAX_BYTES + 1))

        assert said_of(folder) == [
            "rules/peak.yaml:1:1: this file has 1000001 bytes; rule files have at most 1000000: split it into several"
        ]

    def test_another_ending_is_refused(self, folder):
        (folder / "peak.yaml").rename(folder / "peak.yml")

        assert said_of(folder) == [
            "rules/peak.yml:1:1: rename this file to peak.yaml: only '.yaml' files are read"
        ]

    def test_a_folder_in_place_of_a_file_is_refused(self, folder):
        (folder / "extra.yaml").mkdir()

        assert said_of(folder) == ["rules/extra.yaml:1:1: this file cannot be read: Is a directory"]

    def test_problems_of_syntax_and_of_meaning_are_told_together(self, folder):
        (folder / "a.yaml").write_text("a: [1\n")
        (folder / "peak.yaml").write_text(HEAD + RULE.replace("party", "partie"))

        problems = said_of(folder)

        assert [problem.split(" ")[0] for problem in problems] == [
            "rules/a.yaml:1:4:",
            "rules/peak.yaml:7:12:",
        ]

    def test_a_broken_vocabulary_does_not_make_every_fact_unknown(self, folder):
        (folder / "vocabulary.yaml").write_text("facts: [1\n")

        assert said_of(folder) == ["rules/vocabulary.yaml:1:8: a bracket '[' is not closed"]


class TestFolderSources:
    def test_gives_texts_from_which_the_same_rulebook_is_read(self, folder):
        assert read_sources(folder_sources(folder)).version == read_folder(folder).version

    def test_refuses_what_is_no_text(self, folder):
        (folder / "peak.yaml").write_bytes(b"\xff")

        with pytest.raises(RulebookError):
            folder_sources(folder)
