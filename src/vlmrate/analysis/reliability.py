"""How far people agree with one another: Krippendorff's alpha, intraclass correlations, and where ratings vary.

Every reliability is given twice, of a single person and of the mean of as many as rated an image: raters are compared
to the mean, people are single.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from vlmrate import stats
from vlmrate.analysis.data import NO_PEOPLE
from vlmrate.analysis.rating_variance import RatingVariance, rating_variance
from vlmrate.stats import Icc, LeaveOneOut, Outcome, Skipped
from vlmrate.study.records import Labels

if TYPE_CHECKING:
    import pandas as pd

    from vlmrate.analysis.data import Material
    from vlmrate.study.records import Item

NO_NUMBERS = Skipped("it is answered with labels, which have no mean and no variance")


@dataclass(frozen=True, slots=True)
class RatingsAnImage:
    """How many ratings the images that were rated at all have."""

    fewest: int
    median: float
    most: int


@dataclass(frozen=True, slots=True)
class OnePerson:
    """What single people reach against the mean of all the others: mean r and mean absolute error."""

    r: Outcome
    mae: Outcome


@dataclass(frozen=True, slots=True)
class ItemReliability:
    """People's agreement on one item; `people` is None where only means of ratings are at hand.

    `alpha` is of single people, `alpha_of_means` its Spearman-Brown step to the mean of as many as rated an image (the
    harmonic mean of their numbers), `ceiling` the highest r with people's means that a rater without error can reach.
    """

    item: str
    metric: Literal["ordinal", "nominal"]
    people: int | None
    images: int
    ratings: int
    ratings_an_image: RatingsAnImage
    alpha: Outcome
    alpha_of_means: Outcome
    icc: Icc | Skipped
    ceiling: Outcome
    one_person: OnePerson
    variance: RatingVariance | Skipped


def reliabilities(material: Material) -> tuple[ItemReliability, ...] | Skipped:
    """Reliability of each item that people rated."""
    if material.study.ratings is None:
        return NO_PEOPLE
    return tuple(_item(material, item) for item in material.study.items if material.without_people(item) is None)


def _item(material: Material, item: Item) -> ItemReliability:
    metric: Literal["ordinal", "nominal"] = "nominal" if isinstance(item.scale, Labels) else "ordinal"
    singles = material.singles(item)
    counts = material.ratings_an_image(item)
    numbers = NO_NUMBERS if metric == "nominal" and not isinstance(singles, Skipped) else singles
    alpha = singles if isinstance(singles, Skipped) else _alpha(material, singles, metric)
    coefficients = numbers if isinstance(numbers, Skipped) else _icc(material, numbers)
    return ItemReliability(
        item=item.name,
        metric=metric,
        people=None if isinstance(singles, Skipped) else int(singles["rater_id"].nunique()),
        images=len(counts),
        ratings=int(counts.sum()),
        ratings_an_image=RatingsAnImage(int(counts.min()), float(counts.median()), int(counts.max())),
        alpha=alpha,
        alpha_of_means=numbers if isinstance(numbers, Skipped) else stats.spearman_brown(alpha, _harmonic_mean(counts)),
        icc=coefficients,
        ceiling=coefficients
        if isinstance(coefficients, Skipped)
        else stats.ceiling_r(stats.reliability_of_means(coefficients, int(counts.min()))),
        one_person=OnePerson(numbers, numbers) if isinstance(numbers, Skipped) else _one_person(material, numbers),
        variance=numbers if isinstance(numbers, Skipped) else rating_variance(material, numbers),
    )


def _alpha(material: Material, singles: pd.DataFrame, metric: Literal["ordinal", "nominal"]) -> Outcome:
    return stats.krippendorff_alpha(
        singles["image_id"],
        singles["rater_id"],
        singles["value"],
        metric,
        clusters=singles["image_id"].map(material.images.clusters),
        bootstrap=material.bootstrap,
    )


def _icc(material: Material, singles: pd.DataFrame) -> Icc | Skipped:
    return stats.icc_of_ratings(
        singles["image_id"],
        singles["rater_id"],
        singles["value"],
        clusters=singles["image_id"].map(material.images.clusters),
        level=material.bootstrap.level,
    )


def _one_person(material: Material, singles: pd.DataFrame) -> OnePerson:
    told = stats.leave_one_rater_out(
        singles["image_id"], singles["rater_id"], singles["value"], bootstrap=material.bootstrap
    )
    return OnePerson(told.r, told.mae) if isinstance(told, LeaveOneOut) else OnePerson(told, told)


def _harmonic_mean(counts: pd.Series[int]) -> float:
    return float(len(counts) / (1 / counts).sum())
