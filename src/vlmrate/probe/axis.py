"""Do layers hold people's valence and arousal, and do they hold more of it than the model says?

For every scale that people rated an axis is learnt by ridge regression from activations to people's mean, and judged on
identities that had no part in it (`probe.ridge`). Beside its r stand those of the digit that the model said about the
same pictures and of its probability-weighted rating.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from vlmrate.probe.ceilings import Ceiling, ceiling
from vlmrate.probe.dealt import dealt
from vlmrate.probe.intervals import p_among
from vlmrate.probe.ridge import nested
from vlmrate.probe.spoken import said
from vlmrate.stats import (
    CorrelationDifference,
    Outcome,
    Skipped,
    compare_correlations,
    pearson_bootstrap,
    pearson_within_bootstrap,
    share_of_ceiling,
)
from vlmrate.stats.folds import cluster_folds

if TYPE_CHECKING:
    from collections.abc import Callable

    from vlmrate.inference.table import Results
    from vlmrate.probe.likeness import Layered
    from vlmrate.probe.separability import Way
    from vlmrate.probe.shown import Shown
    from vlmrate.probe.spoken import Rater, Said
    from vlmrate.study.records import Study

FOLDS = 5
NO_EMOTION = Skipped("the study names no emotion factor")


@dataclass(frozen=True, slots=True)
class AxisLayer:
    """One layer's own held-out r, over all pictures and within emotions; None where it is not defined.

    `p` is that of the largest r within emotions over all layers (without emotions: r overall); None where too few
    identities can change places.
    """

    layer: int
    r: float | None
    r_within: float | None
    p: float | None


@dataclass(frozen=True, slots=True)
class Beside:
    """The axis (first) beside another reading of the model (second) on the pictures that have both."""

    overall: CorrelationDifference | Skipped
    within: CorrelationDifference | Skipped


@dataclass(frozen=True, slots=True)
class Axis:
    """People's mean of one item from one array, on identities that had no part in learning it.

    `layers` are those chosen, a fold each; `p` is that of r within emotions where people's means changed places, the
    layer chosen anew each time; `p_holm` is corrected for all axes of the command. Shares are of the ceilings.
    """

    images: int
    identities: int
    r: Outcome
    r_within: Outcome
    p: float | None
    p_holm: float | None
    layers: tuple[int, ...]
    ceiling: Ceiling
    share: Outcome
    share_within: Outcome
    digit: Beside | Skipped
    expected: Beside | Skipped
    by_layer: tuple[AxisLayer, ...]


@dataclass(frozen=True, slots=True)
class ItemOutcome:
    """An item, and what was found of it or why nothing could be."""

    item: str
    found: Axis | Skipped


@dataclass(frozen=True, slots=True, eq=False)
class Answers:
    """Whose ratings stand beside a capture, or why none do."""

    results: Results
    rater: Rater | Skipped


def axes(model: Layered, shown: Shown, study: Study, answers: Answers, way: Way) -> tuple[ItemOutcome, ...]:
    """The axis of every scale that people rated, in one array of a capture."""
    return tuple(ItemOutcome(item, _axis(model, shown, study, item, answers, way)) for item in shown.people)


def _axis(model: Layered, shown: Shown, study: Study, item: str, answers: Answers, way: Way) -> Axis | Skipped:
    if shown.identity is None:
        return Skipped("folds keep identities whole, and the study names no identity factor")
    kept = ~np.isnan(shown.people[item]) & (shown.labels(shown.identity) != "")
    judged = shown.at(kept)
    identities, people = judged.labels(shown.identity).astype(str), judged.people[item]
    if (n := len(np.unique(identities))) < FOLDS:
        return Skipped(f"there must be {FOLDS} identities that people rated, and there are {n}")
    if np.ptp(people) == 0:
        return Skipped(f"people's means of {item} do not differ between pictures")
    spoken = answers.rater if isinstance(answers.rater, Skipped) else _said(answers, answers.rater, item, judged)
    best = ceiling(study, item, way.bootstrap.level)
    emotions = None if shown.emotion is None else judged.labels(shown.emotion).astype(str)
    task = Task(lambda layer: model.layer(layer)[kept], model.layers, people, identities, emotions, way)
    return task.axis(best, spoken)


def _said(answers: Answers, rater: Rater, item: str, judged: Shown) -> Said:
    return said(answers.results, rater, item, judged.ids)


@dataclass(frozen=True, slots=True, eq=False)
class Task:
    """People's means of one item, to be told from the layers of one array; `emotions` is None where there are none."""

    layer: Callable[[int], np.ndarray]
    layers: int
    people: np.ndarray
    identities: np.ndarray
    emotions: np.ndarray | None
    way: Way

    def axis(self, best: Ceiling, spoken: Said | Skipped) -> Axis:
        """All that is told of the axis; `spoken` are the rater's own ratings of the same pictures."""
        strata = np.zeros(len(self.people)) if self.emotions is None else self.emotions
        moved = dealt(self.identities, strata, self.way.permutations, self.way.seed)
        targets = self.people[:, None]
        if moved is not None:
            targets = np.hstack([targets, self.people[moved]])
        overall: list[float] = []
        within: list[np.ndarray] = []

        def each(predictions: np.ndarray) -> None:
            overall.append(float(correlations(predictions[:, :1], targets[:, :1], np.zeros(len(strata)))[0]))
            within.append(correlations(predictions, targets, strata))

        folds = cluster_folds(self.identities, FOLDS, seed=self.way.seed)
        found = nested(self.layer, self.layers, targets, folds, each)
        predicted, by_layer = found.predictions[:, 0], np.stack(within)
        r, r_within = self._r(predicted)
        chosen = correlations(found.predictions, targets, strata)
        p = _p(chosen[1:], float(chosen[0]))
        return Axis(
            images=len(self.people),
            identities=len(np.unique(self.identities)),
            r=r,
            r_within=r_within,
            p=p,
            p_holm=p,
            layers=tuple(map(int, found.layers[:, 0])),
            ceiling=best,
            share=share_of_ceiling(r, best.overall),
            share_within=share_of_ceiling(r_within, best.within),
            digit=spoken if isinstance(spoken, Skipped) else self._beside(predicted, spoken.digit),
            expected=spoken if isinstance(spoken, Skipped) else self._beside(predicted, spoken.expected),
            by_layer=self._by_layer(overall, by_layer),
        )

    def _r(self, predicted: np.ndarray) -> tuple[Outcome, Outcome]:
        clusters, bootstrap = self.identities, self.way.bootstrap
        overall = pearson_bootstrap(predicted, self.people, clusters=clusters, bootstrap=bootstrap)
        if self.emotions is None:
            return overall, NO_EMOTION
        return overall, pearson_within_bootstrap(
            predicted, self.people, self.emotions, clusters=clusters, bootstrap=bootstrap
        )

    def _beside(self, predicted: np.ndarray, other: np.ndarray) -> Beside | Skipped:
        if np.isnan(other).all():
            return Skipped("the rater gave no such number of these pictures")
        pairs = (predicted, self.people), (other, self.people)
        clusters, bootstrap = self.identities, self.way.bootstrap
        return Beside(
            overall=compare_correlations(*pairs, clusters=clusters, bootstrap=bootstrap),
            within=NO_EMOTION
            if self.emotions is None
            else compare_correlations(*pairs, groups=self.emotions, clusters=clusters, bootstrap=bootstrap),
        )

    def _by_layer(self, overall: list[float], within: np.ndarray) -> tuple[AxisLayer, ...]:
        largest = np.nan_to_num(within[:, 1:], nan=0.0).max(axis=0)
        return tuple(
            AxisLayer(
                layer=number,
                r=_known(r),
                r_within=None if self.emotions is None else _known(float(within[number, 0])),
                p=_p(largest, float(within[number, 0])),
            )
            for number, r in enumerate(overall)
        )


def correlations(predictions: np.ndarray, targets: np.ndarray, strata: np.ndarray) -> np.ndarray:
    """Pearson's r within strata, (targets,), of predictions (rows, targets); NaN where either side does not vary."""
    names, codes = np.unique(strata, return_inverse=True)
    one_hot = (codes[:, None] == np.arange(len(names))).astype(np.float64)
    counts = one_hot.sum(axis=0)[:, None]

    def centred(values: np.ndarray) -> np.ndarray:
        return np.asarray(values - one_hot @ (one_hot.T @ values / counts))

    x, y = centred(predictions), centred(targets)
    xx, yy, xy = (x**2).sum(axis=0), (y**2).sum(axis=0), (x * y).sum(axis=0)
    least = 1e-12 * len(strata)
    defined = (xx > least * predictions.var(axis=0)) & (yy > least * targets.var(axis=0))
    return np.asarray(np.where(defined, xy / np.sqrt(np.where(defined, xx * yy, 1.0)), np.nan))


def _p(by_chance: np.ndarray, found: float) -> float | None:
    """The permutation p, one-sided: the share of orders, the real one among them, that do as well; None without any."""
    if not len(by_chance) or np.isnan(found):
        return None
    return float(p_among(np.nan_to_num(by_chance, nan=0.0), found))


def _known(value: float) -> float | None:
    return None if np.isnan(value) else value
