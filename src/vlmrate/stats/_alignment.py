"""How near a person's and a model's answers are to the others': what the alternative-annotator test compares."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, TypeAlias

import numpy as np
import pandas as pd

from vlmrate.stats._arrays import Column, FloatArray, as_floats

if TYPE_CHECKING:
    from vlmrate.stats._long import Ratings

    ByUnit = pd.Series[Any]

Alignment: TypeAlias = Literal["rmse", "accuracy"]
"""How near an answer is to the others': minus the root mean square distance, or the share of them that agree."""
DECIMALS = 9
"""Alignments are rounded to this before they are compared: equal distances tie whatever their arithmetic."""


def nearness(ratings: Ratings, ours: FloatArray, alignment: Alignment) -> tuple[FloatArray, FloatArray]:
    """Return the alignment with the others of each row's person, and of the model, whose value is `ours`."""
    of_person, of_model = (_numeric if alignment == "rmse" else _labelled)(ratings, ours)
    return np.round(of_person, DECIMALS), np.round(of_model, DECIMALS)


def numbered(values: Column, model: ByUnit, alignment: Alignment) -> tuple[FloatArray, ByUnit]:
    """Return people's and the model's values as floats; labels by their number."""
    if alignment == "rmse":
        return as_floats(values, "values"), pd.Series(as_floats(model, "model"), index=model.index)
    together = pd.Series([*np.asarray(values, dtype=object), *model.to_numpy(dtype=object)], dtype=object)
    codes = pd.factorize(together)[0].astype(np.float64)
    codes[codes < 0] = np.nan
    return codes[: len(values)], pd.Series(codes[len(values) :], index=model.index)


def _numeric(ratings: Ratings, ours: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return minus the mean square distance to the others: it orders answers as its root does."""
    y, others = ratings.value, ratings.per_unit()[ratings.unit] - 1
    total, squares = ratings.per_unit(y)[ratings.unit] - y, ratings.per_unit(y * y)[ratings.unit] - y * y

    def near(x: FloatArray) -> FloatArray:
        return -(others * x * x - 2 * x * total + squares) / np.maximum(others, 1)

    return near(y), near(ours)


def _labelled(ratings: Ratings, ours: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return how many of the others gave the same label: all being as many, it orders answers as the share does."""
    width = int(max(ratings.value.max(initial=0), ours.max(initial=0))) + 2
    labels = np.bincount((ratings.unit * width + ratings.value + 1).astype(np.int64), minlength=ratings.n_units * width)
    of_unit = ratings.unit * width + 1
    same_as_own = labels[(of_unit + ratings.value).astype(np.int64)] - 1
    same_as_ours = labels[(of_unit + ours).astype(np.int64)] - (ours == ratings.value)
    return same_as_own.astype(np.float64), same_as_ours.astype(np.float64)
