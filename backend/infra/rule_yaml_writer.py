"""Nodes to YAML: what rule_yaml.py reads as the same nodes, laid out as staff write it."""

import re
from typing import Final

from backend.engine.nodes import ListNode, MapNode, Node, Scalar

# Texts that stay themselves without quotation marks, also inside brackets and for other YAML readers.
_PLAIN: Final = re.compile(r"[A-Za-z0-9](?:[\w.%+/-]| (?! ))*(?<! )", re.ASCII)
_PLAIN_LINE: Final = re.compile(r"[A-Za-z](?:[\w.,;%+/()'-]| (?! ))*(?<! )")
_OTHERWISE: Final = re.compile(r"(?i:y|n|yes|no|on|off|null)")


def write_rules(rules: Node) -> str:
    """A list of rules as the `rules:` of a decision."""
    lines = ["rules:"] if isinstance(rules, ListNode) and rules.items else ["rules: []"]
    for rule in rules.items if isinstance(rules, ListNode) else ():
        if isinstance(rule, MapNode):
            first, *others = [line for key, value in rule.entries for line in _entry(key.text, value)]
            lines += ["", f"  - {first}", *(f"    {line}" for line in others)]
    return "\n".join([lines[0], *lines[2:]]) + "\n"


def _entry(key: str, value: Node) -> list[str]:
    if isinstance(value, MapNode):
        return [f"{key}:", *(f"  {line}" for name, node in value.entries for line in _entry(name.text, node))]
    return [f"{key}: {_inline(value)}"]


def _inline(node: Node) -> str:
    if isinstance(node, ListNode):
        return f"[{', '.join(_scalar(item, _PLAIN) for item in node.items if isinstance(item, Scalar))}]"
    return _scalar(node, _PLAIN_LINE) if isinstance(node, Scalar) else ""


def _scalar(node: Scalar, plain: re.Pattern[str]) -> str:
    text = node.text
    is_plain = plain.fullmatch(text) or _PLAIN.fullmatch(text)
    return text if is_plain and not _OTHERWISE.fullmatch(text) else _quoted(text)


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return '"' + "".join(sign if sign.isprintable() else _escape(sign) for sign in escaped) + '"'


def _escape(sign: str) -> str:
    number = ord(sign)
    return f"\\u{number:04x}" if number < 0x10000 else f"\\U{number:08x}"  # noqa: PLR2004 - the two forms of YAML
