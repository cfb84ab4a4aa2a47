"""What a published study printed beside the same statistic of this study, with the difference.

A published rater is compared with the rater of the same name here. Where that one was asked under several protocols it
is context-carry, that of the study which vlmrate ships; where none is, the values stand alone until one is named, as
tables call it: gemma3 (single-shot). A difference is ours minus theirs, in the statistic's own unit; what was printed
has only the digits of the paper, so a difference below half its last digit is none.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from vlmrate.analysis.lookup import of_item, of_rater
from vlmrate.analysis.printed_kappa import PrintedKappa, printed_kappas
from vlmrate.stats import INVALID, Estimate, Outcome, Skipped, TestResult, wilson
from vlmrate.study.published import PEOPLE, PublishedValue

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from vlmrate.analysis.classification import RaterClassification
    from vlmrate.analysis.dimensions import RaterDimension
    from vlmrate.analysis.mixed_bias import SimpleEffect
    from vlmrate.analysis.study import Analysis
    from vlmrate.analysis.variance import PeopleSpreadIn, RaterSpread
    from vlmrate.stats import LabelScores
    from vlmrate.study.published import Published

PROTOCOL = "context-carry"
"""The protocol whose ratings are compared where a rater has several and none is named; each row says which it is."""


@dataclass(frozen=True, slots=True)
class BesidePublished:
    """One printed value, the rater it is compared with, ours, and the difference."""

    published: PublishedValue
    rater: str | None
    ours: Outcome | float
    difference: float | Skipped


@dataclass(frozen=True, slots=True)
class PublishedComparison:
    """All printed values of a published study beside ours, in the order of its file.

    `kappas` are its printed pairs of accuracy and kappa, each held against the other.
    """

    name: str
    values: tuple[BesidePublished, ...]
    kappas: tuple[PrintedKappa, ...]


def with_published(analysis: Analysis, published: Published) -> Analysis:
    """The analysis with a published study beside it."""
    rows = tuple(_beside(analysis, value) for value in published.values)
    kappas = printed_kappas(analysis.design, published)
    return replace(analysis, published=PublishedComparison(published.name, rows, kappas))


def _beside(analysis: Analysis, value: PublishedValue) -> BesidePublished:
    rater = PEOPLE if value.rater == PEOPLE else _rater(analysis, value.rater)
    if isinstance(rater, Skipped):
        return BesidePublished(value, None, rater, rater)
    ours = _FINDERS[value.statistic](analysis, value, rater)
    if isinstance(ours, Skipped):
        return BesidePublished(value, rater, ours, ours)
    return BesidePublished(value, rater, ours, (ours.value if isinstance(ours, Estimate) else ours) - value.value)


def _rater(analysis: Analysis, name: str) -> str | Skipped:
    """The rater of this name, as tables call it; a kind before a colon (fer:NAME) is left out of the comparison."""
    whole = [run for run in analysis.runs if run.name.casefold() == name.casefold()]
    runs = whole or [run for run in analysis.runs if name.casefold() in (_plain(run.name), _plain(run.rater))]
    if not runs:
        return Skipped(f"this study has no ratings by a rater called {name}")
    usual = [run for run in runs if run.protocol == PROTOCOL] if len(runs) > 1 else runs
    if len(usual) != 1:
        names = " and ".join(run.name for run in runs)
        return Skipped(f"{name} may be {names} here; name one of them in the column rater")
    return usual[0].name


def _plain(name: str) -> str:
    return name.rpartition(":")[2].casefold()


def _accuracy(analysis: Analysis, value: PublishedValue, rater: str) -> Outcome | float:
    found = _classification(analysis, value, rater)
    if isinstance(found, Skipped) or isinstance(found.scores, Skipped):
        return found if isinstance(found, Skipped) else Skipped("there is no image to score")
    if value.statistic == "kappa":
        return found.scores.kappa
    return found.scores.macro_f1 if value.statistic == "macro_f1" else found.scores.accuracy


def _recall(analysis: Analysis, value: PublishedValue, rater: str) -> Outcome | float:
    if value.group:
        return _recall_in_group(analysis, value, rater)
    scores = _label(analysis, value, rater)
    return scores if isinstance(scores, Skipped) else scores.recall


def _recall_in_group(analysis: Analysis, value: PublishedValue, rater: str) -> Outcome:
    """The share of one group's images of a label that were answered with it."""
    factor, _, level = value.group.partition("=")
    columns = {column.name: column.levels for column in analysis.images.factors}
    emotion = next((column.levels for column in analysis.images.factors if column.part == "emotion"), None)
    given = next((c.label for c in analysis.images.raters if (c.rater, c.item) == (rater, value.item)), None)
    if factor not in columns or emotion is None or given is None:
        return Skipped(f"this study has no {factor} crossed with emotions, or no answers to {value.item}")
    inside = [
        i for i, (e, g) in enumerate(zip(emotion, columns[factor], strict=True)) if (e, g) == (value.level, level)
    ]
    right = sum(given[i] == value.level for i in inside)
    return wilson(right, len(inside), analysis.resampling.bootstrap.level, name=f"recall of {value.level} in {level}")


def _share_of_valid(analysis: Analysis, value: PublishedValue, rater: str) -> Outcome | float:
    found = _classification(analysis, value, rater)
    if isinstance(found, Skipped):
        return found
    counts = found.confusion
    if value.level not in counts.labels or value.group not in counts.answers:
        return _no_images(value)
    of_label = counts.counts[counts.labels.index(value.level)]
    valid = sum(n for answer, n in zip(counts.answers, of_label, strict=True) if answer != INVALID)
    name = f"{value.level} answered as {value.group}, of valid answers"
    answered = of_label[counts.answers.index(value.group)]
    return wilson(answered, valid, analysis.resampling.bootstrap.level, name=name)


def _agreement(analysis: Analysis, value: PublishedValue, rater: str) -> Outcome | float:
    item = of_item(analysis.dimensions, value.item)
    if isinstance(item, Skipped):
        return item
    if rater == PEOPLE and value.statistic in {"r", "mae"}:
        return Skipped("people are the measure of this figure and have none themselves")
    if rater == PEOPLE:
        return item.people_values.mean if value.statistic == "mean" else item.people_values.sd
    found = of_rater(item.raters, rater)
    return found if isinstance(found, Skipped) else _of_dimension(found, value.statistic)


def _of_dimension(found: RaterDimension, statistic: str) -> Outcome:
    if statistic == "r":
        return found.r
    if statistic == "mae":
        return found.mae
    return found.rater_values.mean if statistic == "mean" else found.rater_values.sd


def _alpha(analysis: Analysis, value: PublishedValue, rater: str) -> Outcome | float:  # noqa: ARG001  one signature
    item = of_item(analysis.reliability, value.item)
    return item if isinstance(item, Skipped) else item.alpha


def _people_variance(analysis: Analysis, value: PublishedValue, rater: str) -> Outcome | float:  # noqa: ARG001
    item = of_item(analysis.reliability, value.item)
    if isinstance(item, Skipped):
        return item
    if isinstance(item.variance, Skipped):
        return item.variance
    return item.variance.rater if value.statistic == "rater_variance" else item.variance.rater_to_image


def _bias(analysis: Analysis, value: PublishedValue, rater: str) -> Outcome | float:
    item = of_item(analysis.bias, value.item)
    found = item if isinstance(item, Skipped) else of_rater(item.raters, rater)
    emotions = found if isinstance(found, Skipped) else found.emotions
    if isinstance(emotions, Skipped):
        return emotions
    return next((e.bias.mean_bootstrap for e in emotions if e.emotion == value.level), _no_images(value))


def _mixed(analysis: Analysis, value: PublishedValue, rater: str) -> Outcome | float:
    effect = _simple_effect(analysis, value, rater)
    if isinstance(effect, Skipped) or value.statistic == "mixed_bias":
        return effect if isinstance(effect, Skipped) else effect.bias
    return effect.test.statistic if isinstance(effect.test, TestResult) else effect.test


def _simple_effect(analysis: Analysis, value: PublishedValue, rater: str) -> SimpleEffect | Skipped:
    item = of_item(analysis.mixed_bias, value.item)
    found = item if isinstance(item, Skipped) else of_rater(item.raters, rater)
    if isinstance(found, Skipped):
        return found
    if isinstance(found.model, Skipped):
        return found.model
    return next((effect for effect in found.model.effects if effect.emotion == value.level), _no_images(value))


def _spread(analysis: Analysis, value: PublishedValue, rater: str) -> Outcome | float:
    """An SD or a number of distinct values at the end of its range over emotions, or the ratio over all images."""
    item = of_item(analysis.spread, value.item)
    if isinstance(item, Skipped):
        return item
    if rater == PEOPLE and not value.statistic.endswith("sd_within"):
        return Skipped("people are the measure of this figure and have none themselves")
    if rater == PEOPLE:
        return _end(value.statistic, [_single(entry) for entry in item.people[1:]])
    found = of_rater(item.raters, rater)
    if isinstance(found, Skipped):
        return found
    return _of_spread(found, value.statistic)


def _of_spread(found: RaterSpread, statistic: str) -> Outcome | float:
    if statistic == "sd_ratio":
        return found.overall.ratios.image_means
    if isinstance(found.emotions, Skipped):
        return found.emotions
    if statistic.endswith("distinct"):
        numbers = [float(entry.spread.distinct) for entry in found.emotions if entry.spread.n]
        if not numbers:
            return Skipped(f"{found.rater} has no number here that could be read")
        return (min if statistic == "fewest_distinct" else max)(numbers)
    return _end(statistic, [entry.spread.sd for entry in found.emotions])


def _single(entry: PeopleSpreadIn) -> Outcome:
    return entry.spread.single_ratings


def _end(statistic: str, sds: list[Outcome]) -> Outcome:
    told = [sd for sd in sds if isinstance(sd, Estimate)]
    if not told:
        return sds[0] if sds else Skipped("there are no emotions to look within")
    return (min if statistic == "least_sd_within" else max)(told, key=lambda sd: sd.value)


def _unknown_reference(analysis: Analysis, value: PublishedValue, rater: str) -> Outcome | float:  # noqa: ARG001
    return Skipped(f"of a group effect one must know both levels, and {value.note or 'only one is printed'}")


def _classification(analysis: Analysis, value: PublishedValue, rater: str) -> RaterClassification | Skipped:
    item = of_item(analysis.classification, value.item)
    return item if isinstance(item, Skipped) else of_rater(item.raters, rater)


def _label(analysis: Analysis, value: PublishedValue, rater: str) -> LabelScores | Skipped:
    found = _classification(analysis, value, rater)
    if isinstance(found, Skipped) or isinstance(found.scores, Skipped):
        return found if isinstance(found, Skipped) else Skipped("there is no image to score")
    return next((scores for scores in found.scores.labels if scores.label == value.level), _no_images(value))


def _no_images(value: PublishedValue) -> Skipped:
    return Skipped(f"no image of this study shows {value.level}")


_FINDERS: Mapping[str, Callable[[Analysis, PublishedValue, str], Outcome | float]] = {
    "accuracy": _accuracy,
    "macro_f1": _accuracy,
    "kappa": _accuracy,
    "recall": _recall,
    "share_of_valid": _share_of_valid,
    "r": _agreement,
    "mae": _agreement,
    "mean": _agreement,
    "sd": _agreement,
    "alpha": _alpha,
    "bias": _bias,
    "mixed_bias": _mixed,
    "mixed_t": _mixed,
    "least_sd_within": _spread,
    "greatest_sd_within": _spread,
    "sd_ratio": _spread,
    "fewest_distinct": _spread,
    "most_distinct": _spread,
    "group_coefficient": _unknown_reference,
    "rater_variance": _people_variance,
    "rater_to_image_variance": _people_variance,
}
