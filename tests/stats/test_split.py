"""Bias split by right and wrong label."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vlmrate.stats import Bootstrap, bias_split, mean_difference_bootstrap

if TYPE_CHECKING:
    from collections.abc import Callable

    from vlmrate.stats import Estimate

RNG = np.random.default_rng(41)
TRUTH = np.repeat(np.array(["sad", "happy"]), 60)
ANSWERS = np.where(RNG.random(120) < 0.6, TRUTH, "neutral").astype(object)
ANSWERS[3] = None
IDENTITY = np.tile(np.arange(60), 2)
HUMAN = RNG.uniform(2, 8, 120)
MODEL = HUMAN + np.where(ANSWERS == TRUTH, -0.5, 1.5) + RNG.normal(0, 0.3, 120)
FEW = Bootstrap(resamples=60)


def test_parts_add_up_in_both_ways(estimated: Callable[[object], Estimate]) -> None:
    """total = from_right + from_wrong = right + moved, in each group, and the parts are weighted means."""
    for part in bias_split(MODEL, HUMAN, TRUTH, ANSWERS, clusters=IDENTITY):
        inside = part.group == TRUTH
        d, right = (MODEL - HUMAN)[inside], (ANSWERS == TRUTH)[inside]
        value = {name: estimated(getattr(part, name)).value for name in (
            "total", "right", "wrong", "from_right", "from_wrong", "moved")}  # fmt: skip
        assert value["total"] == pytest.approx(d.mean())
        assert value["right"] == pytest.approx(d[right].mean())
        assert value["wrong"] == pytest.approx(d[~right].mean())
        assert value["from_right"] + value["from_wrong"] == pytest.approx(value["total"])
        assert value["right"] + value["moved"] == pytest.approx(value["total"])
        assert (part.n_right, part.n_wrong) == (right.sum(), (~right).sum())
        assert estimated(part.right).n == part.n_right
        assert estimated(part.right).ci_low < -0.5 < estimated(part.right).ci_high
        assert estimated(part.wrong).ci_low < 1.5 < estimated(part.wrong).ci_high


def test_total_is_the_bias_of_the_group(estimated: Callable[[object], Estimate]) -> None:
    """The same value and interval as the mean difference over these images."""
    sad = bias_split(MODEL, HUMAN, TRUTH, ANSWERS, clusters=IDENTITY, bootstrap=FEW)[0]
    inside = TRUTH == "sad"
    bias = estimated(mean_difference_bootstrap(MODEL[inside], HUMAN[inside], clusters=IDENTITY[inside], bootstrap=FEW))
    total = estimated(sad.total)
    assert (total.value, total.ci_low, total.ci_high) == (bias.value, bias.ci_low, bias.ci_high)


def test_other_groups_and_order() -> None:
    """Any factor can be the group; the order asked for holds."""
    skin = np.where(IDENTITY < 30, "dark", "light")
    parts = bias_split(MODEL, HUMAN, TRUTH, ANSWERS, groups=skin, order=["light", "dark"], bootstrap=FEW)
    assert [part.group for part in parts] == ["light", "dark"]
    assert parts[0].n_right + parts[0].n_wrong == 60


@settings(deadline=None, max_examples=25)
@given(st.permutations(range(120)))
def test_order_of_images_does_not_matter(order: list[int]) -> None:
    """Shuffled images say the same, to rounding."""
    mine = {part.group: part for part in bias_split(MODEL, HUMAN, TRUTH, ANSWERS, clusters=IDENTITY, bootstrap=FEW)}
    for part in bias_split(
        MODEL[order], HUMAN[order], TRUTH[order], ANSWERS[order], clusters=IDENTITY[order], bootstrap=FEW
    ):
        one = mine[part.group]
        assert (part.n_right, part.n_wrong) == (one.n_right, one.n_wrong)
        for ours, theirs in ((part.moved, one.moved), (part.from_wrong, one.from_wrong)):
            assert ours.value == pytest.approx(theirs.value)  # type: ignore[union-attr]
            assert ours.ci_low == pytest.approx(theirs.ci_low)  # type: ignore[union-attr]


def test_parts_that_do_not_occur_are_skipped(
    skipped: Callable[[object], str], estimated: Callable[[object], Estimate]
) -> None:
    """Wholly right, wholly wrong, unrated, or one identity: no 0 where nothing was."""
    (right,) = bias_split([1, 2, 4], [1, 1, 1], ["a"] * 3, ["a"] * 3, bootstrap=FEW)
    assert "no image of the group got a wrong label" in skipped(right.wrong)
    assert skipped(right.moved) == skipped(right.from_wrong)
    assert estimated(right.right) != right.total
    assert estimated(right.right).value == estimated(right.total).value
    (wrong,) = bias_split([1, 2, 4], [1, 1, 1], ["a"] * 3, ["b", "b", None], bootstrap=FEW)
    assert "no image of the group got the right label" in skipped(wrong.from_right)
    (empty,) = bias_split([None, None], [1, 1], ["a"] * 2, ["a", "b"], bootstrap=FEW)
    assert "rated by both" in skipped(empty.total)
    (alone,) = bias_split([1, 2], [1, 1], ["a"] * 2, ["a", "b"], clusters=["p", "p"])
    assert "two clusters" in skipped(alone.moved)
    assert (alone.n_right, alone.n_wrong) == (1, 1)
