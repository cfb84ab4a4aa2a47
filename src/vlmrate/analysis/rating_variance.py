"""Where the variance of people's single ratings lies: between images, between people, and in what is left.

Each part has the interval of what was sampled for it: the images' variance leaves out images (or whole identities), the
people's leaves out people, the shares both.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from vlmrate import stats
from vlmrate.analysis.data import NO_EMOTION
from vlmrate.stats import Estimate, Outcome, Skipped

if TYPE_CHECKING:
    import pandas as pd

    from vlmrate.analysis.data import Material

GROUPS = 100
"""Images and people are left out one by one (identities whole) up to this number, beyond it in so many groups."""


@dataclass(frozen=True, slots=True)
class RatingVariance:
    """Variances in squared scale points, and shares of image, rater and residual in their sum.

    `image_within` is the variance of images of one emotion, the part of `image` that is not the emotions'. The ratios
    are the people's variance over the images', over all images and over those of one emotion.
    """

    image: Outcome
    image_within: Outcome
    rater: Outcome
    residual: Outcome
    image_share: Outcome
    rater_share: Outcome
    residual_share: Outcome
    rater_to_image: Outcome
    rater_to_image_within: Outcome


def rating_variance(material: Material, singles: pd.DataFrame) -> RatingVariance | Skipped:
    """Split the variance of single ratings (image_id, rater_id, value as numbers)."""
    clusters = singles["image_id"].map(material.images.clusters)
    level = material.bootstrap.level
    images, raters, values = singles["image_id"], singles["rater_id"], singles["value"]
    parts = stats.variance_components(images, raters, values, clusters=clusters, level=level, groups=GROUPS)
    if isinstance(parts, Skipped):
        return parts
    within = _within(material, singles, clusters)
    return RatingVariance(
        image=parts.unit,
        image_within=within,
        rater=parts.rater,
        residual=parts.residual,
        image_share=parts.unit_share,
        rater_share=parts.rater_share,
        residual_share=parts.residual_share,
        rater_to_image=ratio(parts.rater, parts.unit),
        rater_to_image_within=ratio(parts.rater, within),
    )


def _within(material: Material, singles: pd.DataFrame, clusters: pd.Series[str]) -> Outcome:
    emotion = material.images.emotion
    if emotion is None:
        return NO_EMOTION
    if emotion.reindex(singles["image_id"].unique()).nunique() < 2:
        return Skipped("the images that people rated show one emotion")
    found = stats.variance_components(
        singles["image_id"],
        singles["rater_id"],
        singles["value"],
        clusters=clusters,
        level=material.bootstrap.level,
        estimator=stats.henderson_within(emotion.to_dict()),
        groups=GROUPS,
    )
    return found if isinstance(found, Skipped) else found.unit


def ratio(first: Outcome, second: Outcome) -> Outcome:
    """The ratio of two variances that were estimated on their own, with limits recovered from theirs.

    On the log scale, log ratio ± the root of the squared distances to the limits (Zou & Donner 2008, Statistics in
    Medicine 27, 1693-1702). A lower limit of the first at 0 gives one of 0; one of the second leaves the ratio
    without an upper limit, and it is Skipped.

    >>> told = ratio(Estimate(0.45, 0.4, 0.5, 0.95, 1000, ""), Estimate(0.04, 0.036, 0.044, 0.95, 1440, ""))
    >>> round(told.value, 2), round(told.ci_low, 2), round(told.ci_high, 2)
    (11.25, 9.67, 13.08)
    """
    if isinstance(first, Skipped):
        return first
    if isinstance(second, Skipped):
        return second
    if first.value <= 0:
        return Skipped("the variance between people is estimated at 0 or below")
    if second.ci_low <= 0:
        return Skipped("the variance between images is not told from 0, so a ratio to it has no upper limit")
    value = first.value / second.value
    up = math.hypot(math.log(first.ci_high / first.value), math.log(second.value / second.ci_low))
    low = 0.0
    if first.ci_low > 0:
        low = value * math.exp(
            -math.hypot(math.log(first.value / first.ci_low), math.log(second.ci_high / second.value))
        )
    method = f"ratio of variances, limits recovered from theirs: {first.method}; {second.method}"
    return Estimate(value, low, value * math.exp(up), first.level, second.n, method)
