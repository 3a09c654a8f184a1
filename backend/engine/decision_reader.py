"""Reads rule files: each holds one decision, or several under `decisions`."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from backend.engine.effect_registry import EFFECTS
from backend.engine.effects import MinimumMargin
from backend.engine.hit_policies import HIT_POLICIES, Best, Collect, HitPolicy, Priority
from backend.engine.nodes import MapNode, Node, Place, Scalar, where
from backend.engine.premises import NOTHING_ASSUMED, Premises, read_premises
from backend.engine.problems import Report
from backend.engine.rule_reader import read_applies_to, read_rule
from backend.engine.rules import Rule
from backend.engine.scenario_reader import read_scenario
from backend.engine.scenarios import Scenario
from backend.engine.table_format import read_reference
from backend.engine.table_reader import Row, Tables
from backend.engine.values import BOOLEAN
from backend.engine.vocabulary import DecisionSpec, Vocabulary, suggest

_REQUIRED: Final = ("decision", "about", "hit_policy")
_OPTIONAL: Final = ("rules", "table", "owner", "applies_to", "complete", "scenarios")
_OF_THE_FLOOR: Final = ("assumes", "intended")


@dataclass(frozen=True, slots=True)
class Block:
    """The part of a file that holds rules of one decision; several blocks may add up to a decision.

    `rule_ids` and `has_dates` speak of all its rules, also of those that could not be read.
    `report` is that of the file, `rules_report` that of the table in which the rules stand, or the same.
    """

    report: Report
    rules_report: Report
    node: Node
    spec: DecisionSpec
    owner: str
    about: str
    hit_policy: HitPolicy
    rules: tuple[Rule, ...]
    rule_ids: tuple[str, ...]
    has_dates: bool
    scenario_nodes: tuple[Node, ...]
    complete_at: Place | None = None
    premises: Premises = NOTHING_ASSUMED


def read_blocks(node: Node, *, vocabulary: Vocabulary, report: Report, tables: Tables) -> list[Block]:
    """The blocks of a file, without those that are wrong; their mistakes are noted."""
    if not _has_key(node, "decisions"):
        blocks: Sequence[Node] = (node,)
    else:
        parts = report.fields(node, what="a file of several decisions", required=("decisions",)) or {}
        blocks = report.items(parts.get("decisions"), what="'decisions'")
    found = [_read_block(block, vocabulary, report, tables) for block in blocks]
    return [block for block in found if block is not None]


def _read_block(node: Node, vocabulary: Vocabulary, report: Report, tables: Tables) -> Block | None:
    optional = (*_OPTIONAL, *_OF_THE_FLOOR)
    parts = report.fields(node, what="a decision", required=_REQUIRED, optional=optional)
    if parts is None:
        return None
    spec = _read_spec(parts.get("decision"), vocabulary, report)
    policy = _read_policy(parts.get("hit_policy"), report)
    applies_to = read_applies_to(parts.get("applies_to"), vocabulary=vocabulary, report=report)
    rows, rules_report = _read_rows(node, parts, spec, vocabulary, report, tables)
    read = [
        read_rule(row.node, spec=spec, applies_to=applies_to, vocabulary=vocabulary, report=rules_report)
        for row in rows
        if row.is_whole
    ]
    rules = tuple(rule for rule in read if rule is not None)
    rule_ids = tuple(value for row in rows for key, value in _scalars(row.node) if key == "id")
    _check_priorities(policy, rules, rules_report)
    _check_limits(spec, policy, rules, rules_report)
    return Block(
        report=report,
        rules_report=rules_report,
        node=node,
        spec=spec,
        owner=report.text(parts.get("owner"), what="'owner'"),
        about=report.text(parts.get("about"), what="'about'"),
        hit_policy=policy,
        rules=rules,
        rule_ids=rule_ids,
        has_dates=any(key in {"from", "until"} for row in rows for key, _ in _scalars(row.node)),
        scenario_nodes=_read_scenario_nodes(parts, rows, rule_ids, report),
        complete_at=_read_complete(parts.get("complete"), report),
        premises=_read_premises(parts, spec, report),
    )


def _read_scenario_nodes(
    parts: Mapping[str, Node], rows: Sequence[Row], rule_ids: Sequence[str], report: Report
) -> tuple[Node, ...]:
    """The scenarios; none where a rule without an id, or a whole table, is what they may refer to."""
    nodes = report.items(parts.get("scenarios"), what="'scenarios'")
    is_known = len(rule_ids) == len(rows) and (rows or "table" not in parts)
    return nodes if is_known else ()


def _read_rows(
    node: Node,
    parts: Mapping[str, Node],
    spec: DecisionSpec,
    vocabulary: Vocabulary,
    report: Report,
    tables: Tables,
) -> tuple[Sequence[Row], Report]:
    """The rules of the block, from under `rules` or from its table, and the report of where they stand."""
    if "table" not in parts:
        if "rules" not in parts and not _has_key(node, "rules", "table"):
            report.add(node, "a decision needs 'rules', or a 'table'")
        return [Row(item, is_whole=True) for item in report.items(parts.get("rules"), what="'rules'")], report
    if "rules" in parts:
        report.add(parts["table"], "a decision has 'rules' or a 'table', not both; take one of them out")
    reference = read_reference(parts["table"], report=report)
    if reference is None:
        return (), report
    return tables.rows(reference, at=parts["table"], spec=spec, vocabulary=vocabulary, report=report)


def _has_key(node: Node, *names: str) -> bool:
    return isinstance(node, MapNode) and any(key.text in names for key, _ in node.entries)


def _read_complete(node: Node | None, report: Report) -> Place | None:
    """The place of `complete: true`."""
    if node is None or not report.value(node, BOOLEAN.parse):
        return None
    return Place(report.file, node.line, node.column)


def _read_premises(parts: Mapping[str, Node], spec: DecisionSpec, report: Report) -> Premises:
    """The premises of the floor; a key of them elsewhere is a mistake."""
    given = [parts[name] for name in _OF_THE_FLOOR if name in parts]
    if given and MinimumMargin.keyword not in spec.effects:
        report.add(given[0], "'assumes' and 'intended' belong to the decision that sets the floor")
    return read_premises(parts, report=report)


def _scalars(node: Node) -> list[tuple[str, str]]:
    entries = node.entries if isinstance(node, MapNode) else ()
    return [(key.text, value.text) for key, value in entries if isinstance(value, Scalar)]


def _read_spec(node: Node | None, vocabulary: Vocabulary, report: Report) -> DecisionSpec:
    """The decision's specification; one that allows every effect, with the mistake noted, if unknown."""
    name = report.text(node, what="'decision'")
    spec = vocabulary.decisions.get(name)
    if spec is None and name and node is not None:
        report.add(
            node, f"'{name}' is not a decision of the vocabulary.{suggest(name, vocabulary.decisions)}"
        )
    return spec or DecisionSpec(name, "", frozenset(EFFECTS))


def _read_policy(node: Node | None, report: Report) -> HitPolicy:
    name = report.text(node, what="'hit_policy'")
    policy = HIT_POLICIES.get(name)
    if policy is None and name and node is not None:
        report.add(node, f"'{name}' is not a hit policy.{suggest(name, HIT_POLICIES)}")
    return policy or Collect()


def _check_priorities(policy: HitPolicy, rules: Sequence[Rule], report: Report) -> None:
    for rule in rules:
        if isinstance(policy, Priority) and rule.priority is None:
            report.add(rule.place, f"rule '{rule.id}' needs a 'priority', which its hit policy goes by")
        if not isinstance(policy, Priority) and rule.priority is not None:
            report.add(
                rule.place,
                f"rule '{rule.id}' has a 'priority', which hit policy '{policy.name}' does not look at",
            )


def _check_limits(spec: DecisionSpec, policy: HitPolicy, rules: Sequence[Rule], report: Report) -> None:
    if not spec.is_limited:
        return
    for rule in rules:
        if not spec.allows(getattr(rule.effect, "amount", None)):
            limits = spec.limits_in_words
            report.add(rule.place, f"rule '{rule.id}' must give {limits}, as the vocabulary says")
    if isinstance(policy, Collect) and rules:
        report.add(
            rules[0].place,
            f"'{spec.name}' has limits, which several rules together could pass: "
            "choose a hit policy by which one rule counts, such as first",
        )


def check_together(blocks: Sequence[Block]) -> None:
    """Note what is wrong between the blocks of one decision: policies that differ, ids given twice."""
    first = blocks[0]
    places: dict[str, Rule] = {}
    for block in blocks:
        if block.hit_policy != first.hit_policy:
            block.report.add(
                block.node,
                f"decision '{first.spec.name}' has hit policy '{first.hit_policy.name}' elsewhere; "
                f"'{block.hit_policy.name}' here contradicts it",
            )
        for rule in block.rules:
            earlier = places.setdefault(rule.id, rule)
            if earlier is not rule:
                first_at = where(earlier.file, earlier.line)
                block.rules_report.add(
                    rule.place, f"rule '{rule.id}' stands twice in this decision; first at {first_at}"
                )
    _check_comparable(blocks)


def _check_comparable(blocks: Sequence[Block]) -> None:
    """Under `best` every effect must be comparable with every other."""
    placed = [(block.rules_report, rule) for block in blocks for rule in block.rules]
    if not placed or not isinstance(blocks[0].hit_policy, Best):
        return
    usual = Counter(rule.effect.compares_as for _, rule in placed).most_common(1)[0][0]
    for report, rule in placed:
        if not rule.effect.compares_as or rule.effect.compares_as != usual:
            report.add(
                rule.place,
                f"rule '{rule.id}' has the effect '{rule.effect.keyword}', "
                "which hit policy 'best' cannot compare with the others",
            )


def read_scenarios(blocks: Sequence[Block], *, vocabulary: Vocabulary) -> list[Scenario]:
    """The scenarios of one decision; each may name any of its rules."""
    rule_ids = [rule_id for block in blocks for rule_id in block.rule_ids]
    has_dates = any(block.has_dates for block in blocks)
    found = [
        read_scenario(node, rules=rule_ids, is_dated=has_dates, vocabulary=vocabulary, report=block.report)
        for block in blocks
        for node in block.scenario_nodes
    ]
    return [scenario for scenario in found if scenario is not None]
