"""False labels: whether a rater told a wrong label says it too, and how far its numbers follow it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from vlmrate import stats
from vlmrate.analysis.ablations.runs import (
    FALSE_LABEL,
    ORACLE,
    forced_answers,
    forcing,
    mean_of_images,
    oracle_run,
    usual_run,
)
from vlmrate.analysis.split import intended_item
from vlmrate.stats import Outcome, Skipped

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from vlmrate.analysis.data import Material, RaterRun
    from vlmrate.study.records import Item

NO_VARIANCE = 1e-9


@dataclass(frozen=True, slots=True)
class Acceptance:
    """Whether a rater says the wrong label that it was told, over n images.

    Shares of images in [0, 1]: `accepted` say the label told, `unprompted` say that label when nothing is told,
    `difference` is the first minus the second; `right` still say the intended label.
    """

    n: int
    accepted: Outcome
    unprompted: Outcome
    difference: Outcome
    right: Outcome


@dataclass(frozen=True, slots=True)
class Pull:
    """How far the numbers to one item follow the label told: 0 they keep to the face, 1 they believe the word."""

    item: str
    n: int
    slope: Outcome


@dataclass(frozen=True, slots=True)
class FalseLabel:
    """One rater under one protocol that tells wrong answers to `item`."""

    rater: str
    protocol: str
    item: str
    acceptance: Acceptance | Skipped
    pulls: tuple[Pull, ...]


def false_labels(material: Material) -> tuple[FalseLabel, ...] | Skipped:
    """Every rater that was told wrong labels."""
    runs = forcing(material, "wrong")
    if not runs:
        return Skipped(f"no rater was told wrong labels (`vlmrate infer --protocol {FALSE_LABEL}`)")
    return tuple(_rater(material, run, told) for run, told in runs)


def _rater(material: Material, run: RaterRun, told: Item) -> FalseLabel:
    asked = [item for item in material.scale_items if len(material.rows(run, item))]
    return FalseLabel(
        rater=run.run.rater,
        protocol=run.run.protocol,
        item=told.name,
        acceptance=_acceptance(material, run, told),
        pulls=tuple(_pull(material, run, told, item) for item in asked),
    )


def _acceptance(material: Material, run: RaterRun, told: Item) -> Acceptance | Skipped:
    rows = forced_answers(material, run, told, told)
    if rows.empty:
        return Skipped(f"{run.run.protocol} does not ask {told.name} again")
    false = rows.drop_duplicates("image_id").set_index("image_id")["told"]
    ids = material.images.ids[material.images.ids.isin(false.index)]
    intended = material.intended(told)[ids]
    says = _share(rows, false[ids])
    usual = usual_run(material, run.run.rater)
    free = usual if isinstance(usual, Skipped) else _share(material.rows(usual, told), false[ids])
    return Acceptance(
        n=len(ids),
        accepted=mean_of_images(material, says),
        unprompted=free if isinstance(free, Skipped) else mean_of_images(material, free),
        difference=free if isinstance(free, Skipped) else mean_of_images(material, says - free),
        right=mean_of_images(material, _share(rows, intended)),
    )


def _share(rows: pd.DataFrame, label: pd.Series[str]) -> pd.Series[float]:
    """The share of an image's answers, over its repeats, that are its `label`; NaN for images without answers."""
    wanted = label.reindex(rows["image_id"]).to_numpy()
    same = pd.Series(rows["value"].to_numpy() == wanted, index=rows["image_id"].to_numpy()).astype("float64")
    return same.groupby(level=0).mean().reindex(label.index)


def _pull(material: Material, run: RaterRun, told: Item, item: Item) -> Pull:
    oracle = _baseline(material, run, told)
    if isinstance(oracle, Skipped):
        return Pull(item.name, 0, oracle)
    rows = forced_answers(material, run, item, told)
    false = rows.drop_duplicates("image_id").set_index("image_id")["told"]
    own = material.scale(oracle, item).value.dropna()
    moved = (material.scale(run, item).value - own).dropna()
    if moved.empty:
        return Pull(item.name, 0, Skipped(f"no image was rated under both {run.run.protocol} and {ORACLE}"))
    intended = material.intended(told).reindex(own.index)
    return Pull(item.name, len(moved), _slope(material, moved, false, own, intended, told.answers))


def _baseline(material: Material, run: RaterRun, told: Item) -> RaterRun | Skipped:
    """The same rater with the intended answer to `told` carried in the place of the wrong one."""
    carried = intended_item(material)
    if carried is not None and carried.name != told.name:
        return Skipped(f"{ORACLE} carries {carried.name}, not {told.name}")
    return oracle_run(material, run.run.rater)


def _slope(
    material: Material,
    moved: pd.Series[float],
    false: pd.Series[str],
    own: pd.Series[float],
    intended: pd.Series[str],
    labels: tuple[str, ...],
) -> Outcome:
    """Slope of an image's change on what the label told promises: own mean of its images minus that of the right one.

    The means are computed anew in every resample.
    """
    ids, k = own.index, len(labels)
    true = intended.map({label: i for i, label in enumerate(labels)}).to_numpy(dtype=np.int64)
    sums = np.zeros((len(ids), 2 * k + 2 * k * k))
    at = np.arange(len(ids))
    sums[at, true] = 1.0
    sums[at, k + true] = own.to_numpy(dtype=np.float64)
    there = ids.isin(moved.index)
    word = false.reindex(ids[there]).map({label: i for i, label in enumerate(labels)}).to_numpy(dtype=np.int64)
    pair = word * k + true[there]
    sums[at[there], 2 * k + pair] = 1.0
    sums[at[there], 2 * k + k * k + pair] = moved.reindex(ids[there]).to_numpy(dtype=np.float64)
    return stats.bootstrap_sums(
        sums,
        lambda totals: _slope_of(totals, k),
        name="slope of the change on what the false label promises",
        clusters=material.images.clusters.reindex(ids),
        bootstrap=material.bootstrap,
    )


def _slope_of(totals: NDArray[np.float64], k: int) -> NDArray[np.float64]:
    """Least squares with an intercept, of totals by label and by pair of labels."""
    images, ratings = totals[:, :k], totals[:, k : 2 * k]
    means = np.where(images > 0, ratings / np.where(images > 0, images, 1.0), 0.0)
    promised = (means[:, :, None] - means[:, None, :]).reshape(len(totals), -1)
    # A label without an image of its own promises nothing known: its pairs are left out.
    known = ((images > 0)[:, :, None] & (images > 0)[:, None, :]).reshape(len(totals), -1)
    n, y = totals[:, 2 * k : 2 * k + k * k] * known, totals[:, 2 * k + k * k :] * known
    count, sx, sy = n.sum(axis=1), (n * promised).sum(axis=1), y.sum(axis=1)
    sxx, sxy = (n * promised**2).sum(axis=1), (y * promised).sum(axis=1)
    spread = sxx - sx * sx / count
    slope: NDArray[np.float64] = np.where(spread > NO_VARIANCE * count, (sxy - sx * sy / count) / spread, np.nan)
    return slope
