"""How far people agree with one another, and in what they differ."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from vlmrate.report.table import Part, Spanner, Table, bounded, count, points, section, stub, text
from vlmrate.stats import Skipped

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from vlmrate.analysis import Analysis
    from vlmrate.analysis.reliability import ItemReliability, RatingsAnImage
    from vlmrate.report.table import Cell
    from vlmrate.stats import Icc


def people_tables(analysis: Analysis) -> Iterator[Table]:
    """Reliability, intraclass correlations, and where the variance of single ratings lies."""
    if isinstance(analysis.reliability, Skipped):
        return
    yield _reliability(analysis.reliability)
    # Where nobody but people has rated, this is all there is to see.
    alone = not analysis.runs
    yield replace(_intraclass(analysis.reliability), main=alone)
    yield replace(_variance(analysis.reliability), main=alone)


def _reliability(items: Sequence[ItemReliability]) -> Table:
    return Table(
        id="reliability",
        title="People: ratings and reliability",
        part=Part.PEOPLE,
        columns=(
            stub("item", "Item"),
            count("people", "People"),
            count("images", "Images"),
            count("ratings", "Ratings"),
            text("ratings_an_image", "Ratings an image"),
            bounded("alpha", "single people"),
            bounded("alpha_means", "means"),
            text("metric", "Differences counted as"),
            bounded("ceiling", "Ceiling of r"),
            bounded("one_person_r", "One person's r"),
            points("one_person_mae", "One person's MAE", terminal=False),
        ),
        rows=tuple(_reliability_row(item) for item in items),
        notes=(
            "Alpha of means = the Spearman-Brown step from single people to the mean of as many as rated an image, "
            "which is what raters are compared to.",
            "Ceiling of r = the highest r with people's means to be expected of a rater without error. One person = "
            "single people against the mean of all others.",
        ),
        spanners=(Spanner("Krippendorff's alpha", ("alpha", "alpha_means")),),
    )


def _reliability_row(item: ItemReliability) -> tuple[Cell, ...]:
    return (
        item.item,
        item.people,
        item.images,
        item.ratings,
        an_image(item.ratings_an_image),
        item.alpha,
        item.alpha_of_means,
        item.metric,
        item.ceiling,
        item.one_person.r,
        item.one_person.mae,
    )


def _intraclass(items: Sequence[ItemReliability]) -> Table:
    return Table(
        id="icc",
        title="People: intraclass correlations of single ratings and of means",
        part=Part.PEOPLE,
        columns=(
            stub("item", "Item"),
            points("k", "k"),
            bounded("icc_1", "ICC(1)"),
            bounded("icc_a1", "ICC(A,1)"),
            bounded("icc_c1", "ICC(C,1)"),
            bounded("icc_k", "ICC(k)"),
            bounded("icc_ak", "ICC(A,k)"),
            bounded("icc_ck", "ICC(C,k)"),
        ),
        rows=tuple(_intraclass_row(item) for item in items),
        notes=(
            "A = agreement, C = consistency (differences in severity do not count), k = people a mean is of. In "
            "Shrout and Fleiss's names: ICC(1,1), (2,1), (3,1), (1,k), (2,k), (3,k).",
            *dict.fromkeys(how for item in items if (how := _how(item.icc))),
        ),
    )


def _intraclass_row(item: ItemReliability) -> tuple[Cell, ...]:
    told = item.icc
    if isinstance(told, Skipped):
        return (item.item, None, *[told] * 6)
    forms = (told.one_way, told.agreement, told.consistency, told.one_way_k, told.agreement_k, told.consistency_k)
    return (item.item, told.k, *forms)


def _how(told: Icc | Skipped) -> str | None:
    if isinstance(told, Skipped) or isinstance(told.agreement, Skipped):
        return None
    if "components" in told.agreement.method:
        return (
            "Not everyone rated every image: from variance components, intervals by leaving out images and, but for C, "
            "people. k = harmonic mean of the ratings an image."
        )
    return "Everyone rated every image: from mean squares, with F intervals."


def _variance(items: Sequence[ItemReliability]) -> Table:
    return Table(
        id="variance",
        title="People: where the variance of single ratings lies",
        part=Part.PEOPLE,
        columns=(
            section("item", "Item"),
            stub("part", "Part"),
            points("variance", "Variance"),
            bounded("share", "Share"),
            points("people_to_it", "People's variance / this"),
        ),
        rows=tuple(row for item in items for row in _variance_rows(item)),
        notes=(
            "In squared scale points, from a model of images crossed with people, both random. Intervals leave out "
            "images (images, residual), people (people) or both (shares); a lower limit of 0 = not told from 0.",
            "Images of one emotion = a part of the images' variance, the rest lies between emotions. People's variance "
            "/ this = how many times as large the variance between people is.",
        ),
    )


def _variance_rows(item: ItemReliability) -> Iterator[tuple[Cell, ...]]:
    split = item.variance
    if isinstance(split, Skipped):
        yield (item.item, "images", split, None, None)
        return
    yield (item.item, "images", split.image, split.image_share, split.rater_to_image)
    yield (item.item, "images of one emotion", split.image_within, None, split.rater_to_image_within)
    yield (item.item, "people", split.rater, split.rater_share, None)
    yield (item.item, "residual", split.residual, split.residual_share, None)


def an_image(counts: RatingsAnImage) -> str:
    """Ratings an image in words.

    >>> from vlmrate.analysis.reliability import RatingsAnImage
    >>> an_image(RatingsAnImage(50, 50.0, 50)), an_image(RatingsAnImage(3, 7.0, 12))
    ('50', '3–12 (median 7)')
    """
    if counts.fewest == counts.most:
        return f"{counts.most:,}"
    return f"{counts.fewest:,}–{counts.most:,} (median {counts.median:,g})"
