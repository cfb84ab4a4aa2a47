"""An identity or a group without a name is refused by every function alike, also in a plain list."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pytest

from stats.ratings24 import ANSWERS, FEW, HUMAN, IDENTITY, LABELS, MODEL, RATERS, TRUTH, UNITS
from vlmrate import stats
from vlmrate.errors import AnalysisError

if TYPE_CHECKING:
    from collections.abc import Callable


WITH_CLUSTERS: dict[str, Callable[[Any], Any]] = {
    "wilcoxon": lambda who: stats.wilcoxon(MODEL, HUMAN, clusters=who),
    "t_test": lambda who: stats.t_test(MODEL, HUMAN, clusters=who),
    "mean_difference": lambda who: stats.mean_difference(MODEL, HUMAN, clusters=who),
    "mean_difference_bootstrap": lambda who: stats.mean_difference_bootstrap(MODEL, HUMAN, clusters=who, bootstrap=FEW),
    "d_z": lambda who: stats.d_z(MODEL, HUMAN, clusters=who, bootstrap=FEW),
    "rank_biserial": lambda who: stats.rank_biserial(MODEL, HUMAN, clusters=who, bootstrap=FEW),
    "tost": lambda who: stats.tost(MODEL, HUMAN, 0.5, clusters=who),
    "pearson_bootstrap": lambda who: stats.pearson_bootstrap(MODEL, HUMAN, clusters=who, bootstrap=FEW),
    "ccc_bootstrap": lambda who: stats.ccc_bootstrap(MODEL, HUMAN, clusters=who, bootstrap=FEW),
    "bias_design": lambda who: stats.bias_design(MODEL, HUMAN, clusters=who),
    "bias_by_group": lambda who: stats.bias_by_group(MODEL, HUMAN, TRUTH, clusters=who, bootstrap=FEW),
    "group_gap": lambda who: stats.group_gap(MODEL, HUMAN, TRUTH, "sad", clusters=who),
    "accuracy": lambda who: stats.accuracy(TRUTH, ANSWERS, LABELS, clusters=who, bootstrap=FEW),
    "variance_components": lambda who: stats.variance_components(UNITS, RATERS, HUMAN, clusters=who),
}
GROUPED: dict[str, Callable[[Any], Any]] = {
    "pearson_within": lambda groups: stats.pearson_within(MODEL, HUMAN, groups),
    "pearson_within_bootstrap": lambda groups: stats.pearson_within_bootstrap(MODEL, HUMAN, groups, bootstrap=FEW),
    "pearson_between": lambda groups: stats.pearson_between(MODEL, HUMAN, groups, bootstrap=FEW),
    "group_gap": lambda groups: stats.group_gap(MODEL, HUMAN, groups, "sad"),
    "bias_by_group": lambda groups: stats.bias_by_group(MODEL, HUMAN, groups, bootstrap=FEW),
    "calibrate": lambda groups: stats.calibrate(MODEL, HUMAN, groups=groups, bootstrap=FEW),
}


@pytest.mark.parametrize("name", WITH_CLUSTERS)
@pytest.mark.parametrize("missing", [np.nan, None, pd.NA])
def test_a_missing_identity_is_no_identity(name: str, missing: Any) -> None:
    """Two images of unknown people are not two of one person called nan, also in a plain list of names."""
    who: list[Any] = [f"p{i}" for i in IDENTITY]
    who[4] = who[20] = missing
    with pytest.raises(AnalysisError, match="clusters has no value for"):
        WITH_CLUSTERS[name](who)


@pytest.mark.parametrize("name", GROUPED)
def test_a_missing_group_is_no_group(name: str) -> None:
    """Images without an emotion are not pooled as an emotion of their own."""
    with pytest.raises(AnalysisError, match="groups has no value for 2 of 24"):
        GROUPED[name]([*TRUTH[:22].tolist(), np.nan, np.nan])
