"""The one check of a draft, for `flask rules check`, the API and whoever publishes."""

from collections.abc import Mapping
from dataclasses import dataclass

from backend.domains.rules.service import RulesRefusedError
from backend.engine.decision_table import DecisionTable
from backend.engine.findings import Finding, Severity
from backend.engine.problems import Problem
from backend.engine.rulebook import Rulebook
from backend.infra.clock import Clock
from backend.infra.rule_files import read_sources
from backend.infra.rule_trial import Analysis, Trial


@dataclass(frozen=True)
class CheckReport:
    """What is wrong with a draft, and what is worth a look. `rulebook` is None when it cannot be read.

    `problems` are mistakes of the files; `failure` tells what befell the trial itself; `findings` compare
    the rules of readable files with each other, each with a case that shows it.
    """

    rulebook: Rulebook | None
    problems: tuple[Problem, ...] = ()
    failure: str = ""
    findings: tuple[Finding, ...] = ()

    @property
    def mistakes(self) -> tuple[Finding, ...]:
        """The findings because of which the rules cannot be published."""
        return tuple(finding for finding in self.findings if finding.severity is Severity.ERROR)

    @property
    def ok(self) -> bool:
        """Whether the rules may be published; warnings and notes may remain."""
        return self.rulebook is not None and not self.mistakes

    @property
    def messages(self) -> tuple[str, ...]:
        """All because of which the rules cannot be published, for staff."""
        said = (*self.problems, *self.mistakes)
        return (*(str(one) for one in said), *filter(None, (self.failure,)))

    @property
    def rules(self) -> int:
        """How many rules there are."""
        return sum(len(table.rules) for table in self._tables)

    @property
    def scenarios(self) -> int:
        """How many scenarios of the files came out as written."""
        return sum(len(table.scenarios) for table in self._tables)

    @property
    def _tables(self) -> tuple[DecisionTable, ...]:
        return tuple(self.rulebook.decisions.values()) if self.rulebook else ()


@dataclass(frozen=True)
class RuleChecks:
    """Checks the texts of rule files in a child process: nothing in them can end or delay this one."""

    clock: Clock
    trial: Trial

    def check(self, sources: Mapping[str, str], *, gaps: bool = False) -> CheckReport:
        """All that is wrong with these texts (by file name); with `gaps`, also what no rule decides."""
        tried = self.trial(sources, analysis=Analysis(self.clock.now().date(), gaps))
        if not tried.ok:
            return CheckReport(None, tried.problems, tried.failure)
        return CheckReport(read_sources(sources), findings=tried.findings)

    def admit(self, sources: Mapping[str, str]) -> Rulebook:
        """The rulebook of these texts if it may be published. RulesRefusedError says all that forbids it."""
        report = self.check(sources)
        if report.rulebook is None or not report.ok:
            raise RulesRefusedError(report.messages)
        return report.rulebook

    def readable(self, sources: Mapping[str, str]) -> Rulebook:
        """The rulebook of these texts if it can be served, whatever an analysis finds. RulesRefusedError."""
        tried = self.trial(sources)
        if not tried.ok:
            raise RulesRefusedError(tried.messages)
        return read_sources(sources)
