"""Shipped rule files with something broken in them."""

from hypothesis import given, settings
from hypothesis import strategies as st

from backend.config import ROOT
from backend.engine.problems import Problem, RulebookError
from backend.infra.rule_files import folder_sources, read_sources


class TestDamagedFiles:
    """A file cut, doubled or scribbled on anywhere is read or refused in words; nothing else comes of it."""

    @settings(max_examples=50)
    @given(st.data())
    def test_never_end_in_anything_but_a_list_of_problems(self, data):
        name = data.draw(st.sampled_from(sorted(SHIPPED)))
        text = SHIPPED[name]
        start = data.draw(st.integers(0, len(text)))
        end = data.draw(st.integers(start, min(len(text), start + 40)))
        scribble = data.draw(st.one_of(st.sampled_from(SCRIBBLES), st.text(max_size=5)))

        problems = problems_or_none({**SHIPPED, name: text[:start] + scribble + text[end:]})

        assert all(problem.line > 0 and problem.column > 0 and problem.message for problem in problems)


def problems_or_none(sources: dict[str, str]) -> tuple[Problem, ...]:
    try:
        read_sources(sources)
    except RulebookError as refused:
        return refused.problems
    return ()


SHIPPED = folder_sources(ROOT / "rules")
SCRIBBLES = [
    "",
    ": ",
    "- ",
    "[",
    "]",
    "{",
    "}",
    "'",
    '"',
    "\n",
    "\t",
    " ",
    "#",
    "%",
    "not(",
    ")",
    "..",
    ">",
    "&",
    "*",
    "!",
    "null",
    "0",
]
