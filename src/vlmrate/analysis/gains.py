"""What a derived rater gains over each rater it was made of, on the same images, whose identity nothing was fitted on.

A derived rater that is not what its record says, or that saw whom it was to be judged on, gains nothing: it is refused.
Differences are the derived rater minus its source; for errors, a negative one is a gain.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from vlmrate import stats
from vlmrate.analysis.data import NO_EMOTION
from vlmrate.analysis.derivations import is_derived, unsound
from vlmrate.analysis.derived import items_of, run_of
from vlmrate.analysis.paired_labels import apart, paired_labels
from vlmrate.stats import Outcome, Skipped
from vlmrate.study.records import Labels

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy as np
    import pandas as pd
    from numpy.typing import NDArray

    from vlmrate.analysis.data import Material, RaterRun, ScaleRatings
    from vlmrate.inference.derivation import Derivation
    from vlmrate.study.records import Item

NO_DERIVED = Skipped("no rater was made of others (`vlmrate derive`)")
NO_SOURCE = Skipped("it is made of people's ratings alone, so that there is no source to gain over")


@dataclass(frozen=True, slots=True)
class NumberGain:
    """Derived minus source in r, r within emotions and MAE, against people; and the bias of each, in scale points."""

    r: Outcome
    r_within: Outcome
    mae: Outcome
    bias_source: Outcome
    bias: Outcome


@dataclass(frozen=True, slots=True)
class LabelGain:
    """Derived minus source in accuracy and kappa, against the intended label; and how often both give the same."""

    same: Outcome
    accuracy: Outcome
    kappa: Outcome


@dataclass(frozen=True, slots=True)
class SourceGain:
    """A derived rater beside one of its sources on one item, over n images; one of the two gains is None."""

    item: str
    source: str
    n: int
    numbers: NumberGain | None
    labels: LabelGain | None


@dataclass(frozen=True, slots=True)
class RaterGains:
    """One derived rater; `held_out` is what the images of a fold have in common, None where nothing was fitted."""

    rater: str
    method: str
    held_out: str | None
    gains: tuple[SourceGain, ...] | Skipped


def gains(material: Material) -> tuple[RaterGains, ...] | Skipped:
    """What every derived rater gains, by name."""
    derived = [rater for rater in material.raters if is_derived(rater)]
    return tuple(_rater(material, rater) for rater in derived) or NO_DERIVED


def _rater(material: Material, rater: RaterRun) -> RaterGains:
    made, wrong = rater.run.derivation, unsound(material, rater)
    if made is None or wrong is not None:
        method = str(rater.run.settings.get("method", "unknown"))
        return RaterGains(rater.name, method, None, wrong or NO_SOURCE)
    found = tuple(_gains(material, rater, made))
    return RaterGains(rater.name, made.method, made.held_out, found if made.sources else NO_SOURCE)


def _gains(material: Material, rater: RaterRun, made: Derivation) -> Iterator[SourceGain]:
    for named in made.sources:
        source = run_of(material, named)
        if source is None:  # unsound() has refused it
            continue
        for item in items_of(material, made):
            if rater in material.asked(item) and source in material.asked(item):
                yield _gain(material, rater, source, item)


def _gain(material: Material, rater: RaterRun, source: RaterRun, item: Item) -> SourceGain:
    if isinstance(item.scale, Labels):
        n, of_labels = _labels(material, rater, source, item)
        return SourceGain(item.name, source.name, n, None, of_labels)
    n, of_numbers = _numbers(material, material.scale(rater, item), material.scale(source, item), item)
    return SourceGain(item.name, source.name, n, of_numbers, None)


def _numbers(material: Material, ours: ScaleRatings, theirs: ScaleRatings, item: Item) -> tuple[int, NumberGain]:
    if (without := material.without_people(item)) is not None:
        return 0, NumberGain(*[without] * 5)
    both = (ours.value.notna() & theirs.value.reindex(ours.value.index).notna() & ours.people.notna()).to_numpy()
    value, people, clusters = ours.value[both], ours.people[both], ours.clusters[both]
    source: pd.Series[float] = theirs.value.reindex(value.index)
    bootstrap = material.bootstrap
    told = stats.compare_dimensional(value, source, people, clusters=clusters, bootstrap=bootstrap)
    gain = NumberGain(
        r=told if isinstance(told, Skipped) else told.pearson,
        r_within=theirs.without_within or _within(material, value, source, ours, both),
        mae=told if isinstance(told, Skipped) else told.mae,
        bias_source=stats.mean_difference_bootstrap(source, people, clusters=clusters, bootstrap=bootstrap),
        bias=stats.mean_difference_bootstrap(value, people, clusters=clusters, bootstrap=bootstrap),
    )
    return len(value), gain


def _within(
    material: Material, value: pd.Series[float], source: pd.Series[float], ours: ScaleRatings, both: NDArray[np.bool_]
) -> Outcome:
    if ours.emotion is None:
        return NO_EMOTION
    if ours.without_within is not None:
        return ours.without_within
    people = ours.people[both]
    told = stats.compare_correlations(
        (value, people),
        (source, people),
        groups=ours.emotion[both],
        clusters=ours.clusters[both],
        bootstrap=material.bootstrap,
    )
    return told if isinstance(told, Skipped) else told.difference


def _labels(material: Material, rater: RaterRun, source: RaterRun, item: Item) -> tuple[int, LabelGain]:
    pair = paired_labels(material, rater, source, item)
    told, n = apart(material, pair, item), len(pair.first)
    if isinstance(told, Skipped):
        return n, LabelGain(pair.same, told, told)
    return n, LabelGain(pair.same, told.accuracy, told.kappa)
