"""What analysis has found out about rules, told to the staff who write them, with a case that shows it."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import date
from enum import StrEnum
from typing import Any

from backend.engine.nodes import Place


class Severity(StrEnum):
    """How much a finding matters: a mistake, something to look at, something good to know."""

    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"


@dataclass(frozen=True, slots=True)
class Finding:
    """One finding; its text is `file:line:column: message`, with the severity before what is no error.

    `case` holds facts as staff write them, `None` where a fact must be missing; `flask rules try` takes it
    as it stands. `day` is the local day on which it shows, None where any day does. `rules` are the ids of
    the rules concerned, the one at the place first; `kind` names the sort of finding.
    """

    place: Place
    severity: Severity
    kind: str
    decision: str
    message: str
    rules: tuple[str, ...] = ()
    case: Mapping[str, object] | None = None
    day: date | None = None

    def __str__(self) -> str:
        word = "" if self.severity is Severity.ERROR else f"{self.severity}: "
        return f"{self.place}: {word}{self.message}"

    def to_json(self) -> dict[str, object]:
        """All of it as JSON values."""
        return {**asdict(self), "day": self.day.isoformat() if self.day else None}

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> "Finding":
        """The finding that `to_json` wrote."""
        return cls(
            **{
                **value,
                "place": Place(**value["place"]),
                "severity": Severity(value["severity"]),
                "rules": tuple(value["rules"]),
                "day": date.fromisoformat(value["day"]) if value["day"] else None,
            }
        )

    @property
    def case_json(self) -> str:
        """The case as one line of JSON; empty when there is none."""
        return "" if self.case is None else json.dumps(self.case, ensure_ascii=False)
