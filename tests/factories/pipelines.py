"""Rulebooks of whole prices, with the shipped vocabulary, one file for each decision."""

import textwrap
from collections.abc import Mapping

from backend.config import ROOT
from backend.engine.rulebook import Rulebook
from backend.infra.rule_files import read_sources

_HEAD = "decision: {name}\nabout: A.\nhit_policy: {policy}\n"
_FLOOR = "rules: [{id: margin, about: Margin., when: {kind: present}, then: {minimum_margin: 10%}}]\n"


def rule(name: str, when: str, then: str, *, more: str = "") -> str:
    """A rule as a file has it."""
    test = "always" if when == "-" else f"{{{when}}}"
    lines = [f"- id: {name}", "  about: A rule.", *([f"  {more}"] if more else [])]
    return "\n".join([*lines, f"  when: {test}", f"  then: {{{then}}}", ""])


def pipeline(
    rules: Mapping[str, str], *, cost: str, lowest: str = "", floor: str = "", policy: str = "collect"
) -> Rulebook:
    """The rules of these decisions over a floor of ten percent; they begin in line 6 of their files.

    `cost` and `lowest` are what is assumed of products; `floor` is more that stands beside the floor.
    """
    assumed = {"cost_at_most": cost, "list_price_at_least": lowest}
    told = ", ".join(f"{name}: {value}" for name, value in assumed.items() if value)
    assumes = f"assumes: {{{told}}}\n" if told else ""
    head = _HEAD.format(name="floor", policy="first")
    files = {
        "vocabulary": (ROOT / "rules/vocabulary.yaml").read_text(encoding="utf-8"),
        "floor": head + assumes + (f"{floor}\n" if floor else "") + _FLOOR,
    }
    for name, text in rules.items():
        policy_here = "collect" if name == "validation" else policy
        body = textwrap.indent(text, "  ")
        files[name] = _HEAD.format(name=name, policy=policy_here) + f"owner: staff\nrules:\n{body}"
    return read_sources({f"rules/{name}.yaml": text for name, text in files.items()})
