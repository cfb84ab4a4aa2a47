"""How many requests may be in flight: as many as asked for, fewer after a server said that it is too much."""

from __future__ import annotations

import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator


class Throttle:
    """A limit on requests in flight that halves when the server is overrun and grows again with every success.

    It halves once a round trip: of the requests that were in flight together only the first refused counts. It grows
    by one for as many successes as are in flight, up to `most`, and is never below one, so that work goes on.
    """

    def __init__(self, most: int) -> None:
        self._most = float(most)
        self._limit = float(most)
        self._in_flight = 0
        self._round = 0
        self._changed = threading.Condition()

    @property
    def limit(self) -> int:
        """How many may be in flight now."""
        return int(self._limit)

    @contextmanager
    def place(self) -> Iterator[int]:
        """Wait for a place and hold it while the block runs; yields the round in which it was given."""
        with self._changed:
            while self._in_flight >= self.limit:
                self._changed.wait()
            self._in_flight += 1
            round_ = self._round
        try:
            yield round_
        finally:
            with self._changed:
                self._in_flight -= 1
                self._changed.notify()

    def overrun(self, round_: int) -> None:
        """The server refused a request of this round because there were too many."""
        with self._changed:
            if round_ == self._round:
                self._round += 1
                self._limit = max(self._limit / 2, 1.0)

    def succeeded(self) -> None:
        """The server answered a request."""
        with self._changed:
            if self._limit < self._most:
                self._limit = min(self._limit + 1 / self._limit, self._most)
                self._changed.notify_all()
