"""Two correlations on the same images: each is Pearson's, and their difference keeps what both have in common."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from vlmrate.stats import CorrelationDifference, compare_correlations, pearson_bootstrap, pearson_within_bootstrap

if TYPE_CHECKING:
    from collections.abc import Callable

    from vlmrate.stats import Estimate


def columns(seed: int = 0, n: int = 240) -> tuple[Any, ...]:
    """Two pairs of ratings, emotions and identities; the first pair follows people more closely."""
    rng = np.random.default_rng(seed)
    people = rng.normal(size=(n, 2))
    model = people + rng.normal(size=(n, 2)) * (0.5, 1.5)
    return model[:, 0], people[:, 0], model[:, 1], people[:, 1], np.resize(list("abcd"), n), np.arange(n) // 4


@pytest.mark.parametrize("within", [False, True])
def test_each_is_pearsons_and_the_difference_that_of_both(
    estimated: Callable[[object], Estimate], within: bool
) -> None:
    """Values and intervals of both r are those of the functions for one, over all images and within groups."""
    x, people_x, y, people_y, groups, identity = columns()
    told = compare_correlations((x, people_x), (y, people_y), groups=groups if within else None, clusters=identity)
    assert isinstance(told, CorrelationDifference)
    for mine, (model, human) in ((told.first, (x, people_x)), (told.second, (y, people_y))):
        if within:
            theirs = estimated(pearson_within_bootstrap(model, human, groups, clusters=identity))
        else:
            theirs = estimated(pearson_bootstrap(model, human, clusters=identity))
        found = estimated(mine)
        assert (found.value, found.ci_low, found.ci_high) == pytest.approx(
            (theirs.value, theirs.ci_low, theirs.ci_high)
        )
    expected = estimated(told.first).value - estimated(told.second).value
    assert estimated(told.difference).value == pytest.approx(expected)
    assert estimated(told.difference).ci_low > 0


def test_a_reading_against_itself_differs_by_nothing(estimated: Callable[[object], Estimate]) -> None:
    """Resampled together, the same ratings twice have a difference of 0 without width."""
    x, people, *_ = columns()
    told = compare_correlations((x, people), (x, people))
    assert isinstance(told, CorrelationDifference)
    difference = estimated(told.difference)
    assert (difference.value, difference.ci_low, difference.ci_high) == (0.0, 0.0, 0.0)


def test_images_without_all_four_are_left_out(estimated: Callable[[object], Estimate]) -> None:
    """A missing rating of either pair takes the image from both, so that both speak of the same images."""
    x, people_x, y, people_y, _, _ = columns()
    holes = y.copy()
    holes[:40] = np.nan
    told = compare_correlations((x, people_x), (holes, people_y))
    rest = compare_correlations((x[40:], people_x[40:]), (y[40:], people_y[40:]))
    assert isinstance(told, CorrelationDifference)
    assert isinstance(rest, CorrelationDifference)
    assert told.n == 200
    assert estimated(told.first).value == pytest.approx(estimated(rest.first).value)


def test_what_is_not_defined_is_skipped(
    estimated: Callable[[object], Estimate], skipped: Callable[[object], str]
) -> None:
    """Ratings without variance take their r and the difference, and leave the other r; no image leaves nothing."""
    x, people, *_ = columns()
    told = compare_correlations((x, people), (np.full(240, 5.0), people))
    assert isinstance(told, CorrelationDifference)
    assert "no variance" in skipped(told.second)
    assert skipped(told.difference) == skipped(told.second)
    assert estimated(told.first).value > 0.5
    assert "all four" in skipped(compare_correlations((x, people), (np.full(240, np.nan), people)))
    assert "two clusters" in skipped(compare_correlations((x, people), (x, people), clusters=["a"] * 240))
