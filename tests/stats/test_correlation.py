"""Correlations over all images, within groups and between them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pingouin
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats as scipy_stats

from stats.tolerances import TOLERANCE
from vlmrate.errors import AnalysisError
from vlmrate.stats import (
    Bootstrap,
    pearson,
    pearson_between,
    pearson_bootstrap,
    pearson_within,
    pearson_within_bootstrap,
    share_between,
    spearman,
    spearman_bootstrap,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from stats.tolerances import Tolerances
    from vlmrate.stats import Estimate, Outcome

    Floats = NDArray[np.float64]

EMOTIONS = np.repeat(["happy", "sad", "fear", "neutral"], [30, 25, 20, 25])
HAPPY = np.select([e == EMOTIONS for e in ("happy", "sad", "fear")], [8.0, 3.0, 2.5], 5.0)


@pytest.fixture(scope="module")
def ratings() -> tuple[Floats, Floats]:
    """Model ratings (whole numbers, with ties) and human means of 100 images of four emotions."""
    rng = np.random.default_rng(2)
    human = HAPPY + rng.normal(0, 0.6, 100)
    return np.clip(np.round(HAPPY + 0.5 * (human - HAPPY) + rng.normal(0, 1, 100)), 1, 9), human


def test_pearson_and_fisher_are_scipys(
    ratings: tuple[Floats, Floats], estimated: Callable[[object], Estimate], tolerance: Tolerances
) -> None:
    """r and its Fisher interval equal scipy's."""
    ours, reference = estimated(pearson(*ratings, level=0.9)), scipy_stats.pearsonr(*ratings)
    interval = reference.confidence_interval(0.9)
    np.testing.assert_allclose(
        [ours.value, ours.ci_low, ours.ci_high],
        [reference.statistic, interval.low, interval.high],
        rtol=tolerance.reference,
    )


def test_spearman_is_scipys(
    ratings: tuple[Floats, Floats], estimated: Callable[[object], Estimate], tolerance: Tolerances
) -> None:
    """rho equals scipy's with ties; its interval is wider than Pearson's would be at the same value."""
    ours = estimated(spearman(*ratings))
    assert ours.value == pytest.approx(scipy_stats.spearmanr(*ratings).statistic, rel=tolerance.reference)
    half = np.arctanh(ours.ci_high) - np.arctanh(ours.value)
    assert half == pytest.approx(scipy_stats.norm.ppf(0.975) * np.sqrt((1 + ours.value**2 / 2) / 97))


def test_within_is_the_partial_correlation_given_the_emotion(
    ratings: tuple[Floats, Floats], estimated: Callable[[object], Estimate], tolerance: Tolerances
) -> None:
    """Pooled within-group r is pingouin's partial correlation, interval too, with the emotions' dummies held."""
    data = pd.DataFrame({"x": ratings[0], "y": ratings[1]}).join(pd.get_dummies(EMOTIONS, drop_first=True, dtype=float))
    reference = pingouin.partial_corr(data, "x", "y", covar=list(data.columns[2:]))
    ours = estimated(pearson_within(*ratings, EMOTIONS))
    assert ours.value == pytest.approx(float(reference["r"].iloc[0]), rel=tolerance.reference)
    assert (ours.ci_low, ours.ci_high) == pytest.approx(reference["CI95"].iloc[0], abs=TOLERANCE.printed2)


def test_between_is_the_weighted_r_of_group_means(
    ratings: tuple[Floats, Floats], estimated: Callable[[object], Estimate], tolerance: Tolerances
) -> None:
    """Replacing each rating with its group's mean and correlating the rest gives the same."""
    model, human = (pd.Series(x).groupby(EMOTIONS).transform("mean") for x in ratings)
    ours = estimated(pearson_between(*ratings, EMOTIONS))
    assert ours.value == pytest.approx(np.corrcoef(model, human)[0, 1], rel=tolerance.reference)


def test_share_between_is_eta_squared(
    ratings: tuple[Floats, Floats], estimated: Callable[[object], Estimate], tolerance: Tolerances
) -> None:
    """The share is the eta squared of pingouin's one-way ANOVA; the category mean reaches r = sqrt(eta²)."""
    data = pd.DataFrame({"rating": ratings[1], "emotion": EMOTIONS})
    reference = pingouin.anova(data, dv="rating", between="emotion")["np2"].iloc[0]
    ours = estimated(share_between(ratings[1], EMOTIONS)).value
    assert ours == pytest.approx(reference, rel=tolerance.reference)
    category_mean = data.groupby("emotion")["rating"].transform("mean")
    assert estimated(pearson(category_mean, ratings[1])).value == pytest.approx(np.sqrt(ours))


def written_out(rows: NDArray[np.int64], x: Floats, y: Floats, kind: str) -> float:
    """The statistic of one resample, by scipy and pandas."""
    x, y, emotion = x[rows], y[rows], EMOTIONS[rows]
    if kind == "spearman":
        return float(scipy_stats.spearmanr(x, y).statistic)
    if kind == "within":
        x, y = (v - pd.Series(v).groupby(emotion).transform("mean").to_numpy() for v in (x, y))
    if kind == "between":
        x, y = (pd.Series(v).groupby(emotion).transform("mean").to_numpy() for v in (x, y))
    return float(np.corrcoef(x, y)[0, 1])


BOOTSTRAPS: dict[str, Callable[..., Outcome]] = {
    "all": pearson_bootstrap,
    "spearman": spearman_bootstrap,
    "within": pearson_within_bootstrap,
    "between": pearson_between,
}


@pytest.mark.parametrize("kind", BOOTSTRAPS)
@pytest.mark.parametrize("clustered", [False, True])
def test_fast_resamples_are_the_plain_ones(
    kind: str,
    clustered: bool,
    ratings: tuple[Floats, Floats],
    estimated: Callable[[object], Estimate],
    tolerance: Tolerances,
) -> None:
    """Matrix products give the interval that computing every resample afresh with scipy gives."""
    from vlmrate.stats import bootstrap_rows

    clusters = np.arange(100) % 25 if clustered else None
    few = Bootstrap(resamples=60)
    groups = () if kind in ("all", "spearman") else (EMOTIONS,)
    fast = estimated(BOOTSTRAPS[kind](*ratings, *groups, clusters=clusters, bootstrap=few))
    plain = estimated(
        bootstrap_rows(lambda rows: written_out(rows, *ratings, kind), 100, name="r", clusters=clusters, bootstrap=few)
    )
    np.testing.assert_allclose(
        [fast.value, fast.ci_low, fast.ci_high], [plain.value, plain.ci_low, plain.ci_high], rtol=tolerance.reference
    )


@settings(deadline=None)
@given(st.permutations(range(100)), st.floats(0.1, 10), st.floats(-100, 100))
def test_order_shift_and_scale_do_not_matter(order: list[int], scale: float, shift: float) -> None:
    """Every r is the same for shuffled images and for ratings on another linear scale."""
    rng = np.random.default_rng(3)
    model, human = HAPPY + rng.normal(size=100), HAPPY + rng.normal(size=100)
    moved, others, emotions = scale * model[order] + shift, human[order], EMOTIONS[order]
    for one, other in (
        (pearson(model, human), pearson(moved, others)),
        (spearman(model, human), spearman(moved, others)),
        (pearson_within(model, human, EMOTIONS), pearson_within(moved, others, emotions)),
    ):
        assert one.value == pytest.approx(other.value, abs=1e-9)  # type: ignore[union-attr]


def test_missing_ratings_leave_by_pairs(estimated: Callable[[object], Estimate]) -> None:
    """An image with either rating missing is left out, and n says so."""
    model, human = [1, None, 3, 4, 6, 5], [1.5, 2, np.nan, 4, 5, 5.5]
    ours = estimated(pearson(model, human))
    assert ours.n == 4
    assert ours.value == pytest.approx(np.corrcoef([1, 4, 6, 5], [1.5, 4, 5, 5.5])[0, 1])


def test_no_variance_is_skipped(quick: Bootstrap, skipped: Callable[[object], str]) -> None:
    """A rater who always answers 5 has no correlation with anyone, whichever is asked for."""
    five, human, groups = [5] * 6, [1, 2, 3, 4, 5, 6], list("aabbcc")
    for outcome in (
        pearson(five, human),
        pearson_bootstrap(five, human, bootstrap=quick),
        spearman(five, human),
        spearman_bootstrap(five, human, bootstrap=quick),
        pearson_within(five, human, groups),
        pearson_between(five, human, groups, bootstrap=quick),
    ):
        assert "the model ratings have no variance: all 6 are 5" in skipped(outcome)


def test_category_mean_has_no_r_within(quick: Bootstrap, skipped: Callable[[object], str]) -> None:
    """A rater who knows only the emotion varies between emotions, and not within any: no r within, not r = 0."""
    human = HAPPY + np.random.default_rng(4).normal(size=100)
    assert "within any group" in skipped(pearson_within(HAPPY / 3, human, EMOTIONS))
    assert "within any group" in skipped(pearson_within_bootstrap(HAPPY / 3, human, EMOTIONS, bootstrap=quick))


def test_too_few(quick: Bootstrap, skipped: Callable[[object], str], estimated: Callable[[object], Estimate]) -> None:
    """One image has no r; three have an r and no Fisher interval; two groups have no r between."""
    skipped(pearson([1], [2]))
    skipped(pearson([], []))
    assert "Fisher" in skipped(pearson([1, 2, 4], [1, 3, 2]))
    assert "three groups" in skipped(pearson_between([1, 2, 4, 3], [1, 3, 2, 2], list("aabb"), bootstrap=quick))
    assert "two groups" in skipped(share_between([1, 2, 3], list("aaa"), bootstrap=quick))
    assert ": 1 with a standard error of 0" in skipped(pearson([1, 2, 4, 3], [1, 2, 4, 3]))
    assert estimated(pearson_bootstrap([1, 2, 4, 3], [1, 2, 4, 3], bootstrap=quick)).method.endswith("no width")


@pytest.mark.parametrize("bad", [["x", 1, 2, 3], [np.inf, 1, 2, 3], [1, 2, 3]])
def test_what_is_no_rating_is_refused(bad: list[object]) -> None:
    """Text, infinity and columns of another length are misuse, not missing values."""
    with pytest.raises(AnalysisError):
        pearson(bad, [1, 2, 3, 4])
