"""What a design can find."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import ttest_1samp, ttest_ind
from statsmodels.stats.power import TTestIndPower, TTestPower

from vlmrate.errors import AnalysisError
from vlmrate.stats import (
    BiasDesign,
    ImagesNeeded,
    Skipped,
    bias_design,
    detectable_bias,
    detectable_gap,
    images_needed,
    power_of,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from stats.tolerances import Tolerances


def simple(images: int, sd: float = 1.0) -> BiasDesign:
    """Every image its own identity."""
    return BiasDesign(sd, images, images)


def test_one_test_is_no_family() -> None:
    """A family of one is not corrected, and `method` does not say so."""
    assert detectable_bias(simple(40)).method == "two-sided t, df 39, alpha 0.05"
    assert detectable_gap(simple(40), simple(40), family=3).method.endswith("alpha 0.05 over 3 tests (Bonferroni)")
    assert "over" not in images_needed(0.5, 1.0).method  # type: ignore[union-attr]


@pytest.mark.parametrize("images", [5, 40, 240, 1440])
@pytest.mark.parametrize("family", [1, 12])
def test_power_and_bias_are_statsmodels(images: int, family: int, tolerance: Tolerances) -> None:
    """Independent images: one-sample t power, and the effect found by turning it round."""
    reference = TTestPower()
    for d in np.array([0.5, 2.0, 4.0]) / math.sqrt(images):  # far beyond, statsmodels' lower tail is NaN
        expected = reference.power(d, images, 0.05 / family)
        assert power_of(2 * d, simple(images, sd=2.0), family=family) == pytest.approx(
            expected, rel=tolerance.reference
        )
    told = detectable_bias(simple(images, sd=2.0), family=family)
    assert reference.power(told.d_z, images, 0.05 / family) == pytest.approx(0.8, rel=tolerance.reference)
    assert told.bias == pytest.approx(2 * told.d_z)
    assert power_of(told.bias, told.design, family=family) == pytest.approx(0.8)  # type: ignore[arg-type]


def test_images_needed_are_statsmodels(tolerance: Tolerances) -> None:
    """The smallest whole number at or above statsmodels' solution, and one fewer is too few."""
    needed = images_needed(0.25, 1.0, family=12)
    assert isinstance(needed, ImagesNeeded)
    exact = TTestPower().solve_power(effect_size=0.25, alpha=0.05 / 12, power=0.8)
    assert needed.images == math.ceil(exact)
    assert needed.power == pytest.approx(power_of(0.25, simple(needed.images), family=12), rel=tolerance.reference)
    assert power_of(0.25, simple(needed.images - 1), family=12) < 0.8 <= needed.power


def test_gap_between_groups_is_statsmodels(tolerance: Tolerances) -> None:
    """Two groups of equal size and SD: the two-sample t."""
    told = detectable_gap(simple(80), simple(80), alpha=0.05, family=3)
    expected = TTestIndPower().power(told.d_z, 80, 0.05 / 3)
    assert expected == pytest.approx(0.8, rel=tolerance.reference)


def test_design_effect_makes_images_worth_less() -> None:
    """Images of one identity that share everything count as one; that share nothing count in full."""
    assert BiasDesign(1.0, 240, 40, icc=1.0).standard_error == pytest.approx(1 / math.sqrt(40))
    assert BiasDesign(1.0, 240, 40, icc=0.0).standard_error == pytest.approx(1 / math.sqrt(240))
    assert BiasDesign(1.0, 240, 40, icc=0.2).design_effect == pytest.approx(2.0)
    clustered = images_needed(0.25, 1.0, images_of_identity=6, icc=0.2)
    assert isinstance(clustered, ImagesNeeded)
    assert clustered.images == 6 * clustered.identities
    assert power_of(0.25, BiasDesign(1.0, clustered.images, clustered.identities, 0.2)) == pytest.approx(
        clustered.power
    )


def test_design_is_read_off_the_data(skipped: Callable[[object], str]) -> None:
    """SD and icc of planted components are found; without clusters the SD is numpy's."""
    rng = np.random.default_rng(3)
    identity = np.repeat(np.arange(4000), 3)
    d = rng.normal(0, 0.6, 4000)[identity] + rng.normal(0, 0.8, 12000)
    design = bias_design(d, np.zeros(12000), clusters=identity)
    assert isinstance(design, BiasDesign)
    assert (design.images, design.identities) == (12000, 4000)
    assert design.sd == pytest.approx(1.0, abs=0.02)
    assert design.icc == pytest.approx(0.36, abs=0.02)
    assert bias_design(d, np.zeros(12000)) == BiasDesign(float(d.std(ddof=1)), 12000, 12000)
    apart = bias_design([1, -1, 1, -1], [0, 0, 0, 0], clusters=["p", "p", "q", "q"])
    assert isinstance(apart, BiasDesign)
    assert apart.icc == 0
    assert "two clusters" in skipped(bias_design([1, 2], [0, 0], clusters=["p", "p"]))
    assert "no variance" in skipped(bias_design([1, 2], [0, 1]))


@settings(deadline=None, max_examples=40)
@given(st.integers(3, 500), st.floats(0.2, 3), st.integers(1, 20))
def test_more_images_find_less_and_larger_families_more(images: int, sd: float, family: int) -> None:
    """Monotone in images, SD and family; power at a bias of 0 is alpha / family."""
    bias = detectable_bias(simple(images, sd), family=family).bias
    assert detectable_bias(simple(images + 1, sd), family=family).bias < bias
    assert detectable_bias(simple(images, sd), family=family + 1).bias > bias
    assert detectable_bias(simple(images, 2 * sd), family=family).bias == pytest.approx(2 * bias)
    assert power_of(0.0, simple(images, sd), family=family) == pytest.approx(0.05 / family)


@pytest.mark.slow
@pytest.mark.parametrize(("images", "identities", "icc", "family"), [(40, 40, 0.0, 1), (240, 40, 0.15, 6)])
def test_simulated_studies_find_the_detectable_bias_as_often_as_said(
    images: int, identities: int, icc: float, family: int
) -> None:
    """The t test over identities rejects in 80 % of 4,000 simulated studies at the smallest detectable bias."""
    design = BiasDesign(1.3, images, identities, icc)
    rng, each = np.random.default_rng(9), images // identities
    bias = detectable_bias(design, family=family).bias
    shared = rng.normal(0, 1.3 * math.sqrt(icc), (4000, identities))
    own = rng.normal(0, 1.3 * math.sqrt(1 - icc), (4000, identities, each))
    p = ttest_1samp(bias + shared + own.mean(axis=2), 0.0, axis=1).pvalue
    assert np.mean(p < 0.05 / family) == pytest.approx(0.8, abs=0.02)


@pytest.mark.slow
def test_simulated_groups_differ_as_often_as_said() -> None:
    """Welch's t finds the detectable difference of unequal groups in 80 % of 4,000 simulated studies."""
    first, second = BiasDesign(1.0, 60, 60), BiasDesign(1.6, 30, 30)
    gap = detectable_gap(first, second, family=2).bias
    rng = np.random.default_rng(10)
    a, b = rng.normal(gap, 1.0, (4000, 60)), rng.normal(0, 1.6, (4000, 30))
    p = ttest_ind(a, b, axis=1, equal_var=False).pvalue
    assert np.mean(p < 0.025) == pytest.approx(0.8, abs=0.02)


def test_what_no_design_finds(skipped: Callable[[object], str]) -> None:
    """A bias of 0, or one smaller than any study, has no number of images."""
    assert "bias of 0" in skipped(images_needed(0.0, 1.0))
    assert "10,000,000" in skipped(images_needed(1e-6, 1.0))


def test_impossible_designs_are_refused() -> None:
    """Numbers that mean nothing stop, each with what is wrong."""
    for wrong in (
        {"sd": 0.0, "images": 9, "identities": 9},
        {"sd": 1.0, "images": 3, "identities": 9},
        {"sd": 1.0, "images": 9, "identities": 1},
        {"sd": 1.0, "images": 9, "identities": 9, "icc": 1.1},
        {"sd": np.inf, "images": 9, "identities": 9},
        {"sd": np.nan, "images": 9, "identities": 9},
        {"sd": 1.0, "images": 9.5, "identities": 9},
    ):
        with pytest.raises(AnalysisError, match="design"):
            BiasDesign(**wrong)  # type: ignore[arg-type]
    for alpha, family, power in ((0.0, 1, 0.8), (0.05, 0, 0.8), (0.05, 1, 0.05), (0.05, 1, 1.0)):
        with pytest.raises(AnalysisError, match=r"lies|whole number"):
            detectable_bias(simple(9), alpha=alpha, family=family, power=power)
    for bias in (np.nan, np.inf):
        with pytest.raises(AnalysisError, match="scale points"):
            images_needed(bias, 1.0)
        with pytest.raises(AnalysisError, match="scale points"):
            power_of(bias, simple(9))
    for design in (1.2, Skipped("why")):
        calls: tuple[Callable[[Any], object], ...] = (
            lambda d: power_of(0.5, d),
            detectable_bias,
            lambda d: detectable_gap(simple(9), d),
        )
        for call in calls:
            with pytest.raises(AnalysisError, match=r"BiasDesign\(sd="):
                call(design)
    with pytest.raises(AnalysisError, match="family"):
        images_needed(0.2, 1.0, family=np.inf)  # type: ignore[arg-type]
    assert images_needed(np.float64(0.2), 1.0, images_of_identity=np.int64(2)).identities > 2  # type: ignore[union-attr, arg-type]
    with pytest.raises(AnalysisError, match="whole number of 1 or more"):
        images_needed(0.2, 1.0, images_of_identity=0)
