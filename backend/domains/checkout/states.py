"""The states of an order and the actions that lead from one to the next. Pure."""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from backend.kernel.errors import ConflictError
from backend.kernel.transitions import Transitions


class State(StrEnum):
    """Where an order is in its life.

    `placed` waits for its payment; no order on delivery or on site stays in it. `authorised`: its money is
    sure, and is taken once all providers have answered.
    """

    PLACED = "placed"
    AUTHORISED = "authorised"
    PAID = "paid"
    CONFIRMED = "confirmed"
    SHIPPED = "shipped"
    DELIVERED = "delivered"
    RETURNED = "returned"
    CANCELLED = "cancelled"


class Action(StrEnum):
    """What is done to an order. To confirm is to take it without a payment: one on delivery or on site."""

    AUTHORISE = "authorise"
    PAY = "pay"
    CONFIRM = "confirm"
    SHIP = "ship"
    DELIVER = "deliver"
    RETURN = "return"
    CANCEL = "cancel"
    STOP = "stop"


class TransitionError(ConflictError):
    """The order is not in a state in which this can be done."""


# To cancel is the customer's until it is shipped; staff may stop a parcel that is under way.
TRANSITIONS: Final = Transitions(
    {
        (State.PLACED, Action.AUTHORISE): State.AUTHORISED,
        (State.PLACED, Action.PAY): State.PAID,
        (State.PLACED, Action.CONFIRM): State.CONFIRMED,
        (State.PLACED, Action.CANCEL): State.CANCELLED,
        (State.AUTHORISED, Action.PAY): State.PAID,
        (State.AUTHORISED, Action.CANCEL): State.CANCELLED,
        (State.PAID, Action.SHIP): State.SHIPPED,
        (State.PAID, Action.DELIVER): State.DELIVERED,
        (State.PAID, Action.CANCEL): State.CANCELLED,
        (State.CONFIRMED, Action.SHIP): State.SHIPPED,
        (State.CONFIRMED, Action.DELIVER): State.DELIVERED,
        (State.CONFIRMED, Action.CANCEL): State.CANCELLED,
        (State.SHIPPED, Action.DELIVER): State.DELIVERED,
        (State.SHIPPED, Action.STOP): State.CANCELLED,
        (State.DELIVERED, Action.RETURN): State.RETURNED,
    },
    refusal=TransitionError,
    sentence="The order is {state}; to {action} it is not possible.",
    member="order_state",
)
after: Final = TRANSITIONS.after
# What history, audit log and behaviour log call what was done.
DONE: Final[Mapping[Action, str]] = MappingProxyType(
    {
        Action.AUTHORISE: "authorised",
        Action.PAY: "paid",
        Action.CONFIRM: "confirmed",
        Action.SHIP: "shipped",
        Action.DELIVER: "delivered",
        Action.RETURN: "returned",
        Action.CANCEL: "cancelled",
        Action.STOP: "stopped",
    }
)
