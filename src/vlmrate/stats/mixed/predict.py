"""What a fitted model says of rows: effects of levels, fitted values, predictions for new rows.

The best linear unbiased prediction of the effects of random intercept k is g_k Z_k' P y (Henderson 1975, Biometrics 31,
423-447), which R calls ranef.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from vlmrate.errors import AnalysisError
from vlmrate.stats.mixed.inference import require_flag
from vlmrate.stats.mixed.rows import require_columns, require_table

if TYPE_CHECKING:
    from vlmrate.stats._arrays import FloatArray
    from vlmrate.stats.mixed.model import MixedModelFit
    from vlmrate.stats.mixed.rows import Groups


def random_effects(fit: MixedModelFit) -> dict[str, pd.Series[float]]:
    """Predicted effects by group, each indexed by its levels."""
    point = fit.optimum.point
    return {
        group.name: pd.Series(fit.unit * ratio * pulled, index=pd.Index(group.levels, name=group.name))
        for group, ratio, pulled in zip(fit.groups, point.ratios, point.pulled, strict=True)
    }


def fitted_values(fit: MixedModelFit) -> pd.Series[float]:
    """Fixed part plus random effects at the rows fitted."""
    fitted = fit.design.basis.vectors @ fit.in_basis
    for group in fit.groups:
        fitted = fitted + fit.random_effects[group.name].to_numpy()[group.codes]
    return pd.Series(fitted, index=fit.index)


def predict(fit: MixedModelFit, data: pd.DataFrame, *, random: bool) -> pd.Series[float]:
    """Predictions for rows that need not have been fitted."""
    require_table(data)
    require_flag("random", random)
    columns = fit.formula.fixed_columns
    if random:
        columns = tuple(name for name in fit.formula.columns if name != fit.formula.response)
    require_columns(columns, data)
    absent = next((name for name in columns if data[name].hasnans), None)
    if absent is not None:
        raise AnalysisError(f"{absent} has no value in {int(data[absent].isna().sum()):,} of {len(data):,} rows.")
    data = data[list(columns)].infer_objects()
    predicted = _fixed(fit, data)
    if random:
        for group, grouping in zip(fit.groups, fit.formula.groupings, strict=True):
            predicted = predicted + _effects(fit, group, [data[name] for name in grouping.columns])
    return pd.Series(predicted, index=data.index)


def _fixed(fit: MixedModelFit, data: pd.DataFrame) -> FloatArray:
    design = fit.design
    weights, _, _ = design.coding.encode(design.coding.values(data), len(data))
    unknown = ~design.basis.estimable(weights)
    if unknown.any():
        raise AnalysisError(
            f"{int(unknown.sum()):,} of {len(data):,} rows have a combination of levels that the rows fitted do not "
            f"determine; left out of the model: {', '.join(design.dropped)}."
        )
    fixed: FloatArray = weights[:, design.basis.kept] @ design.basis.coefficients(fit.in_basis)
    return fixed


def _effects(fit: MixedModelFit, group: Groups, columns: list[pd.Series[Any]]) -> FloatArray:
    """The effect of each row's level; a level never fitted is refused."""
    labels = columns[0].astype(object)
    for more in columns[1:]:
        labels = labels.astype(str) + ":" + more.astype(str)
    places = pd.Index(group.levels).get_indexer(pd.Index(labels))
    if (places < 0).any():
        level = labels.tolist()[int(np.argmin(places))]
        raise AnalysisError(f"{group.name} has no level {level!r} among the rows fitted: use random=False.")
    effects: FloatArray = fit.random_effects[group.name].to_numpy()[places]
    return effects
