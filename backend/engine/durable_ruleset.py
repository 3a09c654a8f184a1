"""One C ruleset of `durable_rules`, driven so that none of its measured traps can be reached.

The package's own Python layer (`durable.lang`, `Host`) is not used: it loses results under threads. The C
module is given rules as JSON and facts as flat JSON of whole numbers, one fact at a time under one session
id: assert it, drain the names of the rules that fired, retract it. See docs/decisions/0015.
"""

import json
import os
import weakref
from collections.abc import Collection, Mapping, Sequence
from threading import Lock
from typing import Final

from backend.engine.durable_nodes import Node, fields_of, size, to_json

MAX_PATHS: Final = 60
"""Alternative paths of all rules together: the C module's stack of pending nodes ends at 64."""
MAX_LEAVES: Final = 400
"""Comparisons of all rules together: 512 under one node never return."""
MAX_FIELDS: Final = 240
"""Fields of a fact: 255 in C, its own among them."""
MAX_GROUPS: Final = 13
"""`$and` and `$or` groups of one rule: each takes two of the 31 places of its expression."""
RESERVED_NAMES: Final = frozenset({"id", "sid", "q_", "warm_", "$s"})
"""Field names that the C module or the warm-up use."""

_SID: Final = "s"
_FACT: Final = '"id":"m","sid":"s"'
_RETRACT: Final = f"{{{_FACT}}}"
_WARM_UP: Final = f'{{{_FACT},"warm_":1}}'
_WARM_UP_RULE: Final = "warm"
_HANDLED: Final = 0
_NOT_HANDLED: Final = 1


class DurableError(RuntimeError):
    """The C module refused or failed. The ruleset has been cleaned and may be asked again."""


def unavailable_reason() -> str | None:
    """Why the C module cannot be used on this machine; None when it can."""
    try:
        import durable_rules_engine  # noqa: F401
    except ImportError as error:
        return f"the C module of durable_rules cannot be loaded: {error}"
    return None


def durable_available() -> bool:
    """Whether the C module can be loaded."""
    return unavailable_reason() is None


class DurableRuleset:
    """Rules that fit one C handle, by number; safe to ask from several threads and after a fork.

    Facts carry the fields `names`, in that order. Rules that together exceed a limit are a ValueError here
    and never reach the C module. The handle is given back by `close` or when the last reference goes.
    """

    def __init__(self, rules: Mapping[int, Node], *, names: Sequence[str]) -> None:
        _require_safe(rules, names)
        self._source = _source(rules)
        self._template = f"{{{_FACT}{''.join(f',{json.dumps(name)}:%d' for name in names)}}}"
        self._lock = Lock()
        self._handle: _Handle | None = _Handle(self._source)
        self._give_back = _give_back_with(self, self._handle)
        self._forked = False
        _LIVE.add(self)

    def match(self, codes: tuple[int, ...]) -> list[int]:
        """The numbers of the rules that hold, ascending, each once; `codes` in the order of `names`.

        Raises DurableError.
        """
        message = self._template % codes
        with self._lock:
            if self._forked:
                self._reopen()
            if self._handle is None:
                raise DurableError("the ruleset was closed")
            return self._handle.match(message)

    def close(self) -> None:
        """Give the C memory back; twice does no harm."""
        with self._lock:
            self._handle = None
            self._give_back()

    def mark_forked(self) -> None:
        """In a forked child: forget the parent's lock and handle, for a thread that did not come along
        may have been in the middle of a match. The next match opens a handle of the child's own.
        """
        self._lock = Lock()
        self._forked = True
        self._give_back.detach()  # the parent's memory, shared until written: left alone

    def _reopen(self) -> None:
        self._forked = False
        if self._handle is not None:
            self._handle = _Handle(self._source)
            self._give_back = _give_back_with(self, self._handle)


class _Handle:
    """The C calls in the only safe order. The caller holds a lock."""

    def __init__(self, source: str) -> None:
        import durable_rules_engine

        self._c = durable_rules_engine
        try:
            self._handle: int = self._c.create_ruleset("rules", source)
        except Exception as error:
            raise DurableError(f"the rules were refused: {error}") from error
        self._warm_up()

    def match(self, message: str) -> list[int]:
        try:
            fired = self._fire(message)
        except Exception as error:
            self._forget()
            raise DurableError(f"no answer for {message[:500]}: {error}") from error
        return sorted({int(name) for name in fired})

    def delete(self) -> None:
        """State first: deleting the ruleset alone leaks it."""
        self._c.delete_state(self._handle, _SID)
        self._c.delete_ruleset(self._handle)

    def _fire(self, message: str) -> list[str]:
        """The names of the rules that fired, in C's order; one of several paths may repeat its name."""
        c, handle = self._c, self._handle
        status, state = c.assert_fact(handle, message)
        if status == _NOT_HANDLED:  # nothing fired, and nothing was stored
            return []
        if status != _HANDLED:
            raise DurableError(f"the fact was not taken (status {status})")
        fired: list[str] = []
        started = c.start_action_for_state(handle, state)
        result = None if started is None else started[1]
        while result is not None:
            fired.append(result[2 : result.index('"', 2)])  # {"name":{"m":…
            result = c.complete_and_start_action(handle, state)
        c.retract_fact(handle, _RETRACT)
        return fired

    def _warm_up(self) -> None:
        """Fire one rule: deleting a state in which none has fired crashes the process."""
        if self._fire(_WARM_UP) != [_WARM_UP_RULE]:
            raise DurableError("the warm-up rule did not fire")

    def _forget(self) -> None:
        """Drop a half-drained fact, whose hits the next one would receive."""
        self._c.delete_state(self._handle, _SID)
        self._warm_up()


def _give_back_with(owner: DurableRuleset, handle: _Handle) -> "weakref.finalize[[], DurableRuleset]":
    """What deletes the handle once: when called, or when its owner goes."""
    give_back = weakref.finalize(owner, handle.delete)
    give_back.atexit = False  # the process's end frees it anyway
    return give_back


def _source(rules: Mapping[int, Node]) -> str:
    patterns = {str(number): {"all": [{"m": to_json(node)}]} for number, node in rules.items()}
    patterns[_WARM_UP_RULE] = {"all": [{"m": {"warm_": 1}}]}
    return json.dumps(patterns)


def fits_one_handle(nodes: Collection[Node]) -> bool:
    """Whether rules with these conditions together stay within what one C handle answers rightly."""
    sizes = [size(node) for node in nodes]
    used = frozenset[str]().union(*(fields_of(node) for node in nodes))
    return (
        sum(one.paths for one in sizes) <= MAX_PATHS
        and sum(one.leaves for one in sizes) <= MAX_LEAVES
        and all(one.groups <= MAX_GROUPS for one in sizes)
        and len(used) <= MAX_FIELDS
    )


def _require_safe(rules: Mapping[int, Node], names: Sequence[str]) -> None:
    """ValueError for what the C module would answer wrongly, or not survive."""
    if not fits_one_handle(rules.values()) or len(names) > MAX_FIELDS:
        raise ValueError("the rules do not fit one handle of the C module")
    if not all(size(node).leaves for node in rules.values()):
        raise ValueError("a rule that always or never holds is not for the C module")
    used = frozenset[str]().union(*(fields_of(node) for node in rules.values()))
    if not used <= set(names) or set(names) & RESERVED_NAMES:
        raise ValueError("a rule compares a field that facts do not carry, or a reserved one")


_LIVE: Final[weakref.WeakSet[DurableRuleset]] = weakref.WeakSet()


def _mark_all_forked() -> None:
    for ruleset in tuple(_LIVE):
        ruleset.mark_forked()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_mark_all_forked)
