"""What is to be done once, and only if, the running transaction is committed: counting, telling others."""

from collections.abc import Callable
from typing import Final

import structlog
from flask_sqlalchemy.session import Session
from sqlalchemy import event

from backend.infra.postgres import DbSession

log = structlog.get_logger(__name__)

Action = Callable[[], None]

_ACTIONS: Final = "after_commit"


def after_commit(session: DbSession, action: Action) -> None:
    """Do `action` after the commit of the outermost transaction; a rollback forgets it.

    It must not use the session. If it fails, that is logged: the commit has happened. A savepoint alone
    makes no difference.
    """
    current = session()
    if not current.in_transaction():
        # SQLAlchemy tells only of the end of what has begun.
        current.begin()
    current.info.setdefault(_ACTIONS, []).append(action)


@event.listens_for(Session, "after_commit")
def _committed(session: Session) -> None:
    if session.in_nested_transaction():
        return
    actions: list[Action] = session.info.pop(_ACTIONS, [])
    for action in actions:
        _do(action)


def _do(action: Action) -> None:
    try:
        action()
    except Exception:
        # Whatever it is, what was committed stays so.
        log.exception("after_commit_failed")


@event.listens_for(Session, "after_rollback")
def _rolled_back(session: Session) -> None:
    if not session.in_nested_transaction():
        session.info.pop(_ACTIONS, None)
