"""Limits of agreement for raw ratings, several an image: between one rating of the model and one of a person.

Two models of an image's true value (Bland & Altman 1999, Statistical Methods in Medical Research 8, 135-160,
section 5; 2007, Journal of Biopharmaceutical Statistics 17, 571-582). It is *constant*: every rating of an image
is of the same thing, as with people who see the same photograph (`bland_altman_repeated`). Or it *varies*:
ratings come in pairs, each of its own occasion (`bland_altman_paired`). Images, or whole clusters of them, are
resampled for every interval.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import pandas as pd
from scipy.special import ndtri

from vlmrate.errors import AnalysisError
from vlmrate.stats._arrays import Column, FloatArray, as_codes, as_floats, pairs, require_share
from vlmrate.stats._long import clusters_of_units
from vlmrate.stats.bland_altman import ROUNDING
from vlmrate.stats.bootstrap import DEFAULT, Bootstrap, resample_sums
from vlmrate.stats.estimate import Outcome, Skipped

if TYPE_CHECKING:
    from collections.abc import Callable

    ByImage = pd.Series[Any]


@dataclass(frozen=True, slots=True)
class RepeatedBlandAltman:
    """Agreement between one rating of the model and one of a person, in scale points."""

    n_images: int
    n_model: int
    """Ratings of the model over those images."""
    n_human: int
    true_value: Literal["constant", "varies"]
    """What was assumed of an image's true value over its ratings."""
    coverage: float
    bias: Outcome
    sd: Outcome
    """Standard deviation of the difference between two single ratings."""
    lower: Outcome
    upper: Outcome


def bland_altman_repeated(
    model: ByImage,
    human: ByImage,
    *,
    coverage: float = 0.95,
    clusters: ByImage | None = None,
    bootstrap: Bootstrap = DEFAULT,
) -> RepeatedBlandAltman | Skipped:
    """Return bias and limits of agreement from any number of ratings an image, its true value constant.

    `model` and `human` are Series by image_id, one entry a rating; `clusters` is a Series by image_id (unique).
    With m_i ratings of image i, d_i the difference of its two means, s²_w the pooled variance within images:
    Var = s²(d_i) + (1 - mean 1/m_i) s²_w summed over model and human. The means hide the spread of single
    ratings; the two last terms give it back. A rater with one rating an image adds none: its repeatability is
    then unknown, and is taken for part of the disagreement. The bias is the mean of d_i, each image counting
    once. Images without a rating of both are left out. Skipped below two images, and where no rating differs from
    another of its image but by one constant.

    >>> images = ["a", "a", "b", "b", "c", "c", "d", "d"]
    >>> human = pd.Series([4.0, 5, 6, 8, 2, 3, 5, 5], index=images)
    >>> model = pd.Series([5.0, 7, 1, 5], index=["a", "b", "c", "d"])
    >>> told = bland_altman_repeated(model, human)
    >>> round(told.bias.value, 4), round(told.sd.value, 4), round(told.upper.value, 4)
    (-0.25, 1.0607, 1.8289)
    """
    x, y = _per_image(model, "model"), _per_image(human, "human")
    images = x.index.intersection(y.index, sort=True)
    if len(images) < 2:
        return Skipped(f"limits of agreement need two images rated by both, there are {len(images)}")
    x, y = x.loc[images], y.loc[images]
    d = (x["mean"] - y["mean"]).to_numpy()
    within = [np.column_stack([1 / side["m"], side["within"], side["m"] - 1]).astype(np.float64) for side in (x, y)]
    sums = np.column_stack([np.ones(len(d)), d, d * d, *within])
    counts = len(images), int(x["m"].sum()), int(y["m"].sum())
    return _limits(sums, _of_constant, counts, "constant", coverage, _of_images(clusters, images), bootstrap)


def bland_altman_paired(
    model: Column,
    human: Column,
    images: Column,
    *,
    coverage: float = 0.95,
    clusters: Column | None = None,
    bootstrap: Bootstrap = DEFAULT,
) -> RepeatedBlandAltman | Skipped:
    """Return bias and limits of agreement from several pairs of ratings an image, its true value varying.

    One entry a pair. One-way analysis of variance of the differences by image: Var = MS_within + (MS_between -
    MS_within) / m0, the second term at least 0, m0 = (N² - sum m_i²) / ((n - 1) N) with m_i pairs of image i,
    n images and N pairs. The bias is the mean over all pairs. Skipped below two images, where no image has two
    pairs, and where the differences have no variance.

    >>> told = bland_altman_paired([5, 6, 4, 7, 7, 8], [4, 4, 4, 5, 6, 6], ["a", "a", "b", "b", "c", "c"])
    >>> round(told.bias.value, 4), round(told.sd.value, 4), round(told.lower.value, 4)
    (1.3333, 1.0, -0.6266)
    """
    both = pairs(model, human, groups=images, clusters=clusters)
    n = len(both.group_names)
    if n < 2 or both.n == n:
        return Skipped(f"repeated pairs need two images and more pairs than images, there are {n} and {both.n}")
    codes, names = as_codes(np.asarray([both.group_names[g] for g in both.groups]), "images", ascending=True)
    d = both.difference - both.difference.mean()
    m, total, squares = (np.bincount(codes, weights=w) for w in (np.ones(both.n), d, d * d))
    sums = np.column_stack([np.ones(n), m, total, squares, total**2 / m, m * m])
    origin = float(both.difference.mean())
    of_images = None
    if both.clusters is not None:
        of_images = clusters_of_units(codes, np.asarray(both.clusters))
    counts = len(names), both.n, both.n
    return _limits(sums, lambda t: _of_varying(t, origin), counts, "varies", coverage, of_images, bootstrap)


def _limits(
    sums: FloatArray,
    moments: Callable[[FloatArray], tuple[FloatArray, FloatArray]],
    counts: tuple[int, int, int],
    true_value: Literal["constant", "varies"],
    coverage: float,
    clusters: Column | None,
    bootstrap: Bootstrap,
) -> RepeatedBlandAltman | Skipped:
    require_share(coverage, "The share of differences that limits cover")
    bias, variance = moments(sums.sum(axis=0)[None, :])
    if float(variance[0]) < ROUNDING**2:
        return Skipped(f"the differences have no variance: all are {float(bias[0]):g}")
    drawn = resample_sums(sums, clusters=clusters, bootstrap=bootstrap)
    if isinstance(drawn, Skipped):
        return drawn
    z = float(ndtri((1 + coverage) / 2))

    def at(multiple: float, name: str) -> Outcome:
        def limit(totals: FloatArray) -> FloatArray:
            bias, variance = moments(totals)
            return np.asarray(bias + multiple * np.sqrt(variance), dtype=np.float64)

        return drawn.estimate(limit, name=f"{name}, the true value {true_value} over the ratings of an image")

    told = f"limit of agreement of two single ratings, {coverage:.4g} of the differences"
    return RepeatedBlandAltman(
        *counts,
        true_value=true_value,
        coverage=coverage,
        bias=drawn.estimate(lambda t: moments(t)[0], name="bias, mean of model minus human"),
        sd=drawn.estimate(lambda t: np.sqrt(moments(t)[1]), name="SD of the difference of two single ratings"),
        lower=at(-z, f"lower {told}"),
        upper=at(z, f"upper {told}"),
    )


def _of_constant(t: FloatArray) -> tuple[FloatArray, FloatArray]:
    n, total, squares = t[:, 0], t[:, 1], t[:, 2]
    variance = (squares - total**2 / n) / (n - 1)
    for inverse, within, df in (t[:, 3:6].T, t[:, 6:9].T):
        variance += np.where(df > 0, (1 - inverse / n) * within / np.where(df > 0, df, 1.0), 0.0)
    return total / n, np.maximum(variance, 0.0)


def _of_varying(t: FloatArray, origin: float) -> tuple[FloatArray, FloatArray]:
    n, pairs_, total, squares, of_means, squared_counts = t.T
    within = (squares - of_means) / (pairs_ - n)
    between = (of_means - total**2 / pairs_) / (n - 1)
    m0 = (pairs_**2 - squared_counts) / ((n - 1) * pairs_)
    return origin + total / pairs_, within + np.maximum(0.0, (between - within) / m0)


def _per_image(ratings: ByImage, name: str) -> pd.DataFrame:
    """Return mean, number m and sum of squares within of each image's ratings, by image."""
    if not isinstance(ratings, pd.Series):
        raise AnalysisError(f"{name} must be a Series by image_id, one entry a rating.")
    values = pd.Series(as_floats(ratings, name), index=ratings.index).dropna()
    by_image = values.groupby(level=0)
    centred = values - by_image.transform("mean")
    table = pd.DataFrame({"mean": by_image.mean(), "m": by_image.size()})
    table["within"] = (centred**2).groupby(level=0).sum()
    return table


def _of_images(clusters: ByImage | None, images: pd.Index) -> Column | None:
    if clusters is None:
        return None
    if not isinstance(clusters, pd.Series):
        raise AnalysisError("clusters must be a Series by image_id.")
    missing = images.difference(clusters.index)
    if not clusters.index.is_unique or len(missing):
        raise AnalysisError(f"clusters must name every image once; it lacks {len(missing)} of {len(images)}.")
    return clusters.loc[images].to_numpy()
