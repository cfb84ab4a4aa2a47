"""Principal components of emotions' directions, and whether people's ratings lie along them.

No component is taken for valence or arousal: all that hold a tenth of the variance are tried with every item, and p is
that of the largest |r| of them all where emotions are permuted, so that the search is paid for.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from vlmrate import stats
from vlmrate.probe.orders import orders_of, p_over_orders
from vlmrate.probe.shown import shown, shown_in
from vlmrate.stats import Estimate, Outcome, Skipped

if TYPE_CHECKING:
    from vlmrate.probe.labelled import Labelled
    from vlmrate.probe.separability import Way
    from vlmrate.probe.store import Capture
    from vlmrate.study.records import Study

LEAST_SHARE = 0.1
"""Share of the variance that a component must hold to be tried."""
LEAST_EMOTIONS = 4
"""Emotions that a correlation over them needs."""


@dataclass(frozen=True, slots=True)
class Component:
    """A component of emotions' effects, counted from 1: its share of variance, and each emotion's score."""

    number: int
    share: Outcome
    scores: tuple[tuple[str, float], ...]


@dataclass(frozen=True, slots=True)
class Along:
    """People's means of an item along a component.

    `r` is |r| over emotions with Fisher's interval and `p` pays for having searched components and items. `overall` and
    `within` (emotions) are r over the pictures of one half, along the other half's component that is most like it, the
    sign being that of r over emotions in that other half.
    """

    component: int
    item: str
    r: Outcome
    p: float | None
    overall: Outcome
    within: Outcome


@dataclass(frozen=True, slots=True, eq=False)
class Held:
    """Components of one half of the identities, laid on the pictures of the other.

    `axes` are those of the components that are told (components, width); `effects` those of the emotions `names` in the
    one half, `values` what was measured of the other's pictures, and `others` which of all rows they are.
    """

    axes: np.ndarray
    effects: np.ndarray
    names: tuple[str, ...]
    values: np.ndarray
    others: np.ndarray

    def scores(self, number: int, means: dict[str, float]) -> np.ndarray:
        """Scores of the pictures along the component most like the one of that number, counted from 1."""
        left, spread, axes = np.linalg.svd(self.effects, full_matrices=False)
        own = int(np.abs(axes[: len(self.names) - 1] @ self.axes[number - 1]).argmax())
        known = [i for i, name in enumerate(self.names) if name in means]
        trained = (left * spread)[known, own]
        sign = 1.0 if _r(trained, np.array([means[self.names[i]] for i in known])) >= 0 else -1.0
        return np.asarray(sign * self.values @ axes[own])


@dataclass(frozen=True, slots=True, eq=False)
class People:
    """People's means by item: of every row, and of every emotion; rows' emotions and identities."""

    rows: dict[str, np.ndarray]
    emotions: dict[str, dict[str, float]]
    labels: np.ndarray
    units: np.ndarray


def people_of(capture: Capture, study: Study, labelled: Labelled) -> People | Skipped:
    """What people rated, by emotion over all pictures of the study, and by row where rows are pictures."""
    everything = shown(study, [stimulus.image_id for stimulus in study.stimuli])
    if not everything.people:
        return Skipped("nobody rated the study's pictures with numbers")
    if everything.emotion is None:
        return Skipped("the study names no emotion under factors")
    emotion = everything.labels(everything.emotion)
    by_emotion = {
        item: {name: mean for name in labelled.classes if np.isfinite(mean := _mean(values[emotion == name]))}
        for item, values in everything.people.items()
    }
    rows = {} if labelled.texts else shown_in(capture, study).at(labelled.rows).people
    return People(dict(rows), by_emotion, labelled.labels, labelled.units)


def components(
    effects: np.ndarray, names: tuple[str, ...], shares: tuple[Outcome, ...]
) -> tuple[tuple[Component, ...], np.ndarray]:
    """The components of effects (emotions, width), largest first, and their axes (components, width).

    One fewer than emotions, since effects sum to zero; of each sign the one whose largest score is above 0.
    """
    left, spread, axes = np.linalg.svd(effects, full_matrices=False)
    count = len(names) - 1
    scores = (left * spread)[:, :count]
    signs = np.sign(scores[np.abs(scores).argmax(axis=0), np.arange(count)])
    made = tuple(
        Component(number + 1, shares[number], tuple(zip(names, map(float, column), strict=True)))
        for number, column in enumerate((scores * signs).T)
    )
    return made, axes[:count]


def along(people: People, made: tuple[Component, ...], held: Held | None, way: Way) -> tuple[Along, ...] | Skipped:
    """Every component that is large enough with every item that people rated; `held` is None of texts."""
    large = [one for one in made if isinstance(one.share, Estimate) and one.share.value >= LEAST_SHARE]
    items = {item: means for item, means in people.emotions.items() if len(means) >= LEAST_EMOTIONS}
    if not items or not large:
        return Skipped("a correlation over emotions needs four that people rated")
    p = _searched(large, items, way)
    return tuple(
        Along(
            one.number,
            item,
            _over_emotions(one, means, way),
            p.get((one.number, item)),
            *_over_pictures(people, one.number, item, held, way),
        )
        for one in large
        for item, means in items.items()
    )


def _over_emotions(one: Component, means: dict[str, float], way: Way) -> Outcome:
    scores = np.array([score for name, score in one.scores if name in means])
    rated = np.array([means[name] for name, _ in one.scores if name in means])
    sign = 1.0 if _r(scores, rated) >= 0 else -1.0
    return stats.pearson(sign * scores, rated, level=way.bootstrap.level)


def _searched(large: list[Component], items: dict[str, dict[str, float]], way: Way) -> dict[tuple[int, str], float]:
    """p of each |r| against the largest of every order of the emotions that people rated on all items."""
    common = [name for name, _ in large[0].scores if all(name in means for means in items.values())]
    if len(common) < LEAST_EMOTIONS:
        return {}
    scores = _standard(np.array([[dict(one.scores)[name] for name in common] for one in large]))
    rated = _standard(np.array([[means[name] for name in common] for means in items.values()]))
    orders = orders_of(len(common), way)
    products = np.abs(np.einsum("kn,min->mki", scores, rated[:, orders].transpose(1, 0, 2)))
    largest = products.reshape(len(orders), -1).max(axis=1)
    real = np.abs(scores @ rated.T)
    return {
        (one.number, item): p_over_orders(largest, float(real[k, i]), len(common))
        for k, one in enumerate(large)
        for i, item in enumerate(items)
    }


def _over_pictures(people: People, number: int, item: str, held: Held | None, way: Way) -> tuple[Outcome, Outcome]:
    if held is None or item not in people.rows:
        reason = Skipped("texts were rated by nobody" if held is None else f"nobody rated {item}")
        return reason, reason
    scores = held.scores(number, people.emotions[item])
    rated = people.rows[item][held.others]
    labels, units = people.labels[held.others], people.units[held.others]
    return (
        stats.pearson_bootstrap(scores, rated, clusters=units, bootstrap=way.bootstrap),
        stats.pearson_within_bootstrap(scores, rated, labels, clusters=units, bootstrap=way.bootstrap),
    )


def _standard(rows: np.ndarray) -> np.ndarray:
    centred = rows - rows.mean(axis=1, keepdims=True)
    lengths = np.linalg.norm(centred, axis=1, keepdims=True)
    return np.asarray(centred / np.where(lengths > 0, lengths, 1.0))


def _r(x: np.ndarray, y: np.ndarray) -> float:
    one, other = _standard(np.stack([x, y]).astype(np.float64))
    return float(one @ other)


def _mean(values: np.ndarray) -> float:
    there = values[np.isfinite(values)]
    return float(there.mean()) if len(there) else float("nan")
