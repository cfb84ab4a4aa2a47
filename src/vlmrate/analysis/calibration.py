"""What a line would mend: a rater's numbers put on people's scale, judged on identities the line has never seen.

Three ways to draw it: one line for all images; a line for each emotion posed, which only a study that knows the emotion
can use; and a line for each label that the rater itself gave, which serves any new image.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from vlmrate import stats
from vlmrate.analysis.asked import asked_beside_people, rated_scales
from vlmrate.analysis.baselines import emotion_answers
from vlmrate.analysis.data import NO_EMOTION
from vlmrate.analysis.derivations import rests_on_people
from vlmrate.stats import INVALID, AffineLine, Agreement, Outcome, Skipped

if TYPE_CHECKING:
    import pandas as pd

    from vlmrate.analysis.data import Material, RaterRun, ScaleRatings
    from vlmrate.study.records import Item


SEES = Skipped("the rater rests on people's ratings itself, so that a line fitted to it would see whom it is to serve")


@dataclass(frozen=True, slots=True)
class CalibrationOf:
    """Agreement with people's means before and after, on the same `n` held-out images.

    `lines` are fitted on all images, to be drawn and to calibrate images outside this study; what is judged here was
    calibrated by lines that had not seen its identity. `calibrated` is that out-of-fold value of each image, in the
    order of the analysis's images, None where there is none. `mae_change` and `r_change` are after minus before.
    """

    n: int
    folds: int
    lines: tuple[AffineLine, ...]
    before: Agreement
    after: Agreement
    mae_change: Outcome
    r_change: Outcome
    calibrated: tuple[float | None, ...]
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class RaterCalibration:
    """One rater's calibration in three ways."""

    rater: str
    overall: CalibrationOf | Skipped
    by_emotion: CalibrationOf | Skipped
    by_answer: CalibrationOf | Skipped


@dataclass(frozen=True, slots=True)
class ItemCalibration:
    """All raters' calibrations on one item with a scale."""

    item: str
    raters: tuple[RaterCalibration, ...] | Skipped


def calibrations(material: Material) -> tuple[ItemCalibration, ...] | Skipped:
    """The calibration for each item that is answered with a number."""
    if isinstance(items := rated_scales(material), Skipped):
        return items
    return tuple(_item(material, item) for item in items)


def _item(material: Material, item: Item) -> ItemCalibration:
    raters = asked_beside_people(material, item)
    if isinstance(raters, Skipped):
        return ItemCalibration(item.name, raters)
    return ItemCalibration(item.name, tuple(_rater(material, rater, item) for rater in raters))


def _rater(material: Material, rater: RaterRun, item: Item) -> RaterCalibration:
    if rests_on_people(material, rater):
        return RaterCalibration(rater.name, SEES, SEES, SEES)
    given, answers = material.scale(rater, item), emotion_answers(material, rater)
    labels = None if answers is None else answers.reindex(given.value.index)
    return RaterCalibration(
        rater=rater.name,
        overall=_calibrated(material, given, None),
        by_emotion=NO_EMOTION if given.emotion is None else _calibrated(material, given, given.emotion),
        by_answer=Skipped("the rater gave no labels")
        if labels is None
        else _calibrated(material, given, labels.where(labels.notna(), INVALID)),
    )


def _calibrated(material: Material, given: ScaleRatings, groups: pd.Series[str] | None) -> CalibrationOf | Skipped:
    bootstrap = material.bootstrap
    told = stats.calibrate(
        given.value, given.people, groups=groups, clusters=given.clusters, seed=bootstrap.seed, bootstrap=bootstrap
    )
    if isinstance(told, Skipped):
        return told
    values = told.calibrated.reindex(material.images.ids)
    return CalibrationOf(
        n=told.n,
        folds=len(told.fold_lines),
        lines=told.lines,
        before=told.before,
        after=told.after,
        mae_change=told.mae_change,
        r_change=told.r_change,
        calibrated=tuple(None if np.isnan(value) else float(value) for value in values),
        notes=told.notes,
    )
