"""Which images a run takes on."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from vlmrate.errors import StudyError
from vlmrate.inference.job import FailAfter
from vlmrate.inference.plan import select
from vlmrate.inference.prepare import parse_fail_after

if TYPE_CHECKING:
    from vlmrate.study.records import Study


@pytest.mark.parametrize(
    ("only", "limit", "chosen"),
    [
        ((), None, ["a_happy", "a_sad", "b_happy", "b_sad", "c_happy", "c_sad"]),
        ((), 2, ["a_happy", "a_sad"]),
        (("b_sad",), None, ["b_sad"]),
        (("a_*", "c_sad"), None, ["a_happy", "a_sad", "c_sad"]),
        (("emotion=sad",), None, ["a_sad", "b_sad", "c_sad"]),
        (("emotion=sad", "who=b"), None, ["b_sad"]),
        (("emotion=sad", "[ab]_*"), 1, ["a_sad"]),
    ],
)
def test_ids_levels_and_limit_choose_images(
    study: Study, only: tuple[str, ...], limit: int | None, chosen: list[str]
) -> None:
    """Ids are alternatives, factor levels must all hold, the limit counts what is left; the study's order stays."""
    assert [stimulus.image_id for stimulus in select(study, only=only, limit=limit)] == chosen


@pytest.mark.parametrize(
    ("only", "said"),
    [
        ("mood=sad", "the stimuli have no column 'mood'; they have emotion, who"),
        ("zzz", "selects none of the study's 6"),
    ],
)
def test_a_choice_that_cannot_be_met_is_said(study: Study, only: str, said: str) -> None:
    """An unknown factor or an empty choice is misuse, not an empty run."""
    with pytest.raises(StudyError, match=said):
        select(study, only=(only,))


@pytest.mark.parametrize(
    ("text", "rule"),
    [(None, FailAfter()), ("3", FailAfter(count=3)), ("5%", FailAfter(share=0.05)), ("2.5%", FailAfter(share=0.025))],
)
def test_fail_after_reads_counts_and_shares(text: str | None, rule: FailAfter) -> None:
    """A number is a count of images, a percentage a share of them."""
    assert parse_fail_after(text) == rule


@pytest.mark.parametrize("text", ["", "0", "many", "-1", "5 %%"])
def test_fail_after_refuses_the_rest(text: str) -> None:
    """Anything else is named and refused."""
    with pytest.raises(StudyError, match="--fail-after"):
        parse_fail_after(text)
