"""Limits of agreement for raw ratings: the published correction of 1986, R's analysis of variance, and recovery."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pytest

from stats.tolerances import TOLERANCE
from vlmrate.errors import AnalysisError
from vlmrate.stats import (
    BlandAltman,
    Bootstrap,
    RepeatedBlandAltman,
    bland_altman,
    bland_altman_paired,
    bland_altman_repeated,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from stats.tolerances import Tolerances
    from vlmrate.stats import Estimate


def done(told: object) -> RepeatedBlandAltman:
    """Unwrap the result."""
    assert isinstance(told, RepeatedBlandAltman), told
    return told


def test_published_correction_of_1986(
    golden: dict[str, Any], estimated: Callable[[object], Estimate], quick: Bootstrap
) -> None:
    """Two readings by each meter: the SD of the means, 33.2, corrected to 37.7 (Bland & Altman 1986)."""
    large, mini = (
        pd.Series(np.ravel(golden["bland_altman"][meter]), index=np.repeat(range(17), 2)) for meter in ("large", "mini")
    )
    told = done(bland_altman_repeated(large, mini, bootstrap=quick))
    assert estimated(told.sd).value == pytest.approx(37.7, abs=TOLERANCE.printed1)
    assert (told.n_images, told.n_model, told.n_human, told.true_value) == (17, 34, 34, "constant")


def test_varying_truth_is_rs_analysis_of_variance(
    golden: dict[str, Any], estimated: Callable[[object], Estimate], quick: Bootstrap, tolerance: Tolerances
) -> None:
    """Unequal numbers of pairs: bias and variance of R's one-way anova."""
    told = golden["paired"]
    ours = done(bland_altman_paired(told["change"], np.zeros(12), told["subject"], bootstrap=quick))
    assert estimated(ours.bias).value == pytest.approx(told["bias"], rel=tolerance.reference)
    assert estimated(ours.sd).value ** 2 == pytest.approx(told["variance"], rel=tolerance.reference)
    assert ours.true_value == "varies"


def test_one_rating_each_is_the_plain_form(
    estimated: Callable[[object], Estimate], quick: Bootstrap, tolerance: Tolerances
) -> None:
    """Without repeats the corrected limits are the plain ones."""
    rng = np.random.default_rng(0)
    model, human = (pd.Series(rng.normal(5, 1, 20), index=range(20)) for _ in range(2))
    told, plain = done(bland_altman_repeated(model, human, bootstrap=quick)), bland_altman(model, human)
    assert isinstance(plain, BlandAltman)
    for name in ("bias", "sd", "lower", "upper"):
        assert estimated(getattr(told, name)).value == pytest.approx(
            estimated(getattr(plain, name)).value, abs=tolerance.same_algorithm
        )


@pytest.mark.slow
def test_planted_variances_are_recovered_where_means_would_hide_them(estimated: Callable[[object], Estimate]) -> None:
    """Single human ratings of SD 1.5 about the image's truth: the SD of a difference is found, that of means is not."""
    rng = np.random.default_rng(1)
    images, people = 600, 20
    truth = rng.normal(5, 1, images)
    model = pd.Series(truth + 0.5 + rng.normal(0, 0.6, images), index=range(images))
    human = pd.Series(np.repeat(truth, people) + rng.normal(0, 1.5, images * people), np.repeat(range(images), people))
    told = done(bland_altman_repeated(model, human))
    expected = np.sqrt(0.6**2 + 1.5**2)
    sd = estimated(told.sd)
    assert sd.value == pytest.approx(expected, rel=0.02)
    assert sd.ci_low < expected < sd.ci_high
    assert estimated(told.bias).value == pytest.approx(0.5, abs=0.1)
    of_means = bland_altman(model.to_numpy(), human.groupby(level=0).mean().to_numpy())
    assert isinstance(of_means, BlandAltman)
    assert estimated(of_means.sd).value < 0.75


def test_rows_may_come_in_any_order_and_missing_ratings_drop(
    estimated: Callable[[object], Estimate], quick: Bootstrap, tolerance: Tolerances
) -> None:
    """Shuffled ratings, and ratings that are missing or of an image the other did not rate, change nothing."""
    rng = np.random.default_rng(2)
    human = pd.Series(rng.normal(5, 1, 40), index=np.repeat(range(10), 4))
    model = pd.Series(rng.normal(5, 1, 20), index=np.repeat(range(10), 2))
    told = done(bland_altman_repeated(model, human, bootstrap=quick))
    longer = pd.concat([human.sample(frac=1, random_state=0), pd.Series([3.0, np.nan], index=[99, 4])])
    again = done(bland_altman_repeated(model, longer, bootstrap=quick))
    for name in ("bias", "sd", "lower", "upper"):
        a, b = estimated(getattr(told, name)), estimated(getattr(again, name))
        assert [a.value, a.ci_low, a.ci_high] == pytest.approx(
            [b.value, b.ci_low, b.ci_high], abs=tolerance.same_algorithm
        )
    images = np.repeat(range(10), 4)
    pairs = done(bland_altman_paired(human.to_numpy(), np.ones(40), images, bootstrap=quick))
    order = rng.permutation(40)
    turned = done(bland_altman_paired(human.to_numpy()[order], np.ones(40), images[order], bootstrap=quick))
    assert estimated(turned.lower).ci_low == pytest.approx(estimated(pairs.lower).ci_low, abs=1e-10)


def test_identities_are_drawn_whole(estimated: Callable[[object], Estimate], quick: Bootstrap) -> None:
    """The method tells as many clusters as identities, in both forms."""
    rng = np.random.default_rng(3)
    images = np.repeat(range(12), 3)
    human, model = pd.Series(rng.normal(size=36), index=images), pd.Series(rng.normal(size=12), index=range(12))
    identity = pd.Series(np.arange(12) // 3, index=range(12))
    told = done(bland_altman_repeated(model, human, clusters=identity, bootstrap=quick))
    assert "4 clusters" in estimated(told.upper).method
    paired = done(
        bland_altman_paired(human.to_numpy(), rng.normal(size=36), images, clusters=images // 3, bootstrap=quick)
    )
    assert "4 clusters" in estimated(paired.upper).method


def test_what_has_no_limits_is_skipped_or_refused(skipped: Callable[[object], str], quick: Bootstrap) -> None:
    """One image, no repeat, one cluster: Skipped. Columns that are no Series, clusters that do not fit: refused."""
    one, two = pd.Series([1.0, 2], index=["a", "a"]), pd.Series([1.0, 2], index=["a", "b"])
    assert "two images" in skipped(bland_altman_repeated(one, one))
    assert "more pairs than images" in skipped(bland_altman_paired([1, 2], [2, 4], ["a", "b"]))
    same = pd.Series(["x", "x"], index=["a", "b"])
    assert "two clusters" in skipped(bland_altman_repeated(two, two[::-1] ** 2, clusters=same, bootstrap=quick))
    assert "no variance: all are 1" in skipped(bland_altman_repeated(two + 1, two, bootstrap=quick))
    constant = bland_altman_paired([3, 4, 5, 6], [2, 3, 4, 5], ["a", "a", "b", "b"], bootstrap=quick)
    assert "no variance: all are 1" in skipped(constant)
    with pytest.raises(AnalysisError, match="Series by image_id"):
        bland_altman_repeated(two, two, clusters=["x", "y"])  # type: ignore[arg-type]
    with pytest.raises(AnalysisError, match="Series"):
        bland_altman_repeated([1, 2], one)  # type: ignore[arg-type]
    with pytest.raises(AnalysisError, match="every image once"):
        bland_altman_repeated(two, two, clusters=same.iloc[:1])
    with pytest.raises(AnalysisError, match="between 0 and 1"):
        bland_altman_repeated(two, two, coverage=0)
    with pytest.raises(AnalysisError, match="more than one cluster"):
        bland_altman_paired([1, 2, 3], [1, 1, 1], ["a", "a", "b"], clusters=[1, 2, 3])
