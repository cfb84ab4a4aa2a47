"""Several pieces of work at once, begun only as there is room for them, so that memory does not grow with their number.

The threads are daemons: a second Ctrl-C ends the process although a server has not answered yet. What is stored is
whole or not there at all, so nothing is lost by it.
"""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, Literal, TypeVar

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

Work = TypeVar("Work")
Result = TypeVar("Result")
Gate = Callable[[int], Literal["go", "wait", "stop"]]
"""Told how many pieces are in hand: may the next be begun? `wait` is for when one of them is done."""


def done_in_turn(function: Callable[[Work], Result], pieces: Iterable[Work], may_begin: Gate) -> Iterator[Result]:
    """Do one piece after another in this thread."""
    for piece in pieces:
        if may_begin(0) == "stop":
            return
        yield function(piece)


def done_side_by_side(
    function: Callable[[Work], Result], pieces: Iterable[Work], workers: int, may_begin: Gate
) -> Iterator[Result]:
    """Do up to `workers` pieces at once and yield results as they come; after a `stop`, those in hand are waited for.

    What a piece of work raises is raised here, once those in hand are done and their results yielded: by then nothing
    is written any more.
    """
    todo: queue.SimpleQueue[Work | None] = queue.SimpleQueue()
    done: queue.SimpleQueue[Result | BaseException] = queue.SimpleQueue()

    def work() -> None:
        while (piece := todo.get()) is not None:
            try:
                done.put(function(piece))
            except BaseException as error:  # noqa: BLE001 - carried to the thread that waits, and raised there
                done.put(error)

    for _ in range(workers):
        threading.Thread(target=work, daemon=True).start()
    try:
        yield from _feed(iter(pieces), workers, may_begin, todo, done)
    finally:
        for _ in range(workers):
            todo.put(None)


def _feed(
    pieces: Iterator[Work],
    workers: int,
    may_begin: Gate,
    todo: queue.SimpleQueue[Work | None],
    done: queue.SimpleQueue[Result | BaseException],
) -> Iterator[Result]:
    in_hand, more = 0, True
    broken: BaseException | None = None
    waiting = next(pieces, None)
    while True:
        while waiting is not None and more and in_hand < workers:
            gate = may_begin(in_hand)
            if gate == "wait" and in_hand:
                break
            if gate == "stop":
                more = False
                break
            todo.put(waiting)
            in_hand += 1
            waiting = next(pieces, None)
        if not in_hand:
            break
        result = done.get()
        in_hand -= 1
        if isinstance(result, BaseException):
            broken, more = broken or result, False
        else:
            yield result
    if broken is not None:
        raise broken
