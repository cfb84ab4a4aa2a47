"""How widely ratings are spread, against three readings of how widely people's are.

A model gives one rating an image. Beside it stand the SD of all single ratings (people differ, images
differ), the SD of the image means (images differ, people averaged away), and the SD of *one random person an
image*, which is the model's own situation: the fair comparator for collapse onto a few values.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
import pandas as pd

from vlmrate.errors import AnalysisError
from vlmrate.stats._arrays import (
    Column,
    FloatArray,
    as_codes,
    as_floats,
    as_names,
    in_order,
    require_aligned,
    require_count,
)
from vlmrate.stats.bootstrap import DEFAULT, Bootstrap, bootstrap_sums, require_bootstrap
from vlmrate.stats.confusion import Share
from vlmrate.stats.dimensional import mean_sd, power_sums, sd_of
from vlmrate.stats.estimate import Estimate, Outcome, Skipped

if TYPE_CHECKING:
    from collections.abc import Sequence

ByImage: TypeAlias = "pd.Series[Any]"
"""Values whose index is the image_id."""

DRAWS = 200
"""Times that one random person an image is drawn."""


@dataclass(frozen=True, slots=True)
class GroupSpread:
    """How one group's ratings are spread."""

    group: Any
    n: int
    """Images of the group with a rating."""
    mean: Outcome
    sd: Outcome
    """SD (n - 1) in scale points; 0 where every rating is the same."""
    distinct: int
    """Number of different values among the ratings."""
    mode_share: Share | Skipped
    """Share of the ratings that are the most frequent value."""


def spread_by_group(
    values: Column,
    groups: Column,
    *,
    clusters: Column | None = None,
    bootstrap: Bootstrap = DEFAULT,
    order: Sequence[Any] | None = None,
) -> tuple[GroupSpread, ...]:
    """Return mean, SD, distinct values and the mode's share in every group (emotion), one value an image.

    Mean and SD are Skipped for a group with fewer than two ratings.

    >>> happy, sad = spread_by_group([8, 8, 8, 7, 2, 3], ["happy"] * 4 + ["sad"] * 2)
    >>> happy.distinct, happy.mode_share.value, round(happy.sd.value, 4), sad.distinct
    (2, 0.75, 0.5, 2)
    """
    require_aligned(values=values, groups=groups, clusters=clusters)
    x = as_floats(values, "values")
    codes, names = as_codes(groups, "groups")
    told = []
    for group in in_order(names, order):
        inside = (codes == names.index(group)) & ~np.isnan(x)
        identities = None if clusters is None else as_names(clusters)[inside]
        moments = mean_sd(x[inside], clusters=identities, bootstrap=bootstrap)
        distinct, mode = _distinct_and_mode(x[inside])
        told.append(GroupSpread(group, int(inside.sum()), moments.mean, moments.sd, distinct, mode))
    return tuple(told)


@dataclass(frozen=True, slots=True)
class PeopleSpread:
    """SD of people's ratings in three readings, and the distinct values one person an image gives."""

    single_ratings: Outcome
    image_means: Outcome
    one_person: Outcome
    one_person_distinct: Outcome


def people_spread(
    ratings: ByImage, *, clusters: ByImage | None = None, bootstrap: Bootstrap = DEFAULT, draws: int = DRAWS
) -> PeopleSpread:
    """Return the spread of people's ratings; `ratings` has one entry a rating, its index the image_id.

    `clusters` names each image's identity (index: image_id). SDs have n - 1 in the denominator. The intervals
    of the first two are bootstrapped over clusters; for one random person an image the value is the mean over
    `draws` seeded draws and the interval holds the middle of the draws (95 %): what a single person shows.
    Skipped below two images, or two clusters.
    """
    require_count(draws, 1, "The number of draws")
    require_bootstrap(bootstrap)
    there = _rated(ratings)
    per_image = _per_image(there)
    identities = _of_images(clusters, per_image.index)
    people = _one_person(there, draws, bootstrap.seed)
    name = "of one random person an image"
    return PeopleSpread(
        single_ratings=_sd_of_singles(per_image, identities, bootstrap),
        image_means=mean_sd(per_image["mean"], clusters=identities, bootstrap=bootstrap).sd,
        one_person=_over_draws(_row_sd(people), people, f"SD {name}", bootstrap.level),
        one_person_distinct=_over_draws(_row_distinct(people), people, f"distinct values {name}", bootstrap.level),
    )


@dataclass(frozen=True, slots=True)
class SdRatios:
    """The model's SD over people's, by comparator; above 1 the model spreads its ratings more widely."""

    single_ratings: Outcome
    image_means: Outcome
    one_person: Outcome


def sd_ratios(
    model: ByImage,
    ratings: ByImage,
    *,
    clusters: ByImage | None = None,
    bootstrap: Bootstrap = DEFAULT,
    draws: int = DRAWS,
) -> SdRatios:
    """Return SD(model) / SD(people) over the images that both rated, against the three comparators.

    `model` has one value an image, `ratings` one entry a rating, both indexed by image_id. The first two
    intervals are bootstrapped over clusters; the third is the middle of the draws of one random person an
    image, with the model's ratings held. Skipped below two images and where people's SD is 0.
    """
    require_count(draws, 1, "The number of draws")
    require_bootstrap(bootstrap)
    require_by_image(model, "model", once=True)
    there, rated = _rated(ratings), model.dropna()
    there = there[there.index.isin(rated.index)]
    per_image = _per_image(there)
    x = as_floats(rated.reindex(per_image.index), "model")
    identities = _of_images(clusters, per_image.index)
    people = _one_person(there, draws, bootstrap.seed)
    name = "SD model / SD people"
    return SdRatios(
        single_ratings=_ratio(x, _single_sums(per_image), identities, f"{name} (single ratings)", bootstrap),
        image_means=_ratio(x, power_sums(per_image["mean"].to_numpy()), identities, f"{name} (image means)", bootstrap),
        one_person=_over_draws(_divided(x, people), people, f"{name} (one random person an image)", bootstrap.level),
    )


def _distinct_and_mode(x: FloatArray) -> tuple[int, Share | Skipped]:
    if len(x) == 0:
        return 0, Skipped("no rating")
    _, counts = np.unique(x, return_counts=True)
    return len(counts), Share(int(counts.max()), len(x), "ratings of the group")


def _rated(ratings: ByImage) -> ByImage:
    """Return the ratings that are there, as floats, in the order of their image's first appearance."""
    require_by_image(ratings, "ratings")
    floats = pd.Series(as_floats(ratings, "ratings"), index=ratings.index).dropna()
    codes, _ = pd.factorize(floats.index)
    return floats.iloc[np.argsort(codes, kind="stable")]


def _per_image(ratings: ByImage) -> pd.DataFrame:
    """Return count, sum, sum of squares (about one common origin) and mean of each image's ratings."""
    centred = ratings - (ratings.iloc[0] if len(ratings) else 0.0)
    frame = pd.DataFrame({"n": 1.0, "total": centred, "squares": centred**2, "value": ratings})
    by_image = frame.groupby(level=0, sort=False)
    return by_image[["n", "total", "squares"]].sum().assign(mean=by_image["value"].mean())


def _of_images(clusters: ByImage | None, images: pd.Index) -> Column | None:
    return None if clusters is None else looked_up(clusters, images, "cluster")


def require_by_image(values: ByImage, name: str, *, once: bool = False) -> None:
    """Refuse what is not a Series by image_id, which all look-ups by image need, or names an image twice."""
    if not isinstance(values, pd.Series):
        raise AnalysisError(f"{name} must be a Series whose index is the image_id, not {type(values).__name__}.")
    if once and not values.index.is_unique:
        twice = values.index[values.index.duplicated()][0]
        raise AnalysisError(f"{name} names an image twice, the first {twice}: pass one value an image.")


def looked_up(by_image: ByImage, images: pd.Index, what: str) -> Column:
    """Return each image's group or cluster from a Series by image_id; refused where one is missing."""
    require_by_image(by_image, f"{what}s", once=True)
    missing = images.difference(by_image.index)
    if len(missing):
        raise AnalysisError(f"No {what} is named for {len(missing)} images, the first {missing[0]}.")
    return by_image.reindex(images).to_numpy()


def _single_sums(per_image: pd.DataFrame) -> FloatArray:
    return per_image[["n", "total", "squares"]].to_numpy(dtype=np.float64)


def _sd_of_singles(per_image: pd.DataFrame, clusters: Column | None, bootstrap: Bootstrap) -> Outcome:
    return bootstrap_sums(
        _single_sums(per_image),
        lambda t: sd_of(t[:, 0], t[:, 1], t[:, 2]),
        name="SD of single ratings",
        clusters=clusters,
        bootstrap=bootstrap,
    )


def _one_person(ratings: ByImage, draws: int, seed: int) -> FloatArray:
    """Return one random rating of every image, `draws` times: shape (draws, images)."""
    values = ratings.to_numpy(dtype=np.float64)
    _, sizes = np.unique(pd.factorize(ratings.index)[0], return_counts=True)
    starts = np.cumsum(sizes) - sizes
    chosen = np.random.default_rng(seed).integers(0, sizes, size=(draws, len(sizes)))
    one_each: FloatArray = values[starts + chosen]
    return one_each


def _row_sd(people: FloatArray) -> FloatArray:
    return people.std(axis=1, ddof=1) if people.shape[1] > 1 else np.full(len(people), np.nan)


def _row_distinct(people: FloatArray) -> FloatArray:
    ordered = np.sort(people, axis=1)
    steps: FloatArray = (np.diff(ordered, axis=1) > 0).sum(axis=1).astype(np.float64)
    return steps + 1


def _divided(x: FloatArray, people: FloatArray) -> FloatArray:
    sd = _row_sd(people)
    return np.where(sd > 0, _row_sd(x[None, :]) / np.where(sd > 0, sd, 1.0), np.nan)


def _over_draws(replicates: FloatArray, people: FloatArray, name: str, level: float) -> Outcome:
    draws, images = people.shape
    if images < 2:
        return Skipped(f"{name} needs two images, there are {images}")
    undefined = int((~np.isfinite(replicates)).sum())
    if undefined:
        return Skipped(f"{name} is not defined in {undefined:,} of {draws:,} draws")
    return middle_of(replicates, name, images, level)


def middle_of(replicates: FloatArray, name: str, n: int, level: float) -> Estimate:
    """Return the mean over draws of one person an image, the interval holding their middle."""
    low, high = np.quantile(replicates, [(1 - level) / 2, (1 + level) / 2])
    method = f"{name}; mean over {len(replicates):,} draws, the interval their middle {level:.0%}"
    if low == high:
        method += "; the draws gave this value, so the interval has no width"
    return Estimate(float(replicates.mean()), float(low), float(high), level, n, method)


def _ratio(x: FloatArray, people: FloatArray, clusters: Column | None, name: str, bootstrap: Bootstrap) -> Outcome:
    if len(x) < 2:
        return Skipped(f"{name} needs two images rated by both, there are {len(x)}")

    def ratio(t: FloatArray) -> FloatArray:
        of_people = sd_of(t[:, 3], t[:, 4], t[:, 5])
        return np.where(of_people > 1e-9, sd_of(t[:, 0], t[:, 1], t[:, 2]) / of_people, np.nan)

    sums = np.column_stack([power_sums(x - x[0]), people])
    return bootstrap_sums(sums, ratio, name=name, clusters=clusters, bootstrap=bootstrap)
