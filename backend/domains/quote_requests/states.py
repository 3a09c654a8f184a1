"""The states of a quote request. Pure."""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from backend.kernel.errors import ConflictError
from backend.kernel.transitions import Transitions


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


class RequestStateError(ConflictError):
    """The request is not in a state in which this can be done."""


# A provider may think better of an offer until it is accepted.
TRANSITIONS: Final = Transitions(
    {
        (Status.ASKED, Action.OFFER): Status.OFFERED,
        (Status.ASKED, Action.DECLINE): Status.DECLINED,
        (Status.ASKED, Action.WITHDRAW): Status.WITHDRAWN,
        (Status.OFFERED, Action.OFFER): Status.OFFERED,
        (Status.OFFERED, Action.DECLINE): Status.DECLINED,
        (Status.OFFERED, Action.ACCEPT): Status.ACCEPTED,
        (Status.OFFERED, Action.WITHDRAW): Status.WITHDRAWN,
    },
    refusal=RequestStateError,
    sentence="The request is {state}; it is too late or too early to {action}.",
    member="request_status",
)
after: Final = TRANSITIONS.after
# What was done, for the audit log and the behaviour log.
DONE: Final[Mapping[Action, str]] = MappingProxyType(
    {
        Action.OFFER: "offered",
        Action.DECLINE: "declined",
        Action.ACCEPT: "accepted",
        Action.WITHDRAW: "withdrawn",
    }
)
