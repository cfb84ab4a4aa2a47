"""Measures of several arms over the same pictures: what each comes to, and by how much arms differ.

All arms of a measure share their resamples of identities, so that differences are paired.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.special import stdtr, stdtrit

from vlmrate.stats import Estimate, Outcome, Skipped, TestResult, resample_sums
from vlmrate.stats.confusion import CodedLabels
from vlmrate.stats.estimate import NO_ERROR
from vlmrate.stats.jackknife import jackknife_t
from vlmrate.stats.kappa import kappa_of
from vlmrate.study.records import Labels, Likert

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from vlmrate.probe.arms import Answers, ItemAnswers
    from vlmrate.probe.shown import Shown
    from vlmrate.stats import Bootstrap, ResampledSums, TestOutcome

    Statistic = Callable[[np.ndarray], np.ndarray]
    """Totals (B, S) of one arm to values (B,)."""


@dataclass(frozen=True, slots=True, eq=False)
class Beside:
    """One measure in several arms over the same pictures, from one draw of identities; arms go by number."""

    name: str
    drawn: ResampledSums | Skipped
    statistic: Statistic
    arms: int

    def of(self, arm: int) -> Outcome:
        """What the measure comes to in an arm."""
        return self._estimate({arm: 1.0}, self.name)

    def mean(self, arms: Sequence[int]) -> Outcome:
        """The mean of what it comes to in some arms."""
        return self._estimate(dict.fromkeys(arms, 1 / len(arms)), self.name)

    def change(self, arm: int, reference: int = 0) -> Outcome:
        """By how much it is larger in one arm than in another."""
        return self._estimate({arm: 1.0, reference: -1.0}, f"change in {self.name}, paired")

    def mean_change(self, arms: Sequence[int], reference: int = 0) -> Outcome:
        """By how much it is larger in some arms than in another, the mean over these arms."""
        weights = dict.fromkeys(arms, 1 / len(arms)) | {reference: -1.0}
        return self._estimate(weights, f"change in {self.name}, paired, mean of {len(arms)}")

    def test(self, arm: int, reference: int = 0) -> TestOutcome:
        """Two-sided t of a change over its jackknife standard error, identities left out in turn."""
        if isinstance(self.drawn, Skipped):
            return self.drawn
        whole, left = self._whole_and_left({arm: 1.0, reference: -1.0}, self.drawn)
        return jackknife_t(left, whole, name=f"change in {self.name}", n=self.drawn.n)

    def beyond(self, arm: int, controls: Sequence[int], level: float = 0.95) -> tuple[Outcome, TestOutcome]:
        """By how much an arm differs from controls of its kind, of which those tried are a few of many.

        The mean difference, its variance that of the identities (jackknife) and that of one control among all:
        s² (1 + 1 / K) of K controls. Interval and test are t with K − 1 degrees of freedom.
        """
        if isinstance(self.drawn, Skipped):
            return self.drawn, self.drawn
        k = len(controls)
        value, left = self._whole_and_left({arm: 1.0} | dict.fromkeys(controls, -1 / k), self.drawn)
        apart = np.array([self._whole_and_left({control: 1.0}, self.drawn)[0] for control in controls])
        g = len(left)
        variance = (g - 1) / g * float(((left - left.mean()) ** 2).sum()) + float(apart.var(ddof=1)) * (1 + 1 / k)
        if not np.isfinite(variance) or variance < NO_ERROR**2:
            why = Skipped(f"{self.name}: without variance there is no test against random directions")
            return why, why
        how = f"t over identities (jackknife, {g:,}) and {k:,} random directions"
        t, half = value / np.sqrt(variance), float(stdtrit(k - 1, (1 + level) / 2)) * float(np.sqrt(variance))
        n = self.drawn.n
        return (
            Estimate(value, value - half, value + half, level, n, f"{self.name} beyond random; {how}"),
            TestResult(float(t), float(2 * stdtr(k - 1, -abs(t))), float(k - 1), f"{how}, two-sided", n),
        )

    def _estimate(self, weights: Mapping[int, float], name: str) -> Outcome:
        if isinstance(self.drawn, Skipped):
            return self.drawn
        return self.drawn.estimate(lambda totals: self._weighted(totals, weights), name=name)

    def _whole_and_left(self, weights: Mapping[int, float], drawn: ResampledSums) -> tuple[float, np.ndarray]:
        """A weighted sum over arms, of all pictures and with each identity left out."""
        with np.errstate(divide="ignore", invalid="ignore"):
            whole = self._weighted(drawn.observed[None, :], weights)
            return float(whole[0]), self._weighted(drawn.left_out, weights)

    def _weighted(self, totals: np.ndarray, weights: Mapping[int, float]) -> np.ndarray:
        width = totals.shape[1] // self.arms
        return np.asarray(
            sum(weight * self.statistic(totals[:, arm * width : (arm + 1) * width]) for arm, weight in weights.items())
        )


def beside(
    name: str, sums: Sequence[np.ndarray], statistic: Statistic, clusters: np.ndarray, bootstrap: Bootstrap
) -> Beside:
    """A measure from sums (pictures, S) an arm; pictures that lack a number in any arm are left out of all."""
    there = np.all([np.isfinite(one).all(axis=1) for one in sums], axis=0)
    if not there.any():
        return Beside(name, Skipped(f"{name}: no picture has it in every arm"), statistic, len(sums))
    kept = np.hstack([one[there] for one in sums])
    return Beside(name, resample_sums(kept, clusters=clusters[there], bootstrap=bootstrap), statistic, len(sums))


def mean_beside(name: str, values: np.ndarray, clusters: np.ndarray, bootstrap: Bootstrap) -> Beside:
    """The mean over pictures of values (arms, pictures), NaN where there is none."""
    sums = [np.column_stack([np.ones(len(one)), one]) for one in values.astype(np.float64)]
    return beside(name, sums, lambda totals: totals[:, 1] / totals[:, 0], clusters, bootstrap)


def kappa_beside(labels: ItemAnswers, truth: np.ndarray, clusters: np.ndarray, bootstrap: Bootstrap) -> Beside:
    """Cohen's kappa against the intended label, an answer that could not be read a category of its own."""
    options = labels.item.answers
    k, known = len(options), np.isin(truth.astype(str), options)
    codes = np.array([options.index(name) for name in truth[known]])
    cells = [CodedLabels(codes, np.where(said < 0, k, said), options).cells() for said in labels.given[:, known]]
    return beside("kappa", cells, lambda totals: kappa_of(totals.reshape(-1, k, k + 1)), clusters[known], bootstrap)


def right(labels: ItemAnswers, truth: np.ndarray) -> np.ndarray:
    """1 where the intended label was said, else 0 (arms, pictures); NaN where the study gives no label that counts."""
    options = labels.item.answers
    number = {option: i for i, option in enumerate(options)}
    codes = np.array([number.get(str(name), -2) for name in truth])
    return np.where(codes == -2, np.nan, labels.given == codes)


def invalid(answers: Answers) -> np.ndarray:
    """The share of a picture's answers that could not be read or were not asked (arms, pictures)."""
    return np.asarray(np.mean([one.given < 0 for one in answers.items.values()], axis=0))


def label_item(answers: Answers) -> ItemAnswers | None:
    """The first item that is answered with a label."""
    return next((one for one in answers.items.values() if isinstance(one.item.scale, Labels)), None)


def scale_items(answers: Answers) -> tuple[ItemAnswers, ...]:
    """The items that are answered with a number."""
    return tuple(one for one in answers.items.values() if isinstance(one.item.scale, Likert))


def intended(labels: ItemAnswers, shown: Shown) -> np.ndarray | Skipped:
    """The intended label of every picture: of the column that the item names, else of the emotions shown."""
    column = labels.item.intended or shown.emotion
    if column is None or column not in shown.columns:
        return Skipped(f"the study says of no picture which {labels.item.name} is right")
    truth = shown.labels(column)
    if not np.isin(truth.astype(str), labels.item.answers).any():
        return Skipped(f"no picture shows one of the labels of {labels.item.name}")
    return truth
