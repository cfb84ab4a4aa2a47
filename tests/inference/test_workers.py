"""Several pieces of work at once: how many, when the next begins, and what becomes of an error."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING, Literal

import pytest

from vlmrate.inference.workers import done_in_turn, done_side_by_side

if TYPE_CHECKING:
    from collections.abc import Iterator

Gate = Literal["go", "wait", "stop"]


def always(_: int) -> Gate:
    """Nothing holds the work up."""
    return "go"


class Crowd:
    """Counts how many pieces are in hand at once, and the most that ever were."""

    def __init__(self) -> None:
        self.now = self.most = 0
        self._lock = threading.Lock()

    def work(self, piece: int) -> int:
        with self._lock:
            self.now += 1
            self.most = max(self.most, self.now)
        time.sleep(0.01)
        with self._lock:
            self.now -= 1
        return piece


def test_every_piece_is_done_once_and_never_more_at_once_than_workers() -> None:
    """Results come as they are done, none is lost, and no more threads work than were asked for."""
    crowd = Crowd()
    assert sorted(done_side_by_side(crowd.work, range(40), 4, always)) == list(range(40))
    assert crowd.most == 4


def test_pieces_are_taken_only_as_there_is_room() -> None:
    """A million pieces are not fetched ahead: one more than are in hand."""
    taken: list[int] = []

    def pieces() -> Iterator[int]:
        for piece in range(1000):
            taken.append(piece)
            yield piece

    results = done_side_by_side(lambda piece: piece, pieces(), 3, always)
    next(results)
    assert len(taken) <= 5


def test_after_a_stop_what_is_in_hand_is_waited_for() -> None:
    """Pieces that were begun are finished; no other is begun."""
    crowd, begun = Crowd(), []

    def gate(_: int) -> Gate:
        begun.append(1)
        return "go" if len(begun) <= 5 else "stop"

    assert sorted(done_side_by_side(crowd.work, range(100), 3, gate)) == [0, 1, 2, 3, 4]


def test_a_gate_that_waits_lets_one_through_when_nothing_is_in_hand() -> None:
    """`wait` holds the next piece until one is done, so that pieces go one by one."""
    crowd = Crowd()
    done = list(done_side_by_side(crowd.work, range(6), 4, lambda in_hand: "wait" if in_hand else "go"))
    assert sorted(done) == list(range(6))
    assert crowd.most == 1


def test_an_error_of_a_piece_is_raised_where_results_are_awaited() -> None:
    """A full disk in one thread ends the run, and is not taken for an end without results."""

    def fail(piece: int) -> int:
        if piece == 3:
            raise OSError("disk full")
        return piece

    with pytest.raises(OSError, match="disk full"):
        list(done_side_by_side(fail, range(10), 2, always))


def test_an_error_waits_for_what_is_in_hand() -> None:
    """When it is raised no thread holds a piece any more, no other was begun, and no result is lost."""
    crowd, results = Crowd(), []

    def work(piece: int) -> int:
        if piece == 1:
            raise OSError("disk full")
        time.sleep(0.05)
        return crowd.work(piece)

    with pytest.raises(OSError, match="disk full"):
        results.extend(done_side_by_side(work, range(100), 4, always))
    assert crowd.now == 0
    assert sorted(results) == [0, 2, 3]


def test_threads_end_with_the_work() -> None:
    """No thread is left behind, also when the results are not all fetched."""
    before = threading.active_count()
    results = done_side_by_side(lambda piece: piece, range(100), 8, always)
    next(results)
    results.close()  # type: ignore[attr-defined]  # a generator
    deadline = time.monotonic() + 5
    while threading.active_count() > before and time.monotonic() < deadline:
        time.sleep(0.01)
    assert threading.active_count() <= before


def test_in_turn_is_in_this_thread_and_stops_at_once() -> None:
    """A model that lives in the main thread is asked there."""
    here: list[bool] = []

    def note(piece: int) -> int:
        here.append(threading.current_thread() is threading.main_thread())
        return piece

    done = done_in_turn(note, range(10), lambda _: "go" if len(here) < 4 else "stop")
    assert list(done) == [0, 1, 2, 3]
    assert all(here)
