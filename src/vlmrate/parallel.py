"""Two things at once: a second process beside this one, where the machine has a second core for it."""

from __future__ import annotations

import os
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing import get_context
from typing import TYPE_CHECKING, ParamSpec, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

Asked = ParamSpec("Asked")
Answer = TypeVar("Answer")


@dataclass(frozen=True, slots=True)
class Helper:
    """A second process to give work to; without one (`pool` None) work is done here, when it is asked for."""

    pool: ProcessPoolExecutor | None = None

    @property
    def alone(self) -> bool:
        """Whether there is no second process."""
        return self.pool is None

    def start(
        self, function: Callable[Asked, Answer], *args: Asked.args, **kwargs: Asked.kwargs
    ) -> Callable[[], Answer]:
        """Begin a piece of work and return where to ask for its result, which may raise what the work raised.

        The function must be one of a module, its arguments and result such as can be pickled, and the result the same
        in any process.
        """
        if self.pool is None:
            return lambda: function(*args, **kwargs)
        begun = self.pool.submit(function, *args, **kwargs)

        def result() -> Answer:
            try:
                return begun.result()
            except BrokenProcessPool:  # killed, or never born: the work is the same here, only later
                return function(*args, **kwargs)

        return result


ALONE = Helper()
"""No second process."""


@contextmanager
def helper(*, wanted: bool = True) -> Iterator[Helper]:
    """A second process for the time of the block, where it is wanted and there is a core for it.

    It is started anew (spawn) on every system alike, which takes it a second or two: small work is not worth it. A
    script that uses it must keep its own doings under `if __name__ == "__main__"`.
    """
    if not wanted or cores() < 2:
        yield ALONE
        return
    pool = ProcessPoolExecutor(max_workers=1, mp_context=get_context("spawn"))
    try:
        yield Helper(pool)
    finally:
        pool.shutdown(cancel_futures=True)


def cores() -> int:
    """Cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
