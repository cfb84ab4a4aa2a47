"""How far people agree with one another: how many there are, how much they rated, and Krippendorff's alpha."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from vlmrate import stats
from vlmrate.analysis.data import NO_PEOPLE
from vlmrate.stats import Outcome, Skipped
from vlmrate.study.records import Labels

if TYPE_CHECKING:
    import pandas as pd

    from vlmrate.analysis.data import Material
    from vlmrate.study.records import Item


@dataclass(frozen=True, slots=True)
class RatingsAnImage:
    """How many ratings the images that were rated at all have."""

    fewest: int
    median: float
    most: int


@dataclass(frozen=True, slots=True)
class ItemReliability:
    """People's agreement on one item; `people` is None where only means of ratings are at hand."""

    item: str
    metric: Literal["ordinal", "nominal"]
    people: int | None
    images: int
    ratings: int
    ratings_an_image: RatingsAnImage
    alpha: Outcome


def reliabilities(material: Material) -> tuple[ItemReliability, ...] | Skipped:
    """Reliability of each item that people rated."""
    if material.study.ratings is None:
        return NO_PEOPLE
    return tuple(_item(material, item) for item in material.study.items if material.without_people(item) is None)


def _item(material: Material, item: Item) -> ItemReliability:
    metric: Literal["ordinal", "nominal"] = "nominal" if isinstance(item.scale, Labels) else "ordinal"
    singles = material.singles(item)
    counts = material.ratings_an_image(item)
    return ItemReliability(
        item=item.name,
        metric=metric,
        people=None if isinstance(singles, Skipped) else int(singles["rater_id"].nunique()),
        images=len(counts),
        ratings=int(counts.sum()),
        ratings_an_image=RatingsAnImage(int(counts.min()), float(counts.median()), int(counts.max())),
        alpha=singles if isinstance(singles, Skipped) else _alpha(material, singles, metric),
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
