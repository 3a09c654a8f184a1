"""The states of a quote request. Pure."""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from backend.kernel.errors import ConflictError


class Status(StrEnum):
    """Where a request is in its life."""

    ASKED = "asked"
    OFFERED = "offered"
    ACCEPTED = "accepted"
    DECLINED = "declined"
    WITHDRAWN = "withdrawn"


class Action(StrEnum):
    """What is done to a request: by the provider (offer, decline), by the customer (accept, withdraw)."""

    OFFER = "offer"
    DECLINE = "decline"
    ACCEPT = "accept"
    WITHDRAW = "withdraw"


# A provider may think better of an offer until it is accepted.
TRANSITIONS: Final[Mapping[tuple[Status, Action], Status]] = MappingProxyType(
    {
        (Status.ASKED, Action.OFFER): Status.OFFERED,
        (Status.ASKED, Action.DECLINE): Status.DECLINED,
        (Status.ASKED, Action.WITHDRAW): Status.WITHDRAWN,
        (Status.OFFERED, Action.OFFER): Status.OFFERED,
        (Status.OFFERED, Action.DECLINE): Status.DECLINED,
        (Status.OFFERED, Action.ACCEPT): Status.ACCEPTED,
        (Status.OFFERED, Action.WITHDRAW): Status.WITHDRAWN,
    }
)
OPEN: Final = (Status.ASKED, Status.OFFERED)


# What was done, for the audit log and the behaviour log.
DONE: Final[Mapping[Action, str]] = MappingProxyType(
    {
        Action.OFFER: "offered",
        Action.DECLINE: "declined",
        Action.ACCEPT: "accepted",
        Action.WITHDRAW: "withdrawn",
    }
)


class RequestStateError(ConflictError):
    """The request is not in a state in which this can be done."""


def after(status: Status, action: Action) -> Status:
    """The status that `action` leads to. RequestStateError says what can be done instead."""
    if (status, action) not in TRANSITIONS:
        possible = [str(other) for before, other in TRANSITIONS if before is status]
        rest = f"What is possible: {', '.join(possible)}." if possible else "Nothing changes it any more."
        raise RequestStateError(
            f"The request is {status}; it is too late or too early to {action}. {rest}",
            extra={"request_status": status.value},
        )
    return TRANSITIONS[status, action]
