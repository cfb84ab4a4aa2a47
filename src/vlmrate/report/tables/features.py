"""What the features of dictionaries stand for, and how specific they are by the dictionary's size."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vlmrate.report.table import Part, Table, bounded, count, p_value, points, section, share, stub, text
from vlmrate.stats import Estimate, Share, Skipped

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from vlmrate.probe.sparse.features import Feature, FeaturesOutcome
    from vlmrate.probe.sparse.sizes import SizesOutcome, Specificity
    from vlmrate.report.table import Cell

MOST_PICTURES = 3
"""Pictures that are named beside a feature; analysis.json and the contact sheet have more."""
RANDOM = "random directions"
TRAINED = "trained"


def features_tables(outcomes: Sequence[FeaturesOutcome]) -> Iterator[Table]:
    """The dictionaries, what classes their features are enriched for, and the features one by one."""
    yield _dictionaries(outcomes)
    yield _classes(outcomes)
    yield _features(outcomes)


def _dictionaries(outcomes: Sequence[FeaturesOutcome]) -> Table:
    return Table(
        id="features",
        title="Dictionaries of sparse features",
        part=Part.INSIDE,
        columns=(
            stub("dictionary", "Dictionary"),
            text("place", "Layer of", terminal=False),
            count("images", "Images"),
            share("ever", "Features active"),
            count("judged", "Judged"),
            points("active", "Active an image"),
            bounded("explained", "Variance explained"),
        ),
        rows=tuple(
            (
                one.dictionary,
                f"{one.model}: {one.array}, layer {one.layer}",
                one.images,
                Share(one.ever, one.size, "features"),
                one.judged,
                one.active,
                one.explained,
            )
            for one in outcomes
        ),
        notes=(
            "A dictionary tells a layer's activations as sums of a few of its features. Judged are features active in "
            "four images or more. Variance explained is that of the images of this capture, which may have been "
            "trained on; intervals from drawing identities.",
            *_unfit(outcomes),
        ),
    )


def _unfit(outcomes: Sequence[FeaturesOutcome]) -> Iterator[str]:
    names = [one.dictionary for one in outcomes if isinstance(one.explained, Estimate) and one.explained.value < 0]
    if names:
        yield (
            f"The features of {', '.join(names)} tell this layer worse than its mean alone does: the dictionary is not "
            "one of these activations, and what its features go with says little."
        )


def _classes(outcomes: Sequence[FeaturesOutcome]) -> Table:
    return Table(
        id="features-classes",
        title="Features enriched for emotions and groups",
        part=Part.INSIDE,
        columns=(
            section("factor", "Factor"),
            stub("level", "Level"),
            share("enriched", "Enriched"),
            count("distinct", "for it alone"),
            count("shared", "for others too"),
            share("random", "Random directions"),
        ),
        rows=tuple(row for one in outcomes for row in _class_rows(one, f", {one.dictionary}" if outcomes[1:] else "")),
        notes=(
            "A feature is enriched for a class where it is more active in its images than permutations would have it, "
            "p ≤ .05 with all features and classes of the factor paid for by the largest z of every permutation; an "
            "emotion changes places within identities, a group between them and within emotion. Random directions: as "
            "many as the dictionary has features, as many of them active an image, judged in the same way.",
        ),
    )


def _class_rows(one: FeaturesOutcome, behind: str) -> Iterator[tuple[Cell, ...]]:
    for told in one.factors:
        factor = f"{told.factor}{behind}"
        if isinstance(told.found, Skipped):
            yield (factor, "any", told.found, None, None, None)
            continue
        found = told.found
        for level in found.levels:
            yield (
                factor,
                level.level,
                _share(level.enriched, one.judged),
                level.distinct,
                level.enriched - level.distinct,
                _share(level.random, one.random),
            )
        several = found.enriched - found.distinct
        random = _share(found.random_enriched, one.random)
        yield (factor, "any", _share(found.enriched, one.judged), found.distinct, several, random)


def _features(outcomes: Sequence[FeaturesOutcome]) -> Table:
    return Table(
        id="features-list",
        title="Features that stand out most",
        part=Part.INSIDE,
        columns=(
            *((section("dictionary", "Dictionary"),) if outcomes[1:] else ()),
            stub("feature", "Feature"),
            stub("level", "Enriched for"),
            count("images", "Images"),
            points("mean", "Length"),
            bounded("selectivity", "Selectivity"),
            p_value("p", "p"),
            text("top", "Most active in", terminal=False),
        ),
        rows=tuple(
            (*((one.dictionary,) if outcomes[1:] else ()), *row)
            for one in outcomes
            for feature in one.features
            for row in _feature_rows(feature)
        ),
        notes=(
            "Images: those in which the feature is active; length: how far it goes along its direction there, on "
            "average, in units of the residual stream. Selectivity = (a − b) / (a + b), a the mean activation in the "
            "class, b that elsewhere: 1 where it is active in the class alone; intervals from drawing identities, of "
            "features that were chosen for being enriched.",
        ),
        main=False,
    )


def _feature_rows(feature: Feature) -> Iterator[tuple[Cell, ...]]:
    top = ", ".join(feature.top[:MOST_PICTURES]) or None
    first = (str(feature.number), feature.images, feature.mean)
    if not feature.enriched:
        yield (first[0], "–", *first[1:], None, None, top)
    for one in feature.enriched:
        yield (first[0], f"{one.factor}: {one.level}", *first[1:], one.selectivity, one.p, top)


def sizes_tables(outcomes: Sequence[SizesOutcome]) -> Iterator[Table]:
    """One table: every size beside random directions, on identities that it was not trained on."""
    yield Table(
        id="features-sizes",
        title="Specificity of features by the dictionary's size, on identities held out",
        part=Part.INSIDE,
        columns=(
            section("place", "Layer"),
            stub("size", "Features"),
            stub("kind", "Directions"),
            count("judged", "Judged"),
            bounded("distinct", "For one emotion alone"),
            bounded("selectivity", "Selectivity"),
            bounded("explained", "Variance explained"),
        ),
        rows=tuple(row for one in outcomes for row in _size_rows(one)),
        notes=(
            "Trained on one half of the identities, judged on the other. For one emotion alone: the share of features "
            "judged (active in four images held out) that are enriched for exactly one emotion, with Wilson's "
            "interval over features. Selectivity: its mean over features, each for the emotion in which it was most "
            "active on the half that was trained on; intervals from drawing identities. Random directions are as many, "
            "with as many active an image.",
        ),
    )


def _size_rows(one: SizesOutcome) -> Iterator[tuple[Cell, ...]]:
    place = f"{one.model}: {one.array}, layer {one.layer}, {one.k} features an image"
    if isinstance(one.sizes, Skipped):
        yield (place, "–", TRAINED, None, one.sizes, None, None)
        return
    for size in one.sizes:
        yield (place, f"{size.size:,}", TRAINED, *_told(size.trained))
        yield (place, f"{size.size:,}", RANDOM, *_told(size.random))


def _told(found: Specificity) -> tuple[Cell, ...]:
    return (found.judged, found.distinct, found.selectivity, found.explained)


def _share(number: int, of: int) -> Share | None:
    return Share(number, of, "features judged") if of else None
