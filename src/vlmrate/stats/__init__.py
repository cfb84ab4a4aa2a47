"""Statistics of rating studies: pure functions over arrays and Series, each returning a frozen result.

What a function computes comes back as an `Estimate` or a `TestResult`; what the data do not define comes back as
`Skipped`, with the reason. Misuse (columns of different length, undeclared labels) raises `AnalysisError`.
"""

from __future__ import annotations

from vlmrate.stats._alignment import Alignment
from vlmrate.stats.agreement import Classification, LabelScores, accuracy, balanced_accuracy, classification, macro_f1
from vlmrate.stats.alt_test import AltTest, AltTestRater, alt_test
from vlmrate.stats.bias import (
    GroupBias,
    bias_by_group,
    d_z,
    mean_difference,
    mean_difference_bootstrap,
    rank_biserial,
    t_test,
)
from vlmrate.stats.bland_altman import BlandAltman, LimitInterval, bland_altman
from vlmrate.stats.bland_altman_clustered import bland_altman_bootstrap
from vlmrate.stats.bland_altman_repeated import RepeatedBlandAltman, bland_altman_paired, bland_altman_repeated
from vlmrate.stats.bootstrap import (
    Bootstrap,
    ResampledSums,
    bootstrap_rows,
    bootstrap_sums,
    bootstrap_weights,
    resample_sums,
)
from vlmrate.stats.calibration import AffineLine, Agreement, Calibration, calibrate
from vlmrate.stats.ceiling import ceiling_r, raters_needed, share_of_ceiling, spearman_brown
from vlmrate.stats.components import VarianceComponents, icc_from_components, variance_components
from vlmrate.stats.concordance import ccc, ccc_bootstrap
from vlmrate.stats.confidence import ConfidenceBin, ConfidenceCalibration, confidence_calibration
from vlmrate.stats.confusion import INVALID, Pathway, Share, confusion, error_pathways
from vlmrate.stats.corrections import Adjusted, Family, benjamini_hochberg, benjamini_yekutieli, bonferroni, holm
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
from vlmrate.stats.correlation_difference import CorrelationDifference, compare_correlations
from vlmrate.stats.decoding import SpokenAndWeighted, spoken_and_weighted
from vlmrate.stats.detection import Detection, DetectionGap, detection, detection_gaps
from vlmrate.stats.dimensional import MeanSd, mae, mean_sd, rmse
from vlmrate.stats.distribution import GroupSpread, PeopleSpread, SdRatios, people_spread, sd_ratios, spread_by_group
from vlmrate.stats.divergence import AnswerDistances, answer_distances, entropy
from vlmrate.stats.equivalence import Equivalence, tost
from vlmrate.stats.estimate import Estimate, Outcome, Skipped, TestOutcome, TestResult
from vlmrate.stats.estimators import Estimator, henderson, reml
from vlmrate.stats.folds import cluster_folds
from vlmrate.stats.gaps import GroupGap, InteractionGap, group_gap, group_gaps, interaction_gaps, intersect
from vlmrate.stats.gwet import gwet_ac, gwet_ac_bootstrap
from vlmrate.stats.icc import Icc, icc, icc_matrix
from vlmrate.stats.in_place import InPlace, in_place_of_person
from vlmrate.stats.kappa import KappaIdentity, cohen_kappa, cohen_kappa_asymptotic, kappa_identity, kappa_if_balanced
from vlmrate.stats.leave_one_out import LeaveOneOut, LeftOutRater, leave_one_rater_out
from vlmrate.stats.mcnemar import McNemarPair, McNemarPairs, mcnemar, mcnemar_pairs
from vlmrate.stats.of_means import icc_of_ratings, icc_within, reliability_of_means
from vlmrate.stats.paired import (
    ClassificationDifference,
    DimensionalDifference,
    PairedMetric,
    compare_classification,
    compare_dimensional,
    paired_difference,
)
from vlmrate.stats.power import (
    BiasDesign,
    DetectableBias,
    ImagesNeeded,
    bias_design,
    detectable_bias,
    detectable_gap,
    images_needed,
    power_of,
)
from vlmrate.stats.proportion import wilson
from vlmrate.stats.ratio import accuracy_ratio, accuracy_ratio_bootstrap
from vlmrate.stats.ratio_score import accuracy_ratio_score
from vlmrate.stats.reliability import Metric, alpha_from_counts, krippendorff_alpha
from vlmrate.stats.signed_rank import wilcoxon
from vlmrate.stats.split import BiasSplit, bias_split
from vlmrate.stats.split_half import SplitHalf, split_half
from vlmrate.stats.trend import ClassificationTrend, DimensionalTrend, classification_trend, dimensional_trend
from vlmrate.stats.weighted_kappa import AgreementWeights, agreement_weights, weighted_kappa, weighted_kappa_asymptotic
from vlmrate.stats.within import henderson_within

__all__ = [
    "INVALID",
    "Adjusted",
    "AffineLine",
    "Agreement",
    "AgreementWeights",
    "Alignment",
    "AltTest",
    "AltTestRater",
    "AnswerDistances",
    "BiasDesign",
    "BiasSplit",
    "BlandAltman",
    "Bootstrap",
    "Calibration",
    "Classification",
    "ClassificationDifference",
    "ClassificationTrend",
    "ConfidenceBin",
    "ConfidenceCalibration",
    "CorrelationDifference",
    "DetectableBias",
    "Detection",
    "DetectionGap",
    "DimensionalDifference",
    "DimensionalTrend",
    "Equivalence",
    "Estimate",
    "Estimator",
    "Family",
    "GroupBias",
    "GroupGap",
    "GroupSpread",
    "Icc",
    "ImagesNeeded",
    "InPlace",
    "InteractionGap",
    "KappaIdentity",
    "LabelScores",
    "LeaveOneOut",
    "LeftOutRater",
    "LimitInterval",
    "McNemarPair",
    "McNemarPairs",
    "MeanSd",
    "Metric",
    "Outcome",
    "PairedMetric",
    "Pathway",
    "PeopleSpread",
    "RepeatedBlandAltman",
    "ResampledSums",
    "SdRatios",
    "Share",
    "Skipped",
    "SplitHalf",
    "SpokenAndWeighted",
    "TestOutcome",
    "TestResult",
    "VarianceComponents",
    "accuracy",
    "accuracy_ratio",
    "accuracy_ratio_bootstrap",
    "accuracy_ratio_score",
    "agreement_weights",
    "alpha_from_counts",
    "alt_test",
    "answer_distances",
    "balanced_accuracy",
    "benjamini_hochberg",
    "benjamini_yekutieli",
    "bias_by_group",
    "bias_design",
    "bias_split",
    "bland_altman",
    "bland_altman_bootstrap",
    "bland_altman_paired",
    "bland_altman_repeated",
    "bonferroni",
    "bootstrap_rows",
    "bootstrap_sums",
    "bootstrap_weights",
    "calibrate",
    "ccc",
    "ccc_bootstrap",
    "ceiling_r",
    "classification",
    "classification_trend",
    "cluster_folds",
    "cohen_kappa",
    "cohen_kappa_asymptotic",
    "compare_classification",
    "compare_correlations",
    "compare_dimensional",
    "confidence_calibration",
    "confusion",
    "d_z",
    "detectable_bias",
    "detectable_gap",
    "detection",
    "detection_gaps",
    "dimensional_trend",
    "entropy",
    "error_pathways",
    "group_gap",
    "group_gaps",
    "gwet_ac",
    "gwet_ac_bootstrap",
    "henderson",
    "henderson_within",
    "holm",
    "icc",
    "icc_from_components",
    "icc_matrix",
    "icc_of_ratings",
    "icc_within",
    "images_needed",
    "in_place_of_person",
    "interaction_gaps",
    "intersect",
    "kappa_identity",
    "kappa_if_balanced",
    "krippendorff_alpha",
    "leave_one_rater_out",
    "macro_f1",
    "mae",
    "mcnemar",
    "mcnemar_pairs",
    "mean_difference",
    "mean_difference_bootstrap",
    "mean_sd",
    "paired_difference",
    "pearson",
    "pearson_between",
    "pearson_bootstrap",
    "pearson_within",
    "pearson_within_bootstrap",
    "people_spread",
    "power_of",
    "rank_biserial",
    "raters_needed",
    "reliability_of_means",
    "reml",
    "resample_sums",
    "rmse",
    "sd_ratios",
    "share_between",
    "share_of_ceiling",
    "spearman",
    "spearman_bootstrap",
    "spearman_brown",
    "split_half",
    "spoken_and_weighted",
    "spread_by_group",
    "t_test",
    "tost",
    "variance_components",
    "weighted_kappa",
    "weighted_kappa_asymptotic",
    "wilcoxon",
    "wilson",
]
