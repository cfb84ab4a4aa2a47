"""Two raters' labels side by side on the images that both rated."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from vlmrate import stats
from vlmrate.stats import ClassificationDifference, Outcome, Skipped
from vlmrate.study.records import Labels

if TYPE_CHECKING:
    import pandas as pd

    from vlmrate.analysis.data import Material, RaterRun
    from vlmrate.study.records import Item

NO_INTENDED = Skipped("the item has no intended answer to be right about")


@dataclass(frozen=True, slots=True, eq=False)
class PairedLabels:
    """The labels of each, None where not valid, and what is drawn in resamples; all Series share their image_ids.

    `same` is the share of images with the same label, or none that could be read, from both.
    """

    first: pd.Series[str]
    second: pd.Series[str]
    clusters: pd.Series[str]
    same: Outcome


def paired_labels(material: Material, first: RaterRun, second: RaterRun, item: Item) -> PairedLabels:
    """Two raters' labels of an item (of the first repeat), on the images that both rated."""
    one, other = material.answers(first, item), material.answers(second, item)
    shared = one.index[one.index.isin(other.index)]
    one, other = one[shared], other[shared]
    clusters = material.images.clusters.reindex(shared)
    alike = ((one == other) | (one.isna() & other.isna())).astype("float64")
    same = stats.mean_sd(alike, clusters=clusters, bootstrap=material.bootstrap).mean
    return PairedLabels(one, other, clusters, same)


def apart(material: Material, pair: PairedLabels, item: Item) -> ClassificationDifference | Skipped:
    """How much better the first of two raters gives the intended labels than the second."""
    if item.intended is None or not isinstance(item.scale, Labels):
        return NO_INTENDED
    return stats.compare_classification(
        material.intended(item)[pair.first.index],
        pair.first,
        pair.second,
        item.scale.options,
        clusters=pair.clusters,
        bootstrap=material.bootstrap,
    )
