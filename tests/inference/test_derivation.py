"""What a derived rater records of its sources."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vlmrate.inference.derivation import values_digest
from vlmrate.inference.runner import run

if TYPE_CHECKING:
    from collections.abc import Callable

    from vlmrate.inference.job import Job


def test_saying_the_same_again_is_no_other_answer(job: Callable[..., Job], scripted: type) -> None:
    """A second repeat with equal answers leaves the digest of a source as it is; another answer changes it."""
    run(job())
    once = values_digest([rating for _, rating in job().store.rating_files()])
    run(job(stimuli=2, repeats=2))
    assert values_digest([rating for _, rating in job().store.rating_files()]) == once
    job().store.path("a_happy", 2).unlink()
    run(job(scripted(answers=("happy", "6", "5")), stimuli=2, repeats=2))
    assert values_digest([rating for _, rating in job().store.rating_files()]) != once
