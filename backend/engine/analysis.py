"""Analysis of a rulebook: rules that can never fire, overlaps, gaps, rules that differ only in name.

Within one decision it is exact over the vocabulary's types: what it reports is so, and shown by a case
that can be tried; what is too complex to decide is reported as such. Facts are taken to be independent of
each other (any month with any date), as the vocabulary does not say how one follows from another.
"""

from collections.abc import Iterator
from datetime import date

from backend.engine import finding_words as words
from backend.engine.boxes import TooComplexError
from backend.engine.contradictions import why_never
from backend.engine.decision_table import DecisionTable
from backend.engine.findings import Finding, Severity
from backend.engine.hit_policies import Best, Unique
from backend.engine.nodes import Place
from backend.engine.rulebook import Rulebook
from backend.engine.rules import Rule
from backend.engine.table_analysis import Shown, TableAnalysis


def analyse(rulebook: Rulebook, *, on: date, gaps: bool = False) -> tuple[Finding, ...]:
    """What is wrong or strange in each decision from the day `on`, in the order of the files.

    With `gaps`, also cases that no rule decides where a decision does not say `complete: true`, as notes.
    """
    analyses = [
        TableAnalysis.of(table, vocabulary=rulebook.vocabulary, on=on)
        for table in rulebook.decisions.values()
    ]
    found = [finding for analysis in analyses for finding in _findings(analysis, gaps=gaps)]
    return tuple(sorted(found, key=lambda finding: finding.place))


def _findings(analysis: TableAnalysis, *, gaps: bool) -> Iterator[Finding]:
    table = analysis.table
    for rule in analysis.past:
        yield _of_rule(table, rule, Severity.WARNING, "past", words.past(rule))
    for rule in analysis.empty:
        yield _of_rule(
            table, rule, Severity.ERROR, "never", words.never(rule, why_never(rule, analysis.space))
        )
    yield from _comparisons(analysis)
    if table.complete_at is not None:
        yield from _gaps(analysis, table.complete_at, Severity.ERROR)
    elif gaps and table.rules:
        yield from _gaps(analysis, _place(table.rules[0]), Severity.NOTE)
    complex_rules = tuple({rule.id: rule for rule in (*analysis.unread, *analysis.undecided)}.values())
    if complex_rules:
        yield _of_rule(table, complex_rules[0], Severity.WARNING, "undecided", words.undecided(complex_rules))


def _comparisons(analysis: TableAnalysis) -> Iterator[Finding]:
    """Findings about one rule beside others; of several about a rule the gravest."""
    told: set[str] = set()
    policy = analysis.table.hit_policy
    for shown in analysis.overlaps() if isinstance(policy, Unique) else ():
        told.add(shown.rules[0].id)
        yield _shown(analysis, shown, Severity.ERROR, "overlap", words.overlap(shown.rules))
    for shown in analysis.shadowed():
        told.add(shown.rules[0].id)
        if isinstance(policy, Best):
            yield _shown(analysis, shown, Severity.WARNING, "pointless", words.pointless(shown.rules))
        else:
            yield _shown(analysis, shown, Severity.ERROR, "shadowed", words.shadowed(shown.rules, policy))
    for shown in analysis.twins():
        if told.isdisjoint(rule.id for rule in shown.rules):
            yield _shown(analysis, shown, Severity.WARNING, "twin", words.twin(shown.rules))


def _gaps(analysis: TableAnalysis, place: Place, severity: Severity) -> Iterator[Finding]:
    name = analysis.table.name
    try:
        for box in analysis.gaps():
            case, day = analysis.space.case(box)
            message = words.gap(name, must_decide=severity is Severity.ERROR)
            yield Finding(place, severity, "gap", name, message, (), case, day)
    except TooComplexError:
        yield Finding(place, Severity.WARNING, "undecided", name, words.undecided_gaps(name))


def _shown(analysis: TableAnalysis, shown: Shown, severity: Severity, kind: str, message: str) -> Finding:
    case, day = analysis.space.case(shown.box)
    ids = tuple(rule.id for rule in shown.rules)
    return Finding(_place(shown.rules[0]), severity, kind, analysis.table.name, message, ids, case, day)


def _of_rule(table: DecisionTable, rule: Rule, severity: Severity, kind: str, message: str) -> Finding:
    return Finding(_place(rule), severity, kind, table.name, message, (rule.id,))


def _place(rule: Rule) -> Place:
    return Place(rule.file, rule.place.line, rule.place.column)
