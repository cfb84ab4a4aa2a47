"""Thinking on against off: two runs of one model that differ in nothing else, image by image.

Differences are first minus second, and the first is the one that thinks, or may think longer.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import combinations
from typing import TYPE_CHECKING

from vlmrate import stats
from vlmrate.analysis.asked import ALL, NO_TEST
from vlmrate.stats import Adjusted, Estimate, Outcome, Share, Skipped, TestOutcome
from vlmrate.study.records import Labels

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd

    from vlmrate.analysis.data import Material, RaterRun
    from vlmrate.inference.table import RunOutcome
    from vlmrate.raters.base import Settings
    from vlmrate.study.records import Item

_OF_THINKING = ("thinking", "reasoning")
# Those that say how it was brought about, and not how much was asked for.
_MEANS = frozenset({"thinking", "thinking_tokens", "thinking_how", "thinking_marks", "thinking_cap"})
# An answer after reasoning needs more tokens where a server counts both together.
_ALLOWANCE = ("max_tokens", "max_completion_tokens", "max_output_tokens")
# What is known of a model beside what decides its answers; two names of one model may say it in other words.
_ABOUT = frozenset({"family", "parameters", "revision"})
_STATES = {"off": 0, "default": 1, "on": 2}


@dataclass(frozen=True, slots=True)
class LabelEffect:
    """What thinking changes in the images of one intended label, or in all.

    `only_first` and `only_second` count the images that one of the two has right; an invalid answer is an error. `holm`
    corrects the tests of the labels; the one over all images is not among them.
    """

    level: str
    only_first: int
    only_second: int
    first: Share
    second: Share
    difference: Outcome
    test: TestOutcome
    holm: Adjusted | Skipped


@dataclass(frozen=True, slots=True)
class ItemLabelEffects:
    """One item with intended labels: all images first, then label by label; `family_size` tests are corrected."""

    item: str
    family_size: int
    levels: tuple[LabelEffect, ...]


@dataclass(frozen=True, slots=True)
class ItemScaleEffect:
    """What thinking changes in one scale: the difference in r and MAE against people's means."""

    item: str
    n: int
    r: Outcome
    mae: Outcome


@dataclass(frozen=True, slots=True)
class ThinkingPair:
    """Two runs that are the same but for thinking, on the images that both rated."""

    first: str
    second: str
    labels: tuple[ItemLabelEffects, ...]
    scales: tuple[ItemScaleEffect, ...]


def thinking_pairs(material: Material) -> tuple[ThinkingPair, ...]:
    """Every two runs that are the same but for thinking, the one that thinks more first."""
    found = []
    for one, other in combinations(material.raters, 2):
        if same_but_for_thinking(one.run, other.run):
            first, second = sorted((one, other), key=lambda rater: _amount(rater.run.settings), reverse=True)
            found.append(_pair(material, first, second))
    return tuple(found)


def same_but_for_thinking(first: RunOutcome, second: RunOutcome) -> bool:
    """Whether two runs asked one model in one way, and differ in how it was to think.

    One model is one digest of its files, or one name at one address. What it was allowed to say in all may differ.
    """
    known = _model(first.settings)
    return (
        known is not None
        and known == _model(second.settings)
        and first.protocol == second.protocol
        and _others(first.settings) == _others(second.settings)
        and _amount(first.settings) != _amount(second.settings)
    )


def _model(settings: Settings) -> tuple[object, ...] | None:
    if settings.get("model_digest") is not None:
        return (settings["model_digest"],)
    named = settings.get("url"), settings.get("model")
    return None if None in named else named


def _others(settings: Settings) -> dict[str, object]:
    """All that must be equal."""
    # A digest says which model it is; the name by which it was asked for then does not matter.
    left_out = {*_ABOUT, "model"} if settings.get("model_digest") is not None else _ABOUT
    return {
        name: value
        for name, value in settings.items()
        if name not in left_out and not name.startswith((*_OF_THINKING, *_ALLOWANCE))
    }


def _amount(settings: Settings) -> tuple[int, float, tuple[str, ...]]:
    """How much thinking is asked for: off, as the model likes or on, the budget, and whatever else is said of it."""
    tokens = settings.get("thinking_tokens")
    budget = float(tokens) if isinstance(tokens, int | float) else 0.0
    state = _STATES.get(str(settings.get("thinking")), 2 if budget > 0 else 0)
    more = sorted(name for name in settings if name.startswith(_OF_THINKING) and name not in _MEANS)
    return state, budget, tuple(f"{name}={settings[name]}" for name in more)


def _pair(material: Material, first: RaterRun, second: RaterRun) -> ThinkingPair:
    both = [item for item in material.study.items if all(r in material.asked(item) for r in (first, second))]
    return ThinkingPair(
        first=first.name,
        second=second.name,
        labels=tuple(
            _labels(material, first, second, item)
            for item in both
            if item.intended is not None and isinstance(item.scale, Labels)
        ),
        scales=tuple(_scale(material, first, second, item) for item in both if item in material.scale_items),
    )


def _labels(material: Material, first: RaterRun, second: RaterRun, item: Item) -> ItemLabelEffects:
    one, other = material.labels(first, item), material.labels(second, item)
    shared = one.answer.index[one.answer.index.isin(other.answer.index)]
    truth, clusters = one.intended[shared], one.clusters[shared]
    right = one.answer[shared] == truth, other.answer[shared] == truth
    options = item.scale.options if isinstance(item.scale, Labels) else ()
    levels = [option for option in options if (truth == option).any()]
    overall = _effect(material, ALL, right, clusters)
    effects = [_of_level(material, level, right, clusters, truth) for level in levels]
    family = stats.Family.of(f"McNemar over the labels of {item.name}", {e.level: e.test for e in effects})
    holm: Mapping[str, Adjusted] = {adjusted.test: adjusted for adjusted in stats.holm(family)}
    corrected = (replace(effect, holm=holm.get(effect.level, NO_TEST)) for effect in effects)
    return ItemLabelEffects(item.name, family.size, (overall, *corrected))


def _of_level(
    material: Material,
    level: str,
    right: tuple[pd.Series[bool], pd.Series[bool]],
    clusters: pd.Series[str],
    truth: pd.Series[str],
) -> LabelEffect:
    there = truth == level
    return _effect(material, level, (right[0][there], right[1][there]), clusters[there])


def _effect(
    material: Material, level: str, right: tuple[pd.Series[bool], pd.Series[bool]], clusters: pd.Series[str]
) -> LabelEffect:
    first, second = right
    apart = first.astype(float) - second.astype(float)
    difference = stats.mean_sd(apart, clusters=clusters, bootstrap=material.bootstrap).mean
    if isinstance(difference, Estimate):
        difference = replace(difference, method=f"difference in accuracy: {difference.method}")
    return LabelEffect(
        level=level,
        only_first=int((first & ~second).sum()),
        only_second=int((second & ~first).sum()),
        first=Share(int(first.sum()), len(first), "images"),
        second=Share(int(second.sum()), len(second), "images"),
        difference=difference,
        test=stats.mcnemar(first, second),
        holm=NO_TEST,
    )


def _scale(material: Material, first: RaterRun, second: RaterRun, item: Item) -> ItemScaleEffect:
    one, other = material.scale(first, item), material.scale(second, item)
    shared = one.value.index[one.value.index.isin(other.value.index)]
    a, b, people = one.value[shared], other.value[shared], one.people[shared]
    n = int((a.notna() & b.notna() & people.notna()).sum())
    if (without := material.without_people(item)) is not None:
        return ItemScaleEffect(item.name, int((a.notna() & b.notna()).sum()), without, without)
    clusters = material.images.clusters.reindex(shared)
    apart = stats.compare_dimensional(a, b, people, clusters=clusters, bootstrap=material.bootstrap)
    if isinstance(apart, Skipped):
        return ItemScaleEffect(item.name, n, apart, apart)
    return ItemScaleEffect(item.name, n, apart.pearson, apart.mae)
