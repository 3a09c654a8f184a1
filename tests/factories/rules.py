"""Drafts of the shipped rules, and the members of staff who deal in them."""

import re
from dataclasses import dataclass
from typing import Any

from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from backend.config import ROOT
from backend.infra.rule_files import folder_sources
from backend.kernel.roles import Role
from tests.factories.identity import auth_headers, make_user

PEAK_HOURS = "rules/peak_hours.yaml"
SHIPPED = folder_sources(ROOT / "rules")


def edited(old: str, new: str, *, file: str = PEAK_HOURS) -> dict[str, str]:
    """One shipped file with a text replaced, and without the scenarios that pin what it said."""
    text, _, _ = SHIPPED[file].partition("scenarios:")
    assert old in text
    return {file: text.replace(old, new)}


def dearer(percent: int = 30) -> dict[str, str]:
    """Evenings cost so much more, and the scenario expects it; a file that replaces the shipped one."""
    text = SHIPPED[PEAK_HOURS]
    assert "surcharge: 25%" in text
    assert "price: 125.00 EUR" in text
    changed = text.replace("surcharge: 25%", f"surcharge: {percent}%")
    return {PEAK_HOURS: changed.replace("price: 125.00 EUR", f"price: {100 + percent}.00 EUR")}


def contradictory() -> dict[str, str]:
    """A rule of the Saturdays that can never fire; a file that replaces the shipped one."""
    return edited('start_time: "[09:00..18:00)"', 'start_time: "[09:00..18:00)"\n      party: (2..3)')


def without(decision: str, *files: str) -> dict[str, str]:
    """The shipped rules as they were before there was `decision`, which alone fills `files`."""
    vocabulary = "rules/vocabulary.yaml"
    text, times = re.subn(rf"(?m)^  {decision}:\n(    .*\n)+", "", SHIPPED[vocabulary])
    assert times == 1
    return {name: text for name, text in SHIPPED.items() if name not in files} | {vocabulary: text}


@dataclass(frozen=True)
class Colleague:
    """A member of staff at the API."""

    client: FlaskClient
    id: str
    headers: dict[str, str]

    @classmethod
    def new(cls, client: FlaskClient, *roles: Role) -> "Colleague":
        """Registered, signed in, with these roles."""
        user = make_user(roles=roles)
        return cls(client, user.id, auth_headers(client, user))

    def get(self, path: str, **headers: str) -> TestResponse:
        """GET below /api/rules."""
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.client.get(f"/api/rules{path}", headers=self.headers | sent)

    def post(self, path: str, body: Any = None) -> TestResponse:
        """POST below /api/rules."""
        return self.client.post(f"/api/rules{path}", json=body, headers=self.headers)

    def served(self) -> str:
        """The version that was published last."""
        return str(self.get("/releases/served").json["version"])  # type: ignore[index]

    def draft(self, files: dict[str, Any], *, based_on: str | None = None) -> dict[str, Any]:
        """A draft on what is served."""
        return {"based_on": based_on or self.served(), "files": files}

    def publish(self, files: dict[str, Any], *, based_on: str | None = None) -> TestResponse:
        """Publish a draft."""
        return self.post("/publish", {"draft": self.draft(files, based_on=based_on), "note": "Evenings sell"})

    def propose(self, files: dict[str, Any], *, based_on: str | None = None) -> TestResponse:
        """Propose a draft."""
        body = {"draft": self.draft(files, based_on=based_on), "note": "Evenings sell"}
        return self.post("/proposals", body)
