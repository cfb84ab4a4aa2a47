"""All questions of a study, each mapped to its statistics."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from vlmrate.analysis.baselines import ItemBaselines, baselines
from vlmrate.analysis.bias import ItemBias, biases
from vlmrate.analysis.classification import ItemClassification, classifications
from vlmrate.analysis.data import AnalysisOptions, Material, gather
from vlmrate.analysis.dimensions import ItemDimension, dimensions
from vlmrate.analysis.group_bias import ItemGroupBias, group_biases
from vlmrate.analysis.images import ImageColumns, image_columns
from vlmrate.analysis.mixed_bias import ItemMixedBias, mixed_biases
from vlmrate.analysis.pairs import ItemPairs, rater_pairs
from vlmrate.analysis.reliability import ItemReliability, reliabilities
from vlmrate.analysis.run_quality import RunQuality, run_quality
from vlmrate.analysis.variance import ItemSpread, spreads
from vlmrate.study.design import Design, describe

if TYPE_CHECKING:
    from vlmrate.inference.table import Results
    from vlmrate.stats import Bootstrap, Skipped
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
    spread: tuple[ItemSpread, ...] | Skipped
    images: ImageColumns


def analyze(study: Study, results: Results, options: AnalysisOptions | None = None) -> Analysis:
    """Compare the raters in `results` with the intended answers and with people.

    Raises:
        AnalysisError: There are no ratings, an option names a rater that has none, or ratings do not fit the study.
    """
    material = gather(study, results, options or AnalysisOptions())
    return Analysis(
        design=describe(study),
        resampling=_resampling(material),
        runs=run_quality(material),
        reliability=reliabilities(material),
        classification=classifications(material),
        pairs=rater_pairs(material),
        dimensions=dimensions(material),
        baselines=baselines(material),
        bias=biases(material),
        mixed_bias=mixed_biases(material),
        group_bias=group_biases(material),
        spread=spreads(material),
        images=image_columns(material),
    )


def _resampling(material: Material) -> Resampling:
    images = material.images
    return Resampling(material.bootstrap, images.clustered_by, int(images.clusters.nunique()))
