"""Whether a rater says the same again: its repeats of an image beside one another (test-retest agreement)."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations
from typing import TYPE_CHECKING, Literal

import numpy as np
import pandas as pd

from vlmrate import stats
from vlmrate.stats import INVALID, Outcome, Skipped
from vlmrate.study.records import Labels

if TYPE_CHECKING:
    from vlmrate.analysis.data import Material, RaterRun
    from vlmrate.study.records import Item


@dataclass(frozen=True, slots=True)
class RaterRepeats:
    """One rater's answers to an item over its repeats.

    `same` is the share of images that got one and the same answer in all their repeats, an invalid one being an answer
    of its own; `alpha` is Krippendorff's, repeats taken for raters. `change` is the mean absolute difference between
    two repeats of an image and `sd_within` the SD of an image's repeats, both in scale points and None for labels.
    """

    rater: str
    repeats: int
    images: int
    same: Outcome
    alpha: Outcome
    change: Outcome | None
    sd_within: Outcome | None


@dataclass(frozen=True, slots=True)
class ItemRepeats:
    """All raters that rated images more than once, on one item."""

    item: str
    raters: tuple[RaterRepeats, ...]


def repeats(material: Material) -> tuple[ItemRepeats, ...] | Skipped:
    """Test-retest agreement of each item; raters that rated every image once are left out."""
    items = tuple(ItemRepeats(item.name, tuple(_raters(material, item))) for item in material.study.items)
    told = tuple(item for item in items if item.raters)
    return told if told else Skipped("no rater rated an image more than once (`vlmrate infer --repeats`)")


def _raters(material: Material, item: Item) -> list[RaterRepeats]:
    tables = {rater.name: _again(material, rater, item) for rater in material.asked(item)}
    return [_rater(material, name, table, item) for name, table in tables.items() if len(table)]


def _again(material: Material, rater: RaterRun, item: Item) -> pd.DataFrame:
    """Answers by image (rows, those with two repeats or more) and repeat; invalid ones are called so."""
    rows = material.rows(rater, item)
    wide = rows.assign(value=rows["value"].astype(object).fillna(INVALID)).pivot_table(
        index="image_id", columns="repeat", values="value", aggfunc="first"
    )
    several = wide[wide.notna().sum(axis=1) >= 2]
    return several.reindex(material.images.ids[material.images.ids.isin(several.index)])


def _rater(material: Material, name: str, table: pd.DataFrame, item: Item) -> RaterRepeats:
    clusters = material.images.clusters.reindex(table.index)
    is_label = isinstance(item.scale, Labels)
    same = table.nunique(axis=1).eq(1).astype("float64")
    return RaterRepeats(
        rater=name,
        repeats=table.shape[1],
        images=len(table),
        same=stats.mean_sd(same, clusters=clusters, bootstrap=material.bootstrap).mean,
        alpha=_alpha(material, table, "nominal" if is_label else "interval"),
        change=None if is_label else _change(material, table, clusters),
        sd_within=None if is_label else _sd_within(material, table, clusters),
    )


def _alpha(material: Material, table: pd.DataFrame, metric: Literal["nominal", "interval"]) -> Outcome:
    long = table.rename_axis("image_id").reset_index().melt("image_id", var_name="repeat", value_name="value").dropna()
    valid = long[long["value"] != INVALID]
    if metric == "interval":
        valid = valid.assign(value=valid["value"].astype("float64"))
    if valid.empty:
        return Skipped("no answer could be read")
    return stats.krippendorff_alpha(
        valid["image_id"],
        valid["repeat"],
        valid["value"],
        metric,
        clusters=valid["image_id"].map(material.images.clusters),
        bootstrap=material.bootstrap,
    )


def _change(material: Material, table: pd.DataFrame, clusters: pd.Series[str]) -> Outcome:
    numbers = _numbers(table)
    pairs = [(numbers[a] - numbers[b]).abs() for a, b in combinations(numbers.columns, 2)]
    of_image = pd.concat(pairs, axis=1).mean(axis=1)
    return stats.mean_sd(of_image, clusters=clusters, bootstrap=material.bootstrap).mean


def _sd_within(material: Material, table: pd.DataFrame, clusters: pd.Series[str]) -> Outcome:
    """Root of the mean variance (n - 1) of an image's repeats, weighted by their degrees of freedom."""
    numbers = _numbers(table)
    df = (numbers.notna().sum(axis=1) - 1).clip(lower=0).to_numpy(dtype=np.float64)
    squares = numbers.sub(numbers.mean(axis=1), axis=0).pow(2).sum(axis=1).to_numpy(dtype=np.float64)
    if not df.any():
        return Skipped("no image has two answers that could be read")
    return stats.bootstrap_sums(
        np.column_stack([df, squares]),
        lambda totals: np.sqrt(totals[:, 1] / totals[:, 0]),
        name="SD of an image's repeats",
        clusters=clusters,
        bootstrap=material.bootstrap,
    )


def _numbers(table: pd.DataFrame) -> pd.DataFrame:
    numbers: pd.DataFrame = table.where(table != INVALID).astype("float64")
    return numbers
