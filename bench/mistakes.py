"""Mistakes that staff make, each tried on the shipped rules, with what they are told.

Exits with 1 when one goes unseen, or when the shipped rules themselves are found fault with.
"""

import sys
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Final

from ruamel.yaml import YAML

from backend.engine.analysis import analyse
from backend.engine.problems import RulebookError
from backend.infra.rule_files import folder_sources, read_sources

ROOT: Final = Path(__file__).parents[1]
FILE: Final = ROOT / "tests" / "engine" / "staff_mistakes.yaml"
DAY: Final = date(2026, 6, 1)
"""The day on which the rules are looked at."""


@dataclass(frozen=True, slots=True)
class Mistake:
    """One edit of a shipped file, and what must be said of it: `says` at `at`, and nothing but at `also`."""

    name: str
    file: str
    replace: str
    by: str
    at: str
    says: str
    also: tuple[str, ...] = ()

    def made_in(self, sources: Mapping[str, str]) -> dict[str, str]:
        """The texts with this mistake; ValueError when they do not hold what it replaces."""
        name = f"rules/{self.file}"
        if self.replace not in sources[name]:
            raise ValueError(f"{self.name}: {name} does not hold {self.replace!r}")
        return {**sources, name: sources[name].replace(self.replace, self.by, 1)}


def mistakes() -> list[Mistake]:
    """All of them, as the file has them."""
    entries = YAML(typ="safe", pure=True).load(FILE.read_text(encoding="utf-8"))
    return [Mistake(**{**entry, "also": tuple(entry.get("also", ()))}) for entry in entries]


def said_of(sources: Mapping[str, str]) -> list[str]:
    """What checking these rules says: the problems of the files, or the findings of analysis."""
    try:
        rulebook = read_sources(sources)
    except RulebookError as error:
        return [str(problem) for problem in error.problems]
    return [str(finding) for finding in analyse(rulebook, on=DAY)]


def main() -> int:
    """Print each mistake and what is said of it."""
    shipped = folder_sources(ROOT / "rules")
    found = mistakes()
    unseen = 0
    for mistake in found:
        said = said_of(mistake.made_in(shipped))
        is_seen = f"{mistake.at}: {mistake.says}" in said
        unseen += not is_seen
        print(f"{'ok' if is_seen else 'UNSEEN':<7}{mistake.name}")
        print("".join(f"       {line}\n" for line in said), end="")
    alarms = said_of(shipped)
    print(
        f"{len(found) - unseen} of {len(found)} mistakes told; false alarms on shipped rules: {len(alarms)}"
    )
    return 1 if unseen or alarms else 0


if __name__ == "__main__":
    sys.exit(main())
