"""Whatever takes `bootstrap=` says in a sentence what it takes, where someone passes the number of resamples alone."""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pytest

from vlmrate import stats
from vlmrate.errors import AnalysisError

if TYPE_CHECKING:
    from collections.abc import Callable

LABELS = ["a", "b"]
TRUTH, ANSWERS = LABELS * 6, ["a", "a", "b", "b"] * 3
X, Y = np.random.default_rng(1).integers(1, 10, (2, 12)).astype(float)
GROUPS = ["g", "g", "h"] * 4
UNITS, RATERS = np.repeat(range(4), 3), np.tile(list("ABC"), 4)
MODEL, RATINGS = pd.Series(X[:4], range(4)), pd.Series(X, UNITS)

CALLS: dict[str, Callable[[Any], object]] = {
    "accuracy": lambda b: stats.accuracy(TRUTH, ANSWERS, LABELS, bootstrap=b),
    "accuracy_ratio_bootstrap": lambda b: stats.accuracy_ratio_bootstrap([1, 0, 1] * 4, GROUPS, "g", "h", bootstrap=b),
    "alpha_from_counts": lambda b: stats.alpha_from_counts([[2, 1], [0, 2]], [1, 2], "interval", bootstrap=b),
    "alt_test": lambda b: stats.alt_test(UNITS, RATERS, X, MODEL, min_units=2, bootstrap=b),
    "answer_distances": lambda b: stats.answer_distances(MODEL, RATINGS, range(1, 10), bootstrap=b),
    "balanced_accuracy": lambda b: stats.balanced_accuracy(TRUTH, ANSWERS, LABELS, bootstrap=b),
    "bias_split": lambda b: stats.bias_split(X, Y, TRUTH, ANSWERS, bootstrap=b),
    "bias_by_group": lambda b: stats.bias_by_group(X, Y, GROUPS, bootstrap=b),
    "bland_altman_bootstrap": lambda b: stats.bland_altman_bootstrap(X, Y, bootstrap=b),
    "classification_trend": lambda b: stats.classification_trend(TRUTH, [TRUTH, ANSWERS], [1, 2], LABELS, bootstrap=b),
    "compare_correlations": lambda b: stats.compare_correlations((X, Y), (Y, Y), bootstrap=b),
    "dimensional_trend": lambda b: stats.dimensional_trend([X, Y], Y, [1, 2], bootstrap=b),
    "in_place_of_person": lambda b: stats.in_place_of_person(UNITS, RATERS, X, MODEL, bootstrap=b),
    "bland_altman_paired": lambda b: stats.bland_altman_paired(X, Y, UNITS, bootstrap=b),
    "bland_altman_repeated": lambda b: stats.bland_altman_repeated(RATINGS, pd.Series(Y, UNITS), bootstrap=b),
    "bootstrap_rows": lambda b: stats.bootstrap_rows(lambda rows: float(X[rows].mean()), 12, name="mean", bootstrap=b),
    "bootstrap_sums": lambda b: stats.bootstrap_sums(X[:, None], lambda t: t[:, 0], name="sum", bootstrap=b),
    "bootstrap_weights": lambda b: stats.bootstrap_weights(lambda w: w @ X, 12, name="sum", bootstrap=b),
    "calibrate": lambda b: stats.calibrate(X, Y, bootstrap=b),
    "ccc_bootstrap": lambda b: stats.ccc_bootstrap(X, Y, bootstrap=b),
    "classification": lambda b: stats.classification(TRUTH, ANSWERS, LABELS, bootstrap=b),
    "cohen_kappa": lambda b: stats.cohen_kappa(TRUTH, ANSWERS, LABELS, bootstrap=b),
    "compare_classification": lambda b: stats.compare_classification(TRUTH, ANSWERS, TRUTH, LABELS, bootstrap=b),
    "compare_dimensional": lambda b: stats.compare_dimensional(X, Y, Y + X, bootstrap=b),
    "confidence_calibration": lambda b: stats.confidence_calibration([[0.9, 0.1]] * 12, TRUTH, LABELS, bootstrap=b),
    "d_z": lambda b: stats.d_z(X, Y, bootstrap=b),
    "detection": lambda b: stats.detection(TRUTH, ANSWERS, LABELS, bootstrap=b),
    "detection_gaps": lambda b: stats.detection_gaps(TRUTH, ANSWERS, LABELS, GROUPS, "g", "h", bootstrap=b),
    "entropy": lambda b: stats.entropy(ANSWERS, LABELS, bootstrap=b),
    "gwet_ac_bootstrap": lambda b: stats.gwet_ac_bootstrap(UNITS, RATERS, ANSWERS, LABELS, bootstrap=b),
    "krippendorff_alpha": lambda b: stats.krippendorff_alpha(UNITS, RATERS, X, "interval", bootstrap=b),
    "leave_one_rater_out": lambda b: stats.leave_one_rater_out(UNITS, RATERS, X, bootstrap=b),
    "macro_f1": lambda b: stats.macro_f1(TRUTH, ANSWERS, LABELS, bootstrap=b),
    "mae": lambda b: stats.mae(X, Y, bootstrap=b),
    "mean_difference_bootstrap": lambda b: stats.mean_difference_bootstrap(X, Y, bootstrap=b),
    "mean_sd": lambda b: stats.mean_sd(X, bootstrap=b),
    "paired_difference": lambda b: stats.paired_difference(
        lambda one, true: float((one == true).mean()), X, Y, X, name="accuracy", bootstrap=b
    ),
    "pearson_between": lambda b: stats.pearson_between(X, Y, list("aabbccddeeff"), bootstrap=b),
    "pearson_bootstrap": lambda b: stats.pearson_bootstrap(X, Y, bootstrap=b),
    "pearson_within_bootstrap": lambda b: stats.pearson_within_bootstrap(X, Y, GROUPS, bootstrap=b),
    "people_spread": lambda b: stats.people_spread(RATINGS, bootstrap=b),
    "rank_biserial": lambda b: stats.rank_biserial(X, Y, bootstrap=b),
    "resample_sums": lambda b: stats.resample_sums(X[:, None], bootstrap=b),
    "rmse": lambda b: stats.rmse(X, Y, bootstrap=b),
    "sd_ratios": lambda b: stats.sd_ratios(MODEL, RATINGS, bootstrap=b),
    "share_between": lambda b: stats.share_between(X, GROUPS, bootstrap=b),
    "spearman_bootstrap": lambda b: stats.spearman_bootstrap(X, Y, bootstrap=b),
    "split_half": lambda b: stats.split_half(UNITS, RATERS, X, bootstrap=b),
    "spoken_and_weighted": lambda b: stats.spoken_and_weighted(X, Y, X + Y, bootstrap=b),
    "spread_by_group": lambda b: stats.spread_by_group(X, GROUPS, bootstrap=b),
    "weighted_kappa": lambda b: stats.weighted_kappa(TRUTH, ANSWERS, LABELS, bootstrap=b),
}


def test_no_function_is_forgotten() -> None:
    """Whatever has the parameter is called below."""
    functions = {name: getattr(stats, name) for name in stats.__all__ if inspect.isfunction(getattr(stats, name))}
    assert set(CALLS) == {name for name, f in functions.items() if "bootstrap" in inspect.signature(f).parameters}


@pytest.mark.parametrize("name", CALLS)
def test_a_number_is_no_bootstrap(name: str) -> None:
    """`bootstrap=500` is what one types first; the sentence shows how to write it."""
    CALLS[name](stats.Bootstrap(resamples=20))
    with pytest.raises(AnalysisError, match=r"such as Bootstrap\(resamples=500\), not 500\."):
        CALLS[name](500)
