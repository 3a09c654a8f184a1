"""The colleagues who deal in rules."""

import pytest
import svcs
from flask import Flask
from flask.testing import FlaskClient

from backend.domains.rules.service import RulesService
from backend.kernel.roles import Role
from tests.factories.rules import Colleague


@pytest.fixture
def editor(app: Flask, client: FlaskClient) -> Colleague:
    """A rule editor, while the shipped rules are served."""
    svcs.flask.get(RulesService).rulebook()
    return Colleague.new(client, Role.RULE_EDITOR)


@pytest.fixture
def analyst(editor: Colleague, client: FlaskClient) -> Colleague:
    return Colleague.new(client, Role.ANALYST)
