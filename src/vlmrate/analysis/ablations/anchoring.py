"""Anchoring: how far a number follows another one that the rater was told to have given."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from vlmrate import stats
from vlmrate.analysis.ablations.runs import ANCHOR, forced_answers, forcing, mean_of_images
from vlmrate.analysis.asked import ALL
from vlmrate.stats import Outcome, Skipped
from vlmrate.study.records import Likert

if TYPE_CHECKING:
    from vlmrate.analysis.data import Material, RaterRun
    from vlmrate.study.records import Item


@dataclass(frozen=True, slots=True)
class AnchorSlope:
    """Points of rating a point of the number told, within images; over n images of one emotion, or all."""

    name: str
    n: int
    slope: Outcome


@dataclass(frozen=True, slots=True)
class AnchoredMean:
    """The mean rating of all images that were told one number."""

    told: str
    mean: Outcome


@dataclass(frozen=True, slots=True)
class Anchoring:
    """One rater told every answer to `told` in turn, and its ratings on `item`.

    `spread` is the mean over images of the highest minus the lowest rating, which also shows what a slope does not: an
    answer that hangs on how extreme the number is. Of the images, `never_falls` is the share whose rating never falls
    as the number told rises, and `unmoved` the share of those that get one rating whatever they are told.
    """

    rater: str
    protocol: str
    told: str
    item: str
    slopes: tuple[AnchorSlope, ...]
    means: tuple[AnchoredMean, ...]
    spread: Outcome
    never_falls: Outcome
    unmoved: Outcome


def anchorings(material: Material) -> tuple[Anchoring, ...] | Skipped:
    """Every rater that was told every number of a scale."""
    runs = [(run, told) for run, told in forcing(material, "each") if isinstance(told.scale, Likert)]
    if not runs:
        return Skipped(f"no rater was told every number of a scale (`vlmrate infer --protocol {ANCHOR}`)")
    return tuple(
        _anchoring(material, run, told, item)
        for run, told in runs
        for item in material.scale_items
        if item != told and len(material.rows(run, item))
    )


def _anchoring(material: Material, run: RaterRun, told: Item, item: Item) -> Anchoring:
    table = _by_number(material, run, told, item)
    whole = table.dropna()
    steps = np.diff(whole.to_numpy(dtype=np.float64), axis=1)
    return Anchoring(
        rater=run.run.rater,
        protocol=run.run.protocol,
        told=told.name,
        item=item.name,
        slopes=tuple(_slopes(material, table)),
        means=tuple(AnchoredMean(str(number), mean_of_images(material, table[number])) for number in table.columns),
        spread=mean_of_images(material, whole.max(axis=1) - whole.min(axis=1)),
        never_falls=mean_of_images(material, pd.Series(np.all(steps >= 0, axis=1), whole.index, dtype="float64")),
        unmoved=mean_of_images(material, pd.Series(np.all(steps == 0, axis=1), whole.index, dtype="float64")),
    )


def _by_number(material: Material, run: RaterRun, told: Item, item: Item) -> pd.DataFrame:
    """Ratings by image (rows, in the study's order) and number told (columns, ascending); the mean over repeats."""
    rows = forced_answers(material, run, item, told)
    numbers = rows.assign(told=rows["told"].astype(int), value=pd.to_numeric(rows["value"]))
    table = numbers.pivot_table(index="image_id", columns="told", values="value", aggfunc="mean")
    return table.reindex(material.images.ids[material.images.ids.isin(table.index)])


def _slopes(material: Material, table: pd.DataFrame) -> list[AnchorSlope]:
    groups = [(ALL, table)]
    if (emotion := material.images.emotion) is not None:
        of_image = emotion.reindex(table.index)
        groups += [(name, table[of_image == name]) for name in material.images.emotions]
    return [_slope(material, name, part) for name, part in groups]


def _slope(material: Material, name: str, table: pd.DataFrame) -> AnchorSlope:
    """Pooled within-image least squares: each image has its own level, all share one slope."""
    y = table.to_numpy(dtype=np.float64)
    there = ~np.isnan(y)
    n = np.maximum(there.sum(axis=1, keepdims=True), 1)
    x = np.where(there, np.array([float(number) for number in table.columns]), 0.0)
    y = np.where(there, y, 0.0)
    x = np.where(there, x - x.sum(axis=1, keepdims=True) / n, 0.0)
    y = np.where(there, y - y.sum(axis=1, keepdims=True) / n, 0.0)
    slope = stats.bootstrap_sums(
        np.column_stack([(x * x).sum(axis=1), (x * y).sum(axis=1)]),
        lambda totals: totals[:, 1] / totals[:, 0],
        name="slope within images",
        clusters=material.images.clusters.reindex(table.index),
        bootstrap=material.bootstrap,
    )
    return AnchorSlope(name, int(there.any(axis=1).sum()), slope)
