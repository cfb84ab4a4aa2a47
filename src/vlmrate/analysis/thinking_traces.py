"""How long raters reason: tokens an image, by emotion, and beside the time that people take for the same image."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pandas as pd

from vlmrate import stats
from vlmrate.analysis.asked import ALL
from vlmrate.inference.table import UNASKED
from vlmrate.stats import Outcome, Share, Skipped

if TYPE_CHECKING:
    from collections.abc import Iterator

    from vlmrate.analysis.data import Material, RaterRun

WITHIN = "within emotions"
"""The name of the row that pools all emotions, each image ranked among those of its own."""
NO_TIMES = Skipped("the study names no column of people's response times (response_time in study.yaml)")
NEVER = Skipped("the rater never reasoned")


@dataclass(frozen=True, slots=True)
class TraceLength:
    """Tokens of reasoning an image, all its prompts together (the mean over repeats), in the images of one emotion.

    `level` is an emotion or all images. `reasoned` counts the images with any reasoning, `spent` the prompts whose
    reasoning took the whole budget, None where none was set.
    """

    level: str
    mean: Outcome
    median: float
    reasoned: Share
    spent: Share | None


@dataclass(frozen=True, slots=True)
class TimeRelation:
    """Spearman's rho of the tokens of reasoning and people's median response time, over images.

    `level` is an emotion, all images, or all emotions pooled with each image ranked within its own.
    """

    level: str
    rho: Outcome


@dataclass(frozen=True, slots=True)
class RaterTraces:
    """One rater's reasoning; `thinking` and `budget` (tokens a prompt) are as its settings say, None where they do not.

    Lengths by emotion follow the one over all images where the rater ever reasoned.
    """

    rater: str
    thinking: str | None
    budget: int | None
    lengths: tuple[TraceLength, ...]
    times: tuple[TimeRelation, ...] | Skipped


@dataclass(frozen=True, slots=True, eq=False)
class _Traces:
    """Tokens of reasoning by image (index image_id) and prompt by prompt, with the prompt's image."""

    by_image: pd.Series[float]
    by_prompt: pd.Series[float]


def rater_traces(material: Material) -> tuple[RaterTraces, ...]:
    """Every rater that tells how much it reasoned."""
    found = ((rater, _traces(material, rater)) for rater in material.raters)
    return tuple(_rater(material, rater, traces) for rater, traces in found if traces is not None)


def _traces(material: Material, rater: RaterRun) -> _Traces | None:
    """The prompts of images whose every prompt has a known number of tokens; None where there are none."""
    asked = [material.rows(rater, item) for item in material.study.items if rater in material.asked(item)]
    if not asked:
        return None
    rows = pd.concat(asked)
    # Several items may be answered to one prompt; its reasoning counts once.
    prompts = rows[rows["route"] != UNASKED].drop_duplicates(["image_id", "repeat", "step"])
    tokens = pd.to_numeric(prompts["reasoning_tokens"])
    known = tokens.notna().groupby(prompts["image_id"]).transform("all")
    if not known.any():
        return None
    tokens, prompts = tokens[known], prompts[known]
    of_repeats = tokens.groupby([prompts["image_id"], prompts["repeat"]]).sum()
    means = of_repeats.groupby("image_id").mean()
    ids = material.images.ids[material.images.ids.isin(means.index)]
    return _Traces(means.reindex(ids), tokens.set_axis(pd.Index(prompts["image_id"])))


def _rater(material: Material, rater: RaterRun, traces: _Traces) -> RaterTraces:
    told = rater.run.settings.get("thinking"), rater.run.settings.get("thinking_tokens")
    budget = told[1] if isinstance(told[1], int) and told[1] > 0 else None
    ever = bool((traces.by_image > 0).any())
    levels = _levels(material, traces.by_image) if ever else [(ALL, traces.by_image.index)]
    return RaterTraces(
        rater=rater.name,
        thinking=None if told[0] is None else str(told[0]),
        budget=budget,
        lengths=tuple(_length(material, traces, name, ids, budget) for name, ids in levels),
        times=_times(material, traces.by_image) if ever else NEVER,
    )


def _levels(material: Material, lengths: pd.Series[float]) -> list[tuple[str, pd.Index]]:
    """All images, then those of each emotion that has any."""
    emotion = material.images.emotion
    if emotion is None:
        return [(ALL, lengths.index)]
    own = emotion.reindex(lengths.index)
    by_level = [(level, lengths.index[own == level]) for level in material.images.emotions]
    return [(ALL, lengths.index), *((level, ids) for level, ids in by_level if len(ids))]


def _length(material: Material, traces: _Traces, level: str, ids: pd.Index, budget: int | None) -> TraceLength:
    tokens = traces.by_image[ids]
    prompts = traces.by_prompt[traces.by_prompt.index.isin(ids)]
    spent = None if budget is None else Share(int((prompts >= budget).sum()), len(prompts), "prompts")
    clusters = material.images.clusters.reindex(ids)
    return TraceLength(
        level=level,
        mean=stats.mean_sd(tokens, clusters=clusters, bootstrap=material.bootstrap).mean,
        median=float(tokens.median()),
        reasoned=Share(int((tokens > 0).sum()), len(tokens), "images"),
        spent=spent,
    )


def _times(material: Material, lengths: pd.Series[float]) -> tuple[TimeRelation, ...] | Skipped:
    people = material.study.ratings
    if people is None or people.response_time is None:
        return NO_TIMES
    times = people.log_times()
    beside = times.set_axis(times.index.astype(object)).reindex(lengths.index)
    return tuple(_relations(material, lengths, beside))


def _relations(material: Material, lengths: pd.Series[float], times: pd.Series[float]) -> Iterator[TimeRelation]:
    for level, ids in _levels(material, lengths):
        clusters = material.images.clusters.reindex(ids)
        rho = stats.spearman_bootstrap(lengths[ids], times[ids], clusters=clusters, bootstrap=material.bootstrap)
        yield TimeRelation(level, rho)
        if level == ALL and material.images.emotion is not None:
            yield TimeRelation(WITHIN, _within(material, material.images.emotion, lengths, times))


def _within(material: Material, emotion: pd.Series[str], lengths: pd.Series[float], times: pd.Series[float]) -> Outcome:
    """Pearson's r, pooled within emotions, of the ranks that images have within their emotion."""
    there = lengths.notna() & times.notna()
    own = emotion.reindex(lengths.index)[there]
    thought, taken = (values[there].groupby(own).rank() for values in (lengths, times))
    clusters = material.images.clusters.reindex(lengths.index)[there]
    return stats.pearson_within_bootstrap(thought, taken, own, clusters=clusters, bootstrap=material.bootstrap)
