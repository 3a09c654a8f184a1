"""Roles: what a user may do."""

from enum import StrEnum
from typing import Final


class Role(StrEnum):
    """What a user may do; a user has one or more."""

    CUSTOMER = "customer"
    PROVIDER = "provider"
    EXPERT = "expert"
    ANALYST = "analyst"
    RULE_EDITOR = "rule_editor"
    SUPPORT = "support"
    ADMIN = "admin"


STAFF: Final = frozenset({Role.ANALYST, Role.RULE_EDITOR, Role.SUPPORT, Role.ADMIN})
