"""What answers in several channels say beside the baseline's, and how far a false label is followed."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from vlmrate.errors import ProbeError
from vlmrate.probe.arms import Answers, joined_items
from vlmrate.probe.beside import beside, intended, invalid, kappa_beside, label_item, mean_beside, right, scale_items
from vlmrate.probe.compare import Acceptance, Channel, Measure
from vlmrate.stats import Family, Skipped, TestResult, holm

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from vlmrate.probe.arms import ItemAnswers
    from vlmrate.probe.beside import Beside
    from vlmrate.probe.compare import Kind
    from vlmrate.probe.shown import Shown
    from vlmrate.stats import Bootstrap, Outcome, TestOutcome

STILL = 1e-9
"""Scale points that a rating must move to have moved."""


@dataclass(frozen=True, slots=True)
class Place:
    """A channel's name and kind, the arms that it is the mean of, and those of its controls, by number."""

    name: str
    kind: Kind
    arms: tuple[int, ...]
    controls: tuple[int, ...] = ()


def stacked(parts: Sequence[Answers]) -> Answers:
    """Answers of several models or protocols about the same pictures, their arms one after another.

    Raises:
        ProbeError: They were not asked the same items.
    """
    first = parts[0]
    for part in parts:
        if set(part.items) != set(first.items):
            raise ProbeError(
                f"{part.arms[0]} was asked {', '.join(part.items)}, and the baseline {', '.join(first.items)}; name a "
                "protocol that asks the same items"
            )
    return Answers(tuple(arm for part in parts for arm in part.arms), first.pictures, joined_items(parts, axis=0))


class Channels:
    """Answers in all channels about pictures of a study; arm 0 is the baseline. `label` as of `Compared`."""

    def __init__(self, answers: Answers, shown: Shown, label: str | None, bootstrap: Bootstrap) -> None:
        self._answers, self._shown, self._label, self._bootstrap = answers, shown, label, bootstrap
        self._identities = shown.labels(shown.identity or "").astype(str)
        self._labels = label_item(answers)
        self._truth = Skipped("") if self._labels is None else intended(self._labels, shown)

    def told(self, places: Sequence[Place]) -> tuple[Channel, ...]:
        """The baseline, then every channel against it."""
        plain = Channel(
            "baseline", "baseline", tuple(Measure(name, made.of(0), None, None, None) for name, made in self._made([0]))
        )
        found = [Channel(place.name, place.kind, tuple(self._measures(place))) for place in places]
        p = {(i, j): one.p for i, channel in enumerate(found) for j, one in enumerate(channel.measures)}
        family = Family.of("channels", {f"{i}/{j}": one for (i, j), one in p.items() if one is not None})
        corrected = {one.test: one.p_adjusted for one in holm(family)}
        return (
            plain,
            *(
                replace(
                    channel,
                    measures=tuple(
                        replace(one, p_holm=corrected.get(f"{i}/{j}")) for j, one in enumerate(channel.measures)
                    ),
                )
                for i, channel in enumerate(found)
            ),
        )

    def _measures(self, place: Place) -> Iterator[Measure]:
        own = range(1, 1 + len(place.arms))
        controls = range(1 + len(place.arms), 1 + len(place.arms) + len(place.controls))
        for name, made in self._made([0, *place.arms, *place.controls]):
            test: TestOutcome | None = None
            if place.controls:
                test = made.beyond(1, controls)[1]
            elif place.kind != "control":
                test = made.test(1)
            p = test.p_value if isinstance(test, TestResult) else None
            yield Measure(name, made.mean(own), made.mean_change(own), p, None)

    def _made(self, arms: list[int]) -> Iterator[tuple[str, Beside]]:
        """Every measure in some arms."""
        for one in scale_items(self._answers):
            name = one.item.name
            yield name, mean_beside(f"expected {name}", one.expected[arms], self._identities, self._bootstrap)
        labels, truth = self._labels, self._truth
        if labels is not None:
            if not isinstance(truth, Skipped):
                said = right(labels, truth)[arms]
                yield "accuracy", mean_beside("accuracy", said, self._identities, self._bootstrap)
                some = replace(labels, given=labels.given[arms])
                yield "kappa", kappa_beside(some, truth, self._identities, self._bootstrap)
            if self._label is not None or not isinstance(truth, Skipped):
                share = self._of_label(labels)[arms]
                yield "probability", mean_beside("probability", share, self._identities, self._bootstrap)
        yield "invalid", mean_beside("invalid", invalid(self._answers)[arms], self._identities, self._bootstrap)

    def _of_label(self, labels: ItemAnswers) -> np.ndarray:
        """The probability, among all options, of the label that the direction is of; else of the intended one."""
        options = labels.item.answers
        if self._label is not None:
            return np.asarray(labels.probability[:, :, options.index(self._label)])
        truth = () if isinstance(self._truth, Skipped) else self._truth
        codes = np.array([options.index(name) if name in options else -1 for name in truth])
        found = np.take_along_axis(labels.probability, np.maximum(codes, 0)[None, :, None], axis=2)[:, :, 0]
        return np.where(codes < 0, np.nan, found)

    def acceptance(self, arm: int, told: Mapping[str, str]) -> tuple[Acceptance, ...] | Skipped:
        """How far the ratings of an arm follow the labels that it was told, by picture."""
        labels = self._labels
        if labels is None or self._shown.emotion is None:
            return Skipped("without labels and the emotions shown there is no false label")
        codes = np.array([labels.item.answers.index(told[name]) for name in self._answers.pictures])
        apart = (labels.given[0] >= 0) & (labels.given[0] != codes)
        if not apart.any():
            return Skipped("every image was told the label that the rater gives it itself")
        rated = [one for one in scale_items(self._answers) if one.item.name in self._shown.people]
        if not rated:
            return Skipped("people rated no item that is answered with a number")
        says = mean_beside("says the label told", labels.given[[0, arm]] == codes, self._identities, self._bootstrap)
        return tuple(
            Acceptance(
                item=one.item.name,
                images=int(apart.sum()),
                followed=self._followed(one, arm, codes, apart),
                toward=self._toward(one, arm, codes, apart),
                repeated=says.of(1),
                unprompted=says.of(0),
                difference=says.change(1),
            )
            for one in rated
        )

    def _followed(self, one: ItemAnswers, arm: int, codes: np.ndarray, apart: np.ndarray) -> Outcome:
        moved, promised = self._moved(one, arm, codes, apart)
        sums = np.column_stack([moved * promised, promised**2])
        made = beside(
            "share of the way that the rating goes",
            [sums],
            lambda t: t[:, 0] / t[:, 1],
            self._identities,
            self._bootstrap,
        )
        return made.of(0)

    def _toward(self, one: ItemAnswers, arm: int, codes: np.ndarray, apart: np.ndarray) -> Outcome:
        moved, promised = self._moved(one, arm, codes, apart)
        there = np.isfinite(moved) & np.isfinite(promised) & (np.abs(promised) > STILL)
        went = np.where(there, moved * np.sign(promised) > STILL, np.nan)
        return mean_beside("moves toward the label told", went[None], self._identities, self._bootstrap).of(0)

    def _moved(self, one: ItemAnswers, arm: int, codes: np.ndarray, apart: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """How far each picture's rating moves, and how far the label told would move it; NaN where none was told."""
        if self._labels is None:
            raise TypeError("without labels nothing is told")
        people, emotions = self._shown.people[one.item.name], self._shown.labels(self._shown.emotion or "")
        means = np.array([_mean(people[emotions == label]) for label in self._labels.item.answers])
        promised = means[codes] - means[np.maximum(self._labels.given[0], 0)]
        return np.where(apart, one.expected[arm] - one.expected[0], np.nan), np.where(apart, promised, np.nan)


def _mean(values: np.ndarray) -> float:
    known = values[np.isfinite(values)]
    return float(known.mean()) if len(known) else float("nan")
