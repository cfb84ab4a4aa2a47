"""What a derived rater's values are, given what it was made of: for whoever makes one and for whoever checks it.

What is fitted to people's ratings is a line for a group of images. It is fitted on the images of other folds than the
one it serves, and whoever is shown lies in one fold: nobody's ratings of a face decide what is said of that face.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from vlmrate import stats
from vlmrate.analysis.baselines import emotion_answers
from vlmrate.errors import AnalysisError
from vlmrate.inference.derivation import FoldLine
from vlmrate.stats import INVALID, Bootstrap, Skipped
from vlmrate.stats.calibration import EVERYTHING
from vlmrate.study.records import Labels, Likert

if TYPE_CHECKING:
    from collections.abc import Iterator

    from vlmrate.analysis.data import Material, RaterRun
    from vlmrate.inference.derivation import Derivation, Source
    from vlmrate.study.records import Item

FITTED = ("calibrated", "category-mean", "label-only")
"""The methods that fit lines to people's ratings."""
_NO_INTERVALS = Bootstrap(resamples=1)


@dataclass(frozen=True, slots=True, eq=False)
class ToFit:
    """One item's images (all Series have their ids as index): the number that a line moves, and whose line it is."""

    item: Item
    number: pd.Series[float]
    group: pd.Series[str]


def run_of(material: Material, source: Source) -> RaterRun | None:
    """The rater that a source names; None where it has no ratings, or is not analyzed."""
    named = (source.rater, source.protocol)
    return next((rater for rater in material.raters if (rater.run.rater, rater.run.protocol) == named), None)


def items_of(material: Material, made: Derivation) -> tuple[Item, ...]:
    """The items that the derived rater answers."""
    return tuple(item for item in material.study.items if item.name in made.items)


def lines_of(material: Material, made: Derivation) -> tuple[FoldLine, ...] | Skipped:
    """The lines that these folds give on the ratings as they are; those that no image takes are left out.

    Raises:
        AnalysisError: An identity lies in two folds.
    """
    found: list[FoldLine] = []
    for to_fit in _to_fit(material, made):
        lines = _lines(material, made, to_fit)
        if isinstance(lines, Skipped):
            return Skipped(f"{to_fit.item.name}: {lines.reason}")
        found.extend(lines)
    return tuple(found)


def _lines(material: Material, made: Derivation, to_fit: ToFit) -> list[FoldLine] | Skipped:
    ids = material.images.ids
    folds = pd.Series([made.folds[image] for image in ids], ids)
    told = stats.calibrate(
        to_fit.number,
        material.people(to_fit.item).reindex(ids),
        groups=to_fit.group,
        clusters=material.images.clusters,
        folds=folds,
        bootstrap=_NO_INTERVALS,
    )
    if isinstance(told, Skipped):
        return told
    number_of = dict(zip(told.folds.tolist(), folds.tolist(), strict=True))
    taken = set(zip(folds, to_fit.group, strict=True))
    return [
        FoldLine(
            item=to_fit.item.name,
            fold=number_of[fold],
            group=str(line.group),
            slope=line.slope,
            intercept=line.intercept,
            n=line.n,
        )
        for fold, lines in enumerate(told.fold_lines)
        for line in lines
        if (number_of[fold], line.group) in taken
    ]


def _to_fit(material: Material, made: Derivation) -> Iterator[ToFit]:
    """Numbers and groups of each item that lines are fitted for; a group's mean is a line that knows no number."""
    scales = [item for item in items_of(material, made) if isinstance(item.scale, Likert)]
    if made.method not in FITTED or not scales:
        return
    group = _groups(material, made)
    for item in scales:
        if made.method == "calibrated":
            yield ToFit(item, numbers(material, made.sources[0], item), group)
        else:
            known = pd.Series(np.where(group == INVALID, np.nan, 0.0), group.index)
            yield ToFit(item, known, group)


def _groups(material: Material, made: Derivation) -> pd.Series[str]:
    ids, emotion = material.images.ids, material.images.emotion
    if made.by == "none":
        return pd.Series([EVERYTHING] * len(ids), ids, dtype=object)
    if made.by == "emotion":
        if emotion is None:
            raise AnalysisError("the study names no emotion factor, so that there is no emotion to fit a line to")
        return emotion
    answers = emotion_answers(material, _required(material, made.sources[0]))
    if answers is None:
        raise AnalysisError(f"{made.sources[0].name} gave no labels, so that there is no label to fit a line to")
    told = answers.reindex(ids)
    return told.where(told.notna(), INVALID)


def values_of(material: Material, made: Derivation) -> dict[str, pd.Series[Any]]:
    """The value of each item and image (by image_id): a label or number, None or NaN where there is none."""
    if made.method == "person":
        return {item.name: _drawn(material, made, item) for item in items_of(material, made)}
    if made.method in FITTED:
        moved = {to_fit.item.name: _moved(made, to_fit) for to_fit in _to_fit(material, made)}
        labels = {i.name: _passed_labels(material, made, i) for i in items_of(material, made) if i.name not in moved}
        return labels | moved
    return {item.name: _combined(material, made, item) for item in items_of(material, made)}


def _combined(material: Material, made: Derivation, item: Item) -> pd.Series[Any]:
    sources = [source for source in made.sources if item.name in source.items]
    if isinstance(item.scale, Labels):
        if made.method == "hybrid":
            return labels(material, sources[0], item)
        given = made.labels.get(item.name, {})
        return pd.Series([given.get(image) for image in material.images.ids], material.images.ids, dtype=object)
    if made.method == "expected":
        ids = material.images.ids
        return _held(item, material.scale(_required(material, sources[0]), item).expected.reindex(ids))
    told = pd.concat([numbers(material, source, item) for source in sources], axis=1)
    return _held(item, told.mean(axis=1, skipna=False))


def _held(item: Item, mean: pd.Series[float]) -> pd.Series[float]:
    """A mean may lie off the scale by its rounding alone, such as by the last digit of its probabilities."""
    return mean.clip(item.scale.low, item.scale.high) if isinstance(item.scale, Likert) else mean


def _passed_labels(material: Material, made: Derivation, item: Item) -> pd.Series[Any]:
    if made.sources:
        return labels(material, made.sources[0], item)
    return material.intended(item)


def numbers(material: Material, source: Source, item: Item) -> pd.Series[float]:
    """A source's number for every image of the study (the mean over repeats), NaN where there is none."""
    return material.scale(_required(material, source), item).value.reindex(material.images.ids)


def labels(material: Material, source: Source, item: Item) -> pd.Series[Any]:
    """A source's label for every image of the study (of the first repeat), None where there is none."""
    return _with_none(material.answers(_required(material, source), item).reindex(material.images.ids))


def _with_none(told: pd.Series[Any]) -> pd.Series[Any]:
    return pd.Series([None if pd.isna(label) else label for label in told], told.index, dtype=object)


def _moved(made: Derivation, to_fit: ToFit) -> pd.Series[float]:
    """The numbers as their lines move them, held on the scale."""
    scale = to_fit.item.scale
    low, high = (scale.low, scale.high) if isinstance(scale, Likert) else (-np.inf, np.inf)
    lines = {(line.fold, line.group): line for line in made.lines if line.item == to_fit.item.name}
    moved = []
    for image, number, group in zip(to_fit.number.index, to_fit.number, to_fit.group, strict=True):
        line = lines.get((made.folds[image], group))
        moved.append(np.nan if line is None else min(max(line.intercept + line.slope * number, low), high))
    return pd.Series(moved, to_fit.number.index, dtype="float64").where(to_fit.number.notna())


def _drawn(material: Material, made: Derivation, item: Item) -> pd.Series[Any]:
    singles = material.singles(item)
    if isinstance(singles, Skipped):
        raise AnalysisError(f"{item.name}: {singles.reason}")
    theirs = singles[singles["rater_id"] == singles["image_id"].map(made.drawn)]
    told = theirs.set_index("image_id")["value"].reindex(material.images.ids)
    return told if isinstance(item.scale, Likert) else _with_none(told)


def _required(material: Material, source: Source) -> RaterRun:
    run = run_of(material, source)
    if run is None:
        raise AnalysisError(f"the source {source.name} has no ratings here")
    return run
