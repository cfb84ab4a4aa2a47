"""How far a model's distribution of answers lies from people's: Jensen-Shannon, earth mover's distance, entropy.

A model gives one answer an image, people give many. The people's distribution is the mean over images of each image's
distribution, so that every image counts the same on both sides. Estimates from few images come out too large: of two
samples of one distribution, no two histograms are alike. Therefore *one random person an image*, who gives as many
answers as the model, stands beside each distance: what a rater without any peculiarity would show.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
import pandas as pd
from scipy.special import xlogy

from vlmrate.errors import AnalysisError
from vlmrate.stats._arrays import (
    Column,
    FloatArray,
    IntArray,
    as_codes,
    as_names,
    declared,
    in_order,
    label_codes,
    one_hot,
    require_aligned,
    require_count,
)
from vlmrate.stats.bootstrap import DEFAULT, Bootstrap, bootstrap_sums, resample_sums
from vlmrate.stats.confusion import INVALID
from vlmrate.stats.distribution import DRAWS, ByImage, looked_up, middle_of, require_by_image
from vlmrate.stats.estimate import Outcome, Skipped

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

Support: TypeAlias = "Sequence[Any]"
"""Every answer that the scale allows, in its order: the labels, or the points of a Likert scale."""


@dataclass(frozen=True, slots=True)
class AnswerDistances:
    """How the answers of a model and of people differ in distribution, over one group of images."""

    group: Any
    n: int
    """Images with the model's answer and at least one person's."""
    jensen_shannon: Outcome
    """Jensen-Shannon distance, base 2: 0 for the same distribution, 1 for no answer in common."""
    divergence: Outcome
    """Jensen-Shannon divergence in bits, the square of that distance."""
    earth_mover: Outcome
    """Earth mover's distance in scale points; Skipped for labels, which have no order."""
    one_person_jensen_shannon: Outcome
    """The same of one random person an image; the interval holds the middle of the draws."""
    one_person_earth_mover: Outcome
    entropy_model: Outcome
    """Entropy of the model's answers in bits."""
    entropy_people: Outcome


def answer_distances(
    model: ByImage,
    ratings: ByImage,
    support: Support,
    *,
    groups: ByImage | None = None,
    clusters: ByImage | None = None,
    bootstrap: Bootstrap = DEFAULT,
    draws: int = DRAWS,
    order: Sequence[Any] | None = None,
) -> tuple[AnswerDistances, ...]:
    """Compare the distributions of answers in every group (emotion), or over all images where none is named.

    `model` has one answer an image, `ratings` one entry a rating; both, and `groups` and `clusters`, are indexed by
    image_id. With p and q the two distributions over `support` and m = (p + q) / 2, the divergence is H(m) - (H(p) +
    H(q)) / 2 with H(p) = -sum p log2 p (Lin 1991, IEEE Transactions on Information Theory 37, 145-151), the distance
    its root. The earth mover's distance is sum |P - Q| x gap over the steps of the scale, P and Q being cumulated.
    Intervals: bootstrap over clusters of the plug-in value, both sides resampled together. They are too high where
    the true distance is near 0; `one_person_...` is the value to hold it against. Missing answers are left out; an
    answer outside `support` raises `AnalysisError`. Skipped: a group without images or with one cluster.

    >>> images = [f"{i}.jpg" for i in range(6)]
    >>> people = pd.Series([3, 4, 5, 4, 5, 6, 2, 3, 4, 5, 5, 6], index=[i for i in images for _ in range(2)])
    >>> (all_images,) = answer_distances(pd.Series([2, 2, 8, 2, 2, 8], index=images), people, range(1, 10))
    >>> round(all_images.jensen_shannon.value, 4), round(all_images.earth_mover.value, 4)
    (0.9007, 2.0)
    """
    require_count(draws, 1, "The number of draws")
    paired = _Histograms.of(model, ratings, support)
    if groups is None:
        return (_distances("all images", paired, clusters, bootstrap, draws),)
    of_image = looked_up(groups, model.index, "group")
    codes, names = as_codes(of_image, "groups")
    inside = {name: model.index[codes == names.index(name)] for name in in_order(names, order)}
    return tuple(_distances(name, paired.among(images), clusters, bootstrap, draws) for name, images in inside.items())


def entropy(
    answers: Column, support: Support, *, clusters: Column | None = None, bootstrap: Bootstrap = DEFAULT
) -> Outcome:
    """Return the entropy of the answers in bits, -sum p log2 p, between 0 (one answer) and log2 of the support.

    Shannon 1948, Bell System Technical Journal 27, 379-423. The plug-in value, which lies low for few answers.
    Answers that are missing or "invalid" are left out; others outside the support are refused. Skipped where none
    stays.

    >>> entropy(["sad", "sad", "happy", "fear"], ["happy", "sad", "fear"]).value
    1.5
    """
    require_aligned(answers=answers, clusters=clusters)
    index = _index(support)
    read = [None if isinstance(answer, str) and answer == INVALID else answer for answer in answers]
    codes = label_codes(read, declared(list(index)), "answers")
    valid = codes >= 0
    if not valid.any():
        return Skipped("no answer is valid")
    sums = one_hot(codes[valid], len(index))
    kept = None if clusters is None else as_names(clusters)[valid]
    return bootstrap_sums(sums, _entropy, name="entropy of answers, bits", clusters=kept, bootstrap=bootstrap)


@dataclass(frozen=True, slots=True)
class _Histograms:
    """Images that both answered: the model's answer one-hot, people's as shares, and how people's can be drawn."""

    images: pd.Index
    model: FloatArray
    """Shape (n, support)."""
    people: FloatArray
    """Shape (n, support); rows sum to 1."""
    steps: FloatArray | None
    """Gaps between neighbouring points of the scale; None for labels."""

    @classmethod
    def of(cls, model: ByImage, ratings: ByImage, support: Support) -> _Histograms:
        require_by_image(model, "model", once=True)
        require_by_image(ratings, "ratings")
        there, given = ratings.dropna(), model.dropna()
        image = given.index.get_indexer(there.index)
        there, image = there[image >= 0], image[image >= 0]
        both, image = np.unique(image, return_inverse=True)
        images, index = given.index[both], _index(support)
        k = len(index)
        answered = one_hot(_codes(given.iloc[both], index, "model"), k)
        cells = image * k + _codes(there, index, "people")
        counts = np.bincount(cells, minlength=len(images) * k).reshape(len(images), k)
        return cls(images, answered, counts / counts.sum(axis=1, keepdims=True), _steps(support))

    def among(self, images: pd.Index) -> _Histograms:
        inside = self.images.isin(images)
        return _Histograms(self.images[inside], self.model[inside], self.people[inside], self.steps)

    def one_person(self, draws: int, seed: int) -> FloatArray:
        """Return how often each answer is given when one person an image is drawn: shape (draws, support)."""
        rng = np.random.default_rng(seed)
        cumulated = np.cumsum(self.people, axis=1)
        cumulated[:, -1] = 1.0
        counts = np.empty((draws, self.people.shape[1]))
        for count in counts:
            chosen = (rng.random((len(cumulated), 1)) >= cumulated).sum(axis=1)
            count[:] = np.bincount(chosen, minlength=len(count))
        return counts


def _distances(
    group: Any, paired: _Histograms, clusters: ByImage | None, bootstrap: Bootstrap, draws: int
) -> AnswerDistances:
    n, k = paired.model.shape
    if n == 0:
        return AnswerDistances(group, 0, *([Skipped("no image was answered by both")] * 7))
    identities = None if clusters is None else looked_up(clusters, paired.images, "cluster")
    drawn = resample_sums(np.column_stack([paired.model, paired.people]), clusters=identities, bootstrap=bootstrap)
    if isinstance(drawn, Skipped):
        return AnswerDistances(group, n, *([drawn] * 7))
    no_order = Skipped("labels have no order: the earth mover's distance is not defined")
    people = paired.people.sum(axis=0)
    one_person = paired.one_person(draws, bootstrap.seed)
    both_sides = np.column_stack([one_person, np.broadcast_to(people, one_person.shape)])

    def of_person(distance: Callable[[FloatArray], FloatArray], name: str) -> Outcome:
        return middle_of(distance(both_sides), f"{name} of one random person an image", n, bootstrap.level)

    steps = paired.steps
    shannon, mover = "Jensen-Shannon distance, base 2", "earth mover's distance"
    return AnswerDistances(
        group,
        n,
        jensen_shannon=drawn.estimate(lambda t: np.sqrt(_divergence(t)), name=shannon),
        divergence=drawn.estimate(_divergence, name="Jensen-Shannon divergence, bits"),
        earth_mover=no_order if steps is None else drawn.estimate(lambda t: _earth_mover(t, steps), name=mover),
        one_person_jensen_shannon=of_person(lambda t: np.sqrt(_divergence(t)), shannon),
        one_person_earth_mover=no_order if steps is None else of_person(lambda t: _earth_mover(t, steps), mover),
        entropy_model=drawn.estimate(lambda t: _entropy(t[:, :k]), name="entropy of the model's answers, bits"),
        entropy_people=drawn.estimate(lambda t: _entropy(t[:, k:]), name="entropy of people's answers, bits"),
    )


def _shares(totals: FloatArray) -> FloatArray:
    shares: FloatArray = totals / totals.sum(axis=1, keepdims=True)
    return shares


def _entropy(totals: FloatArray) -> FloatArray:
    p = _shares(totals)
    bits: FloatArray = -xlogy(p, p).sum(axis=1) / np.log(2)
    return np.maximum(bits, 0.0)


def _two_sides(totals: FloatArray) -> tuple[FloatArray, FloatArray]:
    k = totals.shape[1] // 2
    return _shares(totals[:, :k]), _shares(totals[:, k:])


def _divergence(totals: FloatArray) -> FloatArray:
    """Return the divergence in bits of totals (B, 2 x support): the model's, then people's."""
    p, q = _two_sides(totals)
    return np.clip(_entropy((p + q) / 2) - (_entropy(p) + _entropy(q)) / 2, 0.0, 1.0)


def _earth_mover(totals: FloatArray, steps: FloatArray) -> FloatArray:
    p, q = _two_sides(totals)
    moved: FloatArray = np.abs(np.cumsum(p - q, axis=1)[:, :-1]) @ steps
    return moved


def _index(support: Support) -> pd.Index:
    index: pd.Index = pd.Index(list(support))
    if not index.is_unique or len(index) < 2:
        raise AnalysisError(f"The support must name two answers or more, each once: {list(support)}.")
    return index


def _codes(answers: ByImage, support: pd.Index, whose: str) -> IntArray:
    codes = support.get_indexer(pd.Index(answers.to_numpy()))
    unknown = sorted({str(answer) for answer in answers[codes < 0]})
    if unknown:
        raise AnalysisError(f"Answers of the {whose} outside the support: {', '.join(unknown[:5])}.")
    return codes.astype(np.int64)


def _steps(support: Support) -> FloatArray | None:
    if not all(isinstance(point, int | float | np.number) for point in support):
        return None
    steps = np.diff(np.asarray(support, dtype=np.float64))
    if (steps <= 0).any():
        raise AnalysisError("The points of a scale must ascend.")
    return steps
