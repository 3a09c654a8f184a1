"""Parts of which a process has one, made when first asked for."""

import threading
from collections.abc import Callable
from typing import TypeVar

import svcs

T = TypeVar("T")


def once(make: Callable[[svcs.Container], T]) -> Callable[[svcs.Container], T]:
    """A factory whose first answer is everybody's."""
    made: list[T] = []
    making = threading.Lock()

    def get(svcs_container: svcs.Container) -> T:
        with making:
            if not made:
                made.append(make(svcs_container))
            return made[0]

    return get
