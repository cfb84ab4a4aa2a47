"""What directions do to labels after every block, beside random directions, and the block that is told of."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from scipy.special import fdtrc

from vlmrate.probe.ablation import Ablated, Task, means
from vlmrate.probe.causal import (
    CausalWay,
    DirectionEffect,
    DirectionOutcome,
    LabelChange,
    LayerEffect,
    Random,
    Replies,
)
from vlmrate.probe.direction import random_units
from vlmrate.probe.overshadowing import overshadowing
from vlmrate.stats import Family, Outcome, Skipped, holm

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from vlmrate.probe.direction import Direction

_ROUNDING = 1e-6
"""Nats below which changes differ by rounding only: log-probabilities come of logits in float32."""


def _at(name: str, layer: int) -> str:
    return f"{name} after {layer}"


def _random(number: int) -> str:
    return f"random {number}"


def arms(
    found: Mapping[str, Mapping[int, Direction]], layers: Sequence[int], width: int, way: CausalWay
) -> dict[str, tuple[int, np.ndarray]]:
    """What is projected out in every arm: each direction after its blocks, and random ones after the same blocks."""
    made = {_at(name, i): (i, one.unit) for name, by_layer in found.items() for i, one in by_layer.items()}
    drawn = ((i, number) for i in layers for number in range(way.random))
    return made | {_at(_random(n), i): (i, random_units(1, width, (way.seed, i, n))[0]) for i, n in drawn}


@dataclass(frozen=True, slots=True, eq=False)
class Told:
    """What the arms of directions and random directions show."""

    task: Task
    made: Ablated
    way: CausalWay

    def outcome(self, name: str, by_layer: Mapping[int, Direction]) -> DirectionOutcome:
        """What came of one direction, p not corrected yet."""
        named = name in self.task.pictures.labels
        own = name if named else self._lowered_most(name, by_layer)
        if (reason := self.task.pictures.too_few(own)) is not None:
            return DirectionOutcome(name, reason)
        layer = min(by_layer, key=lambda i: self._beyond_random(name, own, i))
        first, second = self._rows(own, first=True), self._rows(own, first=False)
        change = self.made.of(_at(name, layer))
        effect = DirectionEffect(
            own=own,
            named=named,
            pictures=int(second.sum()),
            layers=tuple(self._effect(name, own, i) for i in by_layer),
            layer=layer,
            overshadowing=overshadowing(
                self.task.item.answers,
                own,
                change[first],
                change[second],
                self.task.pictures.identities[second],
                self.way.bootstrap,
            ),
            replies=self._replies(name, layer, second),
        )
        return DirectionOutcome(name, effect)

    def common_layer(self, found: Mapping[str, Mapping[int, Direction]]) -> int:
        """The block after which directions of labels lower these most on the first half, on the mean."""
        labels = [name for name in found if name in self.task.pictures.labels] or list(found)
        own = {
            name: name if name in self.task.pictures.labels else self._lowered_most(name, found[name])
            for name in labels
        }
        shared = sorted(set.intersection(*(set(found[name]) for name in labels))) or sorted(found[labels[0]])
        tried = [name for name in labels if all(layer in found[name] for layer in shared)]
        return min(shared, key=lambda i: sum(self._beyond_random(name, own[name], i) for name in tried))

    def randoms(self, layer: int) -> np.ndarray:
        """Changes (random directions, pictures, labels) by random directions after a block."""
        numbers = [self.made.names.index(_at(_random(n), layer)) for n in range(self.way.random)]
        return np.asarray(self.made.change[numbers])

    def _rows(self, own: str, *, first: bool) -> np.ndarray:
        return np.asarray(self.task.pictures.showing(own, first=first) & self.made.known)

    def _column(self, label: str) -> int:
        return self.task.item.answers.index(label)

    def _lowered_most(self, name: str, by_layer: Mapping[int, Direction]) -> str:
        """The label that falls most on the first half, over pictures that show it, after any block."""

        def lowest(label: str) -> float:
            rows, column = self._rows(label, first=True), self._column(label)
            return min(float(self.made.of(_at(name, i))[rows, column].mean()) for i in by_layer)

        return min(self._labels_shown, key=lowest)

    @property
    def _labels_shown(self) -> list[str]:
        """The labels that pictures of the first half show."""
        return [one for one in self.task.item.answers if self._rows(one, first=True).any()]

    def _beyond_random(self, name: str, own: str, layer: int) -> float:
        """The change of a label less that by random directions, on the first half; 0 without pictures."""
        rows, column = self._rows(own, first=True), self._column(own)
        if not rows.any():
            return 0.0
        change = self.made.of(_at(name, layer))[rows, column].mean()
        return float(change - self.randoms(layer)[:, rows, column].mean())

    def _effect(self, name: str, own: str, layer: int) -> LayerEffect:
        labels = self.task.item.answers
        change = self.made.of(_at(name, layer))
        rest = [i for i, label in enumerate(labels) if label != own]
        columns = np.column_stack([change, change[:, rest].mean(axis=1)])
        true, everything = self._rows(own, first=False), ~self.task.pictures.first & self.made.known
        names = [f"change of {label} without {name}" for label in (*labels, "all others")]
        of_true, of_all = (self._means(columns, rows, names) for rows in (true, everything))
        changes = [LabelChange(*each) for each in zip((*labels, "all others"), of_true, of_all, strict=True)]
        return LayerEffect(layer, tuple(changes[:-1]), changes[-1], self._against_random(name, own, layer, true))

    def _against_random(self, name: str, own: str, layer: int, rows: np.ndarray) -> Random:
        column = self._column(own)
        change, randoms = self.made.of(_at(name, layer))[:, column], self.randoms(layer)[:, :, column]
        by_random, effect = randoms[:, rows].mean(axis=1), float(change[rows].mean())
        (difference,) = self._means(
            (change - randoms.mean(axis=0))[:, None], rows, [f"change of {own} less that by random directions"]
        )
        p = chance(effect, by_random)
        if name not in self.task.pictures.labels:
            # Its label was chosen among those that the first half shows.
            p = min(1.0, p * len(self._labels_shown))
        return Random(
            drawn=len(by_random),
            mean=float(by_random.mean()),
            size=float(np.abs(by_random).mean()),
            lowest=float(by_random.min()),
            highest=float(by_random.max()),
            as_low=int((by_random <= effect + _ROUNDING).sum()),
            difference=difference,
            p=p,
            p_holm=p,
        )

    def _replies(self, name: str, layer: int, true: np.ndarray) -> Replies:
        second = ~self.task.pictures.first & self.made.known
        before, after = self.made.before, self.made.given[self.made.names.index(_at(name, layer))]
        randoms = [self.made.given[self.made.names.index(_at(_random(n), layer))] for n in range(self.way.random)]
        columns = np.column_stack([after != before, before < 0, after < 0])
        changed, invalid_before, invalid_after = self._means(
            columns, second, ["labels changed", "invalid before", "invalid after"]
        )
        (changed_true,) = self._means(columns[:, :1], true, ["labels changed where it is shown"])
        changed_random = float(np.mean([(given != before)[second].mean() for given in randoms]))
        return Replies(changed, changed_true, changed_random, invalid_before, invalid_after)

    def _means(self, columns: np.ndarray, rows: np.ndarray, names: Sequence[str]) -> list[Outcome]:
        return means(columns[rows], self.task.pictures.identities[rows], names, self.way.bootstrap)


def chance(change: float, by_random: np.ndarray) -> float:
    """How likely a random direction lowers a label as far, from the changes by some random directions.

    To first order a change is minus the product of what of the stream lies along the direction and how far the label is
    read along it: a quadratic form in the direction, with heavier tails than a normal distribution, for which t would
    find too much. The change's size over the mean size of the random ones is held against F with 1 and as many degrees
    of freedom as there are random directions. That is exact where every random direction lowers the label by the square
    of one amount, and of forms of one sign that has the heaviest tail beyond 1.54 times its mean (Székely & Bakirov
    2003, Probability Theory and Related Fields 126, 184-202). Where some raise the label p is as a rule too large.
    """
    size = max(float(np.abs(by_random).mean()), _ROUNDING)
    return float(fdtrc(1, len(by_random), max(-change, 0.0) / size))


def corrected(outcomes: Sequence[DirectionOutcome]) -> tuple[DirectionOutcome, ...]:
    """With p corrected for all directions and layers.

    A layer chosen on other pictures is no choice without a price: what a random direction does to one half of the
    identities it does to the other.
    """
    effects = {one.direction: one.found for one in outcomes if not isinstance(one.found, Skipped)}
    every = Family.of("layers", {_at(n, one.layer): one.random.p for n, e in effects.items() for one in e.layers})
    adjusted = {test.test: test.p_adjusted for test in holm(every)}

    def with_p(name: str, effect: DirectionEffect) -> DirectionEffect:
        layers = tuple(
            replace(one, random=replace(one.random, p_holm=adjusted[_at(name, one.layer)])) for one in effect.layers
        )
        return replace(effect, layers=layers)

    return tuple(
        one if isinstance(one.found, Skipped) else replace(one, found=with_p(one.direction, one.found))
        for one in outcomes
    )
