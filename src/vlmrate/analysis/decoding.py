"""Does a rater recite one number an emotion, and is it the model that does so or only its spoken answers?

A model that speaks one number an image may know more: its probability-weighted rating moves where the most likely
number does not. Whether it has collapsed is judged by its SD within an emotion against three readings of people's.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeAlias

import pandas as pd

from vlmrate import stats
from vlmrate.analysis.asked import ALL, asked, scale_items
from vlmrate.analysis.data import NO_EMOTION
from vlmrate.analysis.lookup import of_item, of_rater
from vlmrate.analysis.singles import numbered_singles, singles_beside
from vlmrate.stats import AnswerDistances, CorrelationDifference, Estimate, Skipped, SpokenAndWeighted
from vlmrate.study.records import Likert

if TYPE_CHECKING:
    from collections.abc import Sequence

    from vlmrate.analysis.data import Material, RaterRun, ScaleRatings
    from vlmrate.analysis.singles import NumberedSingles
    from vlmrate.analysis.variance import ItemSpread, RaterSpread, RaterSpreadIn
    from vlmrate.stats import Outcome
    from vlmrate.study.records import Item

NO_SPREAD = 1e-6
"""An SD below this, in scale points, is rounding."""
NO_PROBABILITIES = Skipped("the rater told no probabilities of its answers")

Width: TypeAlias = Literal["narrower", "wider", "not told apart", "not known"]
"""Of a rater's SD against people's, by the interval of their ratio."""
Collapse: TypeAlias = Literal["collapsed", "narrower than one person", "not collapsed", "not known"]
"""Collapsed: spread less than even the images' means. Narrower than one person: only less than a single one is."""
Source: TypeAlias = Literal["decoding", "model", "not told apart", "not known"]
"""Where a collapse lies: weighted ratings follow people within emotions better than spoken ones, or neither does."""


@dataclass(frozen=True, slots=True)
class CollapseIn:
    """A rater's spread within one emotion against people's single ratings, image means, and one person an image."""

    emotion: str
    single_ratings: Width
    image_means: Width
    one_person: Width
    verdict: Collapse


@dataclass(frozen=True, slots=True)
class SpokenBesideWeighted:
    """Spoken against probability-weighted ratings over the images that have both and people's mean.

    `overall` and `emotions` hold SD, distinct values and r of each; `within` r pooled within emotions, first the
    weighted, then the spoken ratings, and their difference.
    """

    overall: SpokenAndWeighted | Skipped
    emotions: tuple[SpokenAndWeighted, ...] | Skipped
    within: CorrelationDifference | Skipped


@dataclass(frozen=True, slots=True)
class RaterDecoding:
    """One rater's collapse by emotion, where it lies, and how far its answers lie from people's as a distribution.

    The first entry of `distances` is over all images; `source` is told only of a rater that collapsed somewhere.
    """

    rater: str
    spoken_and_weighted: SpokenBesideWeighted | Skipped
    collapse: tuple[CollapseIn, ...] | Skipped
    source: Source | None
    distances: tuple[AnswerDistances, ...] | Skipped


@dataclass(frozen=True, slots=True)
class ItemDecoding:
    """All raters on one item with a scale."""

    item: str
    raters: tuple[RaterDecoding, ...] | Skipped


def decodings(material: Material, spread: tuple[ItemSpread, ...] | Skipped) -> tuple[ItemDecoding, ...] | Skipped:
    """The decoding for each item that is answered with a number; `spread` holds the ratios that judge a collapse."""
    if isinstance(items := scale_items(material), Skipped):
        return items
    return tuple(_item(material, item, spread) for item in items)


def _item(material: Material, item: Item, spread: tuple[ItemSpread, ...] | Skipped) -> ItemDecoding:
    raters, found = asked(material, item), of_item(spread, item.name)
    if isinstance(raters, Skipped):
        return ItemDecoding(item.name, raters)
    spreads = found if isinstance(found, Skipped) else found.raters
    singles = numbered_singles(material, item)
    told = (_rater(material, rater, item, singles, of_rater(spreads, rater.name)) for rater in raters)
    return ItemDecoding(item.name, tuple(told))


def _rater(
    material: Material,
    rater: RaterRun,
    item: Item,
    singles: NumberedSingles | Skipped,
    spread: RaterSpread | Skipped,
) -> RaterDecoding:
    given, singles = material.scale(rater, item), singles_beside(material, rater, item, singles)
    beside = material.without_people(item) or _beside(material, given)
    collapse = spread if isinstance(spread, Skipped) else _collapse(spread)
    return RaterDecoding(
        rater=rater.name,
        spoken_and_weighted=beside,
        collapse=collapse,
        source=_source(beside, collapse),
        distances=singles if isinstance(singles, Skipped) else _distances(material, item, given, singles),
    )


def _beside(material: Material, given: ScaleRatings) -> SpokenBesideWeighted | Skipped:
    if given.expected.isna().all():
        return NO_PROBABILITIES
    there = given.spoken.notna() & given.expected.notna() & given.people.notna()
    if not there.any():
        return Skipped("no image has a spoken rating, a weighted one and people's mean")
    columns, clusters = (given.spoken[there], given.expected[there], given.people[there]), given.clusters[there]
    bootstrap = material.bootstrap
    (overall,) = stats.spoken_and_weighted(*columns, clusters=clusters, bootstrap=bootstrap)
    if given.emotion is None:
        return SpokenBesideWeighted(overall, NO_EMOTION, NO_EMOTION)
    emotion, (spoken, weighted, people) = given.emotion[there], columns
    order = material.images.emotions
    within = stats.compare_correlations(
        (weighted, people), (spoken, people), groups=emotion, clusters=clusters, bootstrap=bootstrap
    )
    emotions = stats.spoken_and_weighted(*columns, groups=emotion, clusters=clusters, bootstrap=bootstrap, order=order)
    return SpokenBesideWeighted(overall, emotions, within)


def _distances(
    material: Material, item: Item, given: ScaleRatings, singles: NumberedSingles
) -> tuple[AnswerDistances, ...] | Skipped:
    points = item.scale.points if isinstance(item.scale, Likert) else ()
    if not given.spoken.dropna().isin(points).all():
        return Skipped("the rater answers between the points of the scale")
    model, people = singles.of(given.spoken), singles.by_image
    everything = pd.Series(ALL, index=model.index)

    def among(groups: pd.Series[str], order: tuple[str, ...]) -> tuple[AnswerDistances, ...]:
        return stats.answer_distances(
            model, people, points, groups=groups, order=order, clusters=singles.clusters, bootstrap=material.bootstrap
        )

    overall, posed = among(everything, (ALL,)), material.images.emotion
    return overall if posed is None else (*overall, *among(singles.of(posed), material.images.emotions))


def _collapse(spread: RaterSpread) -> tuple[CollapseIn, ...] | Skipped:
    if isinstance(spread.emotions, Skipped):
        return spread.emotions
    return tuple(_collapse_in(entry) for entry in spread.emotions)


def _collapse_in(entry: RaterSpreadIn) -> CollapseIn:
    ratios = entry.ratios
    widths = _width(ratios.single_ratings), _width(ratios.image_means), _width(ratios.one_person)
    return CollapseIn(entry.emotion, *widths, verdict=_verdict(widths))


def _width(ratio: Outcome) -> Width:
    if not isinstance(ratio, Estimate):
        return "not known"
    if ratio.ci_high < 1:
        return "narrower"
    return "wider" if ratio.ci_low > 1 else "not told apart"


def _verdict(widths: tuple[Width, Width, Width]) -> Collapse:
    _, means, one_person = widths
    if means == "not known":
        return "not known"
    if means == "narrower":
        return "collapsed"
    return "narrower than one person" if one_person == "narrower" else "not collapsed"


def _source(beside: SpokenBesideWeighted | Skipped, collapse: Sequence[CollapseIn] | Skipped) -> Source | None:
    if isinstance(collapse, Skipped) or not any(entry.verdict == "collapsed" for entry in collapse):
        return None
    if isinstance(beside, Skipped) or isinstance(beside.within, Skipped):
        return "not known"
    if _is_flat(beside):
        return "model"
    weighted, gain = beside.within.first, beside.within.difference
    if isinstance(weighted, Skipped):
        return "not known"
    if weighted.ci_low <= 0:
        return "model"
    # Without any variance within emotions the spoken ratings follow nothing there, and the weighted ones do.
    if isinstance(gain, Skipped) or gain.ci_low > 0:
        return "decoding"
    return "not told apart"


def _is_flat(beside: SpokenBesideWeighted) -> bool:
    """Whether the weighted ratings do not vary within any emotion either."""
    if isinstance(beside.emotions, Skipped):
        return False
    spreads = [emotion.sd_weighted for emotion in beside.emotions]
    return all(isinstance(sd, Estimate) and sd.value < NO_SPREAD for sd in spreads)
