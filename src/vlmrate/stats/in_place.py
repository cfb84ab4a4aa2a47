"""What would be lost if this model took a person's place: both against the mean of the others, on the same units."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from vlmrate.errors import AnalysisError
from vlmrate.stats._arrays import as_floats
from vlmrate.stats._long import Ratings, code_ratings, too_few
from vlmrate.stats.bootstrap import DEFAULT, Bootstrap, ResampledSums, resample_sums
from vlmrate.stats.estimate import Outcome, Skipped
from vlmrate.stats.leave_one_out import against_others

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from vlmrate.stats._arrays import Column, FloatArray

    ByUnit = pd.Series[Any]


@dataclass(frozen=True, slots=True)
class InPlace:
    """A model and each person left out in turn, against the mean of the other persons; means over the persons."""

    n_persons: int
    """Persons who share a unit with the model and with others."""
    n_units: int
    """Units with the model's rating and those of two persons."""
    person_r: Outcome
    model_r: Outcome
    r_difference: Outcome
    """r of the model minus r of the person in whose place it stands; above 0 the model follows the others better."""
    person_mae: Outcome
    model_mae: Outcome
    mae_difference: Outcome
    """MAE of the model minus MAE of the person; below 0 the model is nearer to the others."""
    person_shift: Outcome
    """How far a person's mean lies from the others' on the same units, whichever way: the bias one person brings."""
    model_shift: Outcome
    shift_difference: Outcome
    """The model's shift minus the person's; below 0 the model brings less bias."""


def in_place_of_person(
    units: Column, raters: Column, values: Column, model: ByUnit, *, bootstrap: Bootstrap = DEFAULT
) -> InPlace | Skipped:
    """Put the model in every person's place in turn: same units, same others, whose mean leaves the person out.

    Long rows (unit, rater, value) of people, cells may be missing; `model` is a Series by unit (unique). For person j
    on the units i that j, the model and another person rated, y_ij and the model's rating are both held against
    (sum_i - y_ij) / (n_i - 1), as in `leave_one_rater_out`: r, mean absolute error, size of the mean difference. Told
    are their means over the persons, and that of the paired difference. The intervals resample persons, the units
    being these. r counts the persons who have one on both sides. Skipped below two persons, and where no unit has the
    model and two persons.

    >>> judges = [9, 2, 5, 8, 6, 1, 3, 2, 8, 4, 6, 8, 7, 1, 2, 6, 10, 5, 6, 9, 6, 2, 4, 7]
    >>> model = pd.Series([6, 3, 7, 4, 8, 5], index=range(6))
    >>> told = in_place_of_person(np.repeat(range(6), 4), list("ABCD") * 6, judges, model)
    >>> round(told.person_mae.value, 4), round(told.model_mae.value, 4), round(told.mae_difference.value, 4)
    (2.6111, 0.6806, -1.9306)
    """
    if not isinstance(model, pd.Series) or not model.index.is_unique:
        raise AnalysisError("The model's ratings must be a Series that names every unit once.")
    ratings = code_ratings(units, raters, values)
    if isinstance(ratings, Skipped):
        return ratings
    ours = pd.Series(as_floats(model, "model"), index=model.index).reindex(ratings.unit_names).to_numpy(np.float64)
    both = _where(ratings, ~np.isnan(ours)[ratings.unit])
    if (reason := too_few(both, units=1)) is not None:
        return reason
    n, *of_person = against_others(both, both.value)
    _, *of_model = against_others(both, np.asarray(ours[both.unit], dtype=np.float64))
    if int((n > 0).sum()) < 2:
        return Skipped("fewer than two persons share a unit with the model and with others")
    r, mae = (_means(of_person[i], of_model[i], bootstrap) for i in range(2))
    shift = _means(np.abs(of_person[2]), np.abs(of_model[2]), bootstrap)
    units_of_two = int((both.per_unit() >= 2).sum())
    return InPlace(
        int((n > 0).sum()),
        units_of_two,
        *_three(r, "Pearson r"),
        *_three(mae, "MAE"),
        *_three(shift, "size of the mean difference"),
    )


def _where(ratings: Ratings, kept: NDArray[np.bool_]) -> Ratings:
    """Some of the rows; units and persons keep their numbers."""
    return replace(ratings, unit=ratings.unit[kept], rater=ratings.rater[kept], value=ratings.value[kept])


def _means(person: FloatArray, model: FloatArray, bootstrap: Bootstrap) -> ResampledSums | Skipped:
    there = np.isfinite(person) & np.isfinite(model)
    if int(there.sum()) < 2:
        return Skipped(f"a mean over persons needs two persons with a value on both sides, there are {there.sum()}")
    sums = np.column_stack([np.ones(int(there.sum())), person[there], model[there]])
    return resample_sums(sums, bootstrap=bootstrap)


def _three(drawn: ResampledSums | Skipped, name: str) -> tuple[Outcome, Outcome, Outcome]:
    """Means of persons and of the model, and the model's minus the persons'."""
    if isinstance(drawn, Skipped):
        return drawn, drawn, drawn
    to_others = f"{name} to the mean of the other persons, mean over persons"
    return (
        drawn.estimate(lambda t: t[:, 1] / t[:, 0], name=f"a person's {to_others}"),
        drawn.estimate(lambda t: t[:, 2] / t[:, 0], name=f"the model's {to_others}"),
        drawn.estimate(lambda t: (t[:, 2] - t[:, 1]) / t[:, 0], name=f"model minus person, {to_others}"),
    )
