"""All questions of a study, each mapped to its statistics."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from vlmrate.analysis.ablations import Ablations, ablations
from vlmrate.analysis.baselines import ItemBaselines, baselines
from vlmrate.analysis.bias import ItemBias, biases
from vlmrate.analysis.calibration import ItemCalibration, calibrations
from vlmrate.analysis.classification import ItemClassification, classifications
from vlmrate.analysis.comparison import MetricComparison, comparisons
from vlmrate.analysis.data import Material, gather
from vlmrate.analysis.decoding import ItemDecoding, decodings
from vlmrate.analysis.dimensions import ItemDimension, dimensions
from vlmrate.analysis.findings import Finding, findings
from vlmrate.analysis.gains import RaterGains, gains
from vlmrate.analysis.group_accuracy import ItemGroupAccuracy, group_accuracies
from vlmrate.analysis.group_bias import ItemGroupBias, group_biases
from vlmrate.analysis.group_models import ItemGroupModels, group_models
from vlmrate.analysis.images import ImageColumns, image_columns
from vlmrate.analysis.intersections import ItemIntersections, intersections
from vlmrate.analysis.limits import ItemLimits, limits_of_agreement
from vlmrate.analysis.mixed_bias import ItemMixedBias, mixed_biases
from vlmrate.analysis.options import AnalysisOptions
from vlmrate.analysis.pairs import ItemPairs, rater_pairs
from vlmrate.analysis.profile import ItemProfile, profiles
from vlmrate.analysis.protocols import ItemProtocols, protocols
from vlmrate.analysis.published import PublishedComparison, with_published
from vlmrate.analysis.reliability import ItemReliability, reliabilities
from vlmrate.analysis.repeats import ItemRepeats, repeats
from vlmrate.analysis.replacement import ItemReplacement, replacements
from vlmrate.analysis.run_quality import RunQuality, run_quality
from vlmrate.analysis.split import ItemSplit, bias_splits
from vlmrate.analysis.strength import ItemPairStrength, strengths
from vlmrate.analysis.summary import RaterSummary, summaries
from vlmrate.analysis.thinking import Thinking, thinking
from vlmrate.analysis.trends import FamilyTrend, trends
from vlmrate.analysis.variance import ItemSpread, spreads
from vlmrate.parallel import ALONE, Helper
from vlmrate.probe.found import Found  # noqa: TC001
from vlmrate.stats import Bootstrap, Skipped  # noqa: TC001  read_analysis resolves annotations
from vlmrate.study.design import Design, describe

if TYPE_CHECKING:
    from vlmrate.inference.table import Results
    from vlmrate.study.records import Study


@dataclass(frozen=True, slots=True)
class Resampling:
    """How confidence intervals were made: the bootstrap, and what it draws ("identity" or "image")."""

    bootstrap: Bootstrap
    clustered_by: str
    clusters: int


@dataclass(frozen=True, slots=True)
class Analysis:
    """Everything computed from a study's ratings, a field a question; what could not be computed is Skipped."""

    design: Design
    resampling: Resampling
    runs: tuple[RunQuality, ...]
    reliability: tuple[ItemReliability, ...] | Skipped
    classification: tuple[ItemClassification, ...] | Skipped
    pairs: tuple[ItemPairs, ...] | Skipped
    dimensions: tuple[ItemDimension, ...] | Skipped
    baselines: tuple[ItemBaselines, ...] | Skipped
    bias: tuple[ItemBias, ...] | Skipped
    mixed_bias: tuple[ItemMixedBias, ...] | Skipped
    group_bias: tuple[ItemGroupBias, ...] | Skipped
    group_accuracy: tuple[ItemGroupAccuracy, ...] | Skipped
    group_models: tuple[ItemGroupModels, ...] | Skipped
    intersections: tuple[ItemIntersections, ...] | Skipped
    profile: tuple[ItemProfile, ...] | Skipped
    spread: tuple[ItemSpread, ...] | Skipped
    limits: tuple[ItemLimits, ...] | Skipped
    split: tuple[ItemSplit, ...] | Skipped
    decoding: tuple[ItemDecoding, ...] | Skipped
    calibration: tuple[ItemCalibration, ...] | Skipped
    replacement: tuple[ItemReplacement, ...] | Skipped
    comparison: tuple[MetricComparison, ...] | Skipped
    strength: tuple[ItemPairStrength, ...] | Skipped
    repeats: tuple[ItemRepeats, ...] | Skipped
    protocols: tuple[ItemProtocols, ...] | Skipped
    thinking: Thinking | Skipped
    gains: tuple[RaterGains, ...] | Skipped
    ablations: Ablations | Skipped
    trends: tuple[FamilyTrend, ...] | Skipped
    images: ImageColumns
    published: PublishedComparison | None = None
    inside: Found | None = None
    findings: tuple[Finding, ...] = ()
    summaries: tuple[RaterSummary, ...] = ()


def analyze(
    study: Study, results: Results, options: AnalysisOptions | None = None, *, helper: Helper = ALONE
) -> Analysis:
    """Compare the raters in `results` with the intended answers and with people.

    With a `helper` some of the questions are answered in a second process; the answers are the same.

    Raises:
        AnalysisError: There are no ratings, an option names a rater that has none, or ratings do not fit the study.
    """
    options = options or AnalysisOptions()
    found = _answers(study, gather(study, results, options), helper)
    if options.published is not None:
        found = with_published(found, options.published)
    told = replace(found, findings=findings(found))
    return replace(told, summaries=summaries(told))


def _answers(study: Study, material: Material, helper: Helper) -> Analysis:
    # About half of all work, which needs no other answers and is asked for last.
    models = helper.start(group_models, material)
    replacement = helper.start(replacements, material)
    reliability = helper.start(reliabilities, material)
    by_label, by_scale, spread = classifications(material), dimensions(material), spreads(material)
    comparison, group_bias = comparisons(material, by_label, by_scale), group_biases(material)
    by_protocol = protocols(material)
    return Analysis(
        design=describe(study),
        resampling=_resampling(material),
        runs=run_quality(material),
        classification=by_label,
        pairs=rater_pairs(material),
        dimensions=by_scale,
        baselines=baselines(material),
        bias=biases(material),
        mixed_bias=mixed_biases(material),
        group_bias=group_bias,
        group_accuracy=group_accuracies(material),
        intersections=intersections(material),
        profile=profiles(material, group_bias),
        spread=spread,
        limits=limits_of_agreement(material),
        split=bias_splits(material),
        decoding=decodings(material, spread),
        calibration=calibrations(material),
        comparison=comparison,
        strength=strengths(material, comparison),
        repeats=repeats(material),
        protocols=by_protocol,
        thinking=thinking(material),
        gains=gains(material),
        ablations=ablations(material, by_protocol),
        trends=trends(material),
        images=image_columns(material),
        group_models=models(),
        replacement=replacement(),
        reliability=reliability(),
    )


def _resampling(material: Material) -> Resampling:
    images = material.images
    return Resampling(material.bootstrap, images.clustered_by, int(images.clusters.nunique()))
