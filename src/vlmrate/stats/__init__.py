"""Statistics of rating studies: pure functions over arrays and Series, each returning a frozen result.

What a function computes comes back as an `Estimate` or a `TestResult`; what the data do not define comes back as
`Skipped`, with the reason. Misuse (columns of different length, undeclared labels) raises `AnalysisError`.
"""

from __future__ import annotations

from vlmrate.stats.agreement import Classification, LabelScores, accuracy, balanced_accuracy, classification, macro_f1
from vlmrate.stats.bias import (
    GroupBias,
    bias_by_group,
    d_z,
    mean_difference,
    mean_difference_bootstrap,
    rank_biserial,
    t_test,
    wilcoxon,
)
from vlmrate.stats.bootstrap import (
    Bootstrap,
    ResampledSums,
    bootstrap_rows,
    bootstrap_sums,
    bootstrap_weights,
    resample_sums,
)
from vlmrate.stats.confusion import INVALID, Pathway, Share, confusion, error_pathways
from vlmrate.stats.corrections import Adjusted, Family, benjamini_hochberg, bonferroni, holm
from vlmrate.stats.correlation import (
    pearson,
    pearson_between,
    pearson_bootstrap,
    pearson_within,
    pearson_within_bootstrap,
    share_between,
    spearman,
    spearman_bootstrap,
)
from vlmrate.stats.dimensional import MeanSd, mae, mean_sd, rmse
from vlmrate.stats.distribution import GroupSpread, PeopleSpread, SdRatios, people_spread, sd_ratios, spread_by_group
from vlmrate.stats.estimate import Estimate, Outcome, Skipped, TestOutcome, TestResult
from vlmrate.stats.kappa import KappaIdentity, cohen_kappa, cohen_kappa_asymptotic, kappa_identity, kappa_if_balanced
from vlmrate.stats.proportion import wilson
from vlmrate.stats.reliability import Metric, alpha_from_counts, krippendorff_alpha

__all__ = [
    "INVALID",
    "Adjusted",
    "Bootstrap",
    "Classification",
    "Estimate",
    "Family",
    "GroupBias",
    "GroupSpread",
    "KappaIdentity",
    "LabelScores",
    "MeanSd",
    "Metric",
    "Outcome",
    "Pathway",
    "PeopleSpread",
    "ResampledSums",
    "SdRatios",
    "Share",
    "Skipped",
    "TestOutcome",
    "TestResult",
    "accuracy",
    "alpha_from_counts",
    "balanced_accuracy",
    "benjamini_hochberg",
    "bias_by_group",
    "bonferroni",
    "bootstrap_rows",
    "bootstrap_sums",
    "bootstrap_weights",
    "classification",
    "cohen_kappa",
    "cohen_kappa_asymptotic",
    "confusion",
    "d_z",
    "error_pathways",
    "holm",
    "kappa_identity",
    "kappa_if_balanced",
    "krippendorff_alpha",
    "macro_f1",
    "mae",
    "mean_difference",
    "mean_difference_bootstrap",
    "mean_sd",
    "pearson",
    "pearson_between",
    "pearson_bootstrap",
    "pearson_within",
    "pearson_within_bootstrap",
    "people_spread",
    "rank_biserial",
    "resample_sums",
    "rmse",
    "sd_ratios",
    "share_between",
    "spearman",
    "spearman_bootstrap",
    "spread_by_group",
    "t_test",
    "wilcoxon",
    "wilson",
]
