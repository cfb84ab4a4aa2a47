"""How many requests may be in flight."""

from __future__ import annotations

import threading
import time

from vlmrate.raters.server.throttle import Throttle


def test_of_those_in_flight_together_only_the_first_refused_halves_the_limit() -> None:
    """Eight refusals of one round trip halve once; a refusal of the next round halves again."""
    throttle = Throttle(8)
    places = [throttle.place() for _ in range(8)]
    rounds = [place.__enter__() for place in places]
    for round_ in rounds:
        throttle.overrun(round_)
    assert throttle.limit == 4
    for place in places:
        place.__exit__(None, None, None)
    with throttle.place() as round_:
        throttle.overrun(round_)
    assert throttle.limit == 2


def test_it_grows_by_one_for_as_many_successes_as_are_in_flight() -> None:
    """From 4 to 5 in four successes or five, on to the limit asked for and not beyond."""
    throttle = Throttle(8)
    with throttle.place() as round_:
        throttle.overrun(round_)
    for _ in range(5):
        throttle.succeeded()
    assert throttle.limit == 5
    for _ in range(100):
        throttle.succeeded()
    assert throttle.limit == 8


def test_it_never_falls_below_one() -> None:
    """However often the server refuses, one request may go."""
    throttle = Throttle(3)
    for _ in range(5):
        with throttle.place() as round_:
            throttle.overrun(round_)
    assert throttle.limit == 1
    with throttle.place():
        pass


def test_no_more_are_in_flight_than_allowed_and_all_get_their_turn() -> None:
    """Sixteen threads, a limit that falls to one and grows again: nobody waits for ever, the limit is kept."""
    throttle, lock = Throttle(4), threading.Lock()
    now, seen, done = [0], [0], []

    def work(number: int) -> None:
        for turn in range(20):
            with throttle.place() as round_:
                with lock:
                    now[0] += 1
                    seen[0] = max(seen[0], now[0])
                time.sleep(0.0005)
                with lock:
                    now[0] -= 1
            if (number + turn) % 3:
                throttle.succeeded()
            else:
                throttle.overrun(round_)
        done.append(number)

    threads = [threading.Thread(target=work, args=(number,), daemon=True) for number in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert sorted(done) == list(range(16))
    assert seen[0] <= 4
