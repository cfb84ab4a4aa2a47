"""Steering at one label: layer and dose tuned on one half of the identities, gain and collateral told of the other."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from vlmrate.errors import ProbeError
from vlmrate.probe.direction import random_units
from vlmrate.probe.responses import means
from vlmrate.probe.shown import shown
from vlmrate.probe.steered import ErrorChange, NoAnswerChange, Reading, Targeted
from vlmrate.stats import Outcome, Skipped, compare_classification, compare_dimensional
from vlmrate.study.faults import did_you_mean
from vlmrate.study.records import Labels, Likert

if TYPE_CHECKING:
    from collections.abc import Iterator

    from vlmrate.probe.arms import Answers
    from vlmrate.probe.sweep import Half, Swept
    from vlmrate.study.records import Item, Study

ALLOWED = 0.05
"""How far accuracy on other pictures, and the share of valid answers, may fall where layer and dose are chosen."""


@dataclass(frozen=True, slots=True)
class _Pick:
    """One direction and block by number, a dose, and what it did where it was chosen."""

    number: int
    dose: float
    gain: float
    collateral: float


def target_of(swept: Swept, label: str, allowed: float) -> Targeted | Skipped:
    """The arm that raises a label's recall most on one half of the identities, told of the other.

    Skipped where none raises it without more collateral than is allowed, or either half does not show the label.

    Raises:
        ProbeError: No item of the study offers that label with an intended answer.
    """
    item = item_of(swept.study, label)
    column = _intended(swept.study, item)
    tuned, told = (_Judged(swept, half, item, label, _truth(half, column)) for half in (swept.tuned, swept.told))
    if not tuned.ours.any() or not told.ours.any():
        return Skipped(f"not both halves of the identities show {label}")
    pick = tuned.pick(allowed)
    if pick is None:
        return Skipped(
            f"no direction, layer and dose raises the recall of {label} on the half of the identities where they are "
            f"chosen, with accuracy on the others and valid answers falling by {allowed:g} at most"
        )
    return told.told(pick, allowed, _random(swept, pick).items[item.name].given)


def item_of(study: Study, label: str) -> Item:
    """The item that offers a label.

    Raises:
        ProbeError: None does.
    """
    offered = [item for item in study.items if isinstance(item.scale, Labels)]
    for item in offered:
        if label in item.answers:
            return item
    known = tuple(answer for item in offered for answer in item.answers)
    raise ProbeError(f"--target {label}: no item of the study offers that label; {did_you_mean(label, known)}")


def _intended(study: Study, item: Item) -> str:
    column = item.intended or study.factors.emotion
    if column is None:
        raise ProbeError(
            f"--target needs to know the right answers, and the study names no intended column for {item.name}"
        )
    return column


def _truth(half: Half, column: str) -> np.ndarray:
    return np.array([stimulus.factors[column] for stimulus in half.stimuli], dtype=object).astype(str)


def _random(swept: Swept, pick: _Pick) -> Answers:
    """The told half rated with random directions in the place of the one that was chosen."""
    half = swept.told
    steered, number = half.sweep.steered[pick.number], len(half.sweep.random[pick.number])
    units = random_units(number, swept.model.width, (swept.seed, steered.layer))
    arms = [steered.random_arm(unit, i, pick.dose) for i, unit in enumerate(units)]
    return swept.model.rate(half.stimuli, arms)


@dataclass(frozen=True, slots=True, eq=False)
class _Judged:
    """One label, and how half of the identities were answered beside what was intended."""

    swept: Swept
    half: Half
    item: Item
    label: str
    truth: np.ndarray

    @property
    def ours(self) -> np.ndarray:
        """Pictures of the label."""
        return np.asarray(self.truth == self.label)

    @property
    def others(self) -> np.ndarray:
        """Pictures of other labels."""
        return np.asarray((self.truth != self.label) & (self.truth != ""))

    @property
    def _given(self) -> np.ndarray:
        return self.half.answers.items[self.item.name].given

    @property
    def _numbers(self) -> np.ndarray:
        """The number of every picture's intended answer; -2, which none has, where it is none of the options."""
        numbers = {answer: i for i, answer in enumerate(self.item.answers)}
        return np.array([numbers.get(answer, -2) for answer in self.truth])

    @property
    def _right(self) -> np.ndarray:
        """Whether the answer is the intended one (arms, pictures)."""
        return np.asarray(self._given == self._numbers)

    def pick(self, allowed: float) -> _Pick | None:
        """The best arm: the largest gain in recall, then the least collateral, then the smallest dose."""
        tried = [
            self._tried(number, dose, int(arm), allowed)
            for number, places in enumerate(self.half.sweep.places)
            for dose, arm in zip(self.half.sweep.doses.all, places, strict=True)
            if dose != 0
        ]
        fit = [one for one in tried if one is not None]
        return max(fit, key=lambda one: (one.gain, one.collateral, -abs(one.dose)), default=None)

    def _tried(self, number: int, dose: float, arm: int, allowed: float) -> _Pick | None:
        """What an arm does; None where it gains nothing or loses more than is allowed, answers off the scale too."""
        gain = _change(self._right, arm, self.ours)
        collateral = _change(self._right, arm, self.others)
        everyone = np.ones(len(self.truth), dtype=bool)
        items = self.half.answers.items.values()
        valid = min(_change((one.given >= 0) & ~one.clamped, arm, everyone) for one in items)
        lost = -min(collateral, valid)
        return _Pick(number, dose, gain, collateral) if gain > 0 and lost <= allowed + 1e-9 else None

    def told(self, pick: _Pick, allowed: float, random: np.ndarray) -> Targeted:
        """What an arm chosen elsewhere does, beside random directions (directions, pictures)."""
        arm = int(self.half.sweep.places[pick.number][self.half.sweep.doses.all.index(pick.dose)])
        before, after = (self._right[i].astype(np.float64) for i in (0, arm))
        ours, others = self.ours, self.others
        by_chance = (random == self._numbers)[:, ours]
        chance, gained = by_chance.mean(axis=0) - before[ours], after[ours] - before[ours]
        recall = self._means(
            {
                "recall unchanged": before[ours],
                "recall steered": after[ours],
                "change in recall": gained,
                "change in recall by random directions": chance,
                "change in recall less that by random directions": gained - chance,
            },
            ours,
        )
        (collateral,) = self._means({"change in accuracy on other pictures": (after - before)[others]}, others)
        steered = self.half.sweep.steered[pick.number]
        return Targeted(
            label=self.label,
            direction=steered.name,
            layer=steered.layer,
            dose=pick.dose,
            allowed=allowed,
            tuned_gain=pick.gain,
            tuned_collateral=pick.collateral,
            images=len(self.truth),
            of_label=int(ours.sum()),
            before=recall[0],
            after=recall[1],
            gain=recall[2],
            random_gain=recall[3],
            beyond=recall[4],
            as_large=int((by_chance.mean(axis=1) >= after[ours].mean() - 1e-9).sum()),
            collateral=collateral,
            kappa=self._kappa(arm),
            errors=tuple(self._errors(arm)),
            no_answer=tuple(self._no_answer(arm)),
        )

    def _means(self, columns: dict[str, np.ndarray], pictures: np.ndarray) -> tuple[Outcome, ...]:
        values = np.array(list(columns.values()))
        return means(values, self.half.identities[pictures], self.swept.bootstrap, list(columns))

    def _kappa(self, arm: int) -> Outcome:
        """The change in Cohen's kappa over the pictures whose intended answer is one of the options."""
        pictures = self._numbers >= 0
        options = np.array([*self.item.answers, None], dtype=object)  # the last for -1, no valid answer
        made = compare_classification(
            self.truth[pictures],
            options[self._given[arm, pictures]],
            options[self._given[0, pictures]],
            self.item.answers,
            clusters=self.half.identities[pictures],
            bootstrap=self.swept.bootstrap,
        )
        return made if isinstance(made, Skipped) else made.kappa

    def _errors(self, arm: int) -> Iterator[ErrorChange]:
        people = shown(self.swept.study, self.half.answers.pictures).people
        for name, answered in self.half.answers.items.items():
            if not isinstance(answered.item.scale, Likert):
                continue
            yield ErrorChange(Reading(name, "expected"), self._error(answered.expected, arm, people.get(name)))
            yield ErrorChange(Reading(name, "spoken"), self._error(answered.spoken, arm, people.get(name)))

    def _error(self, values: np.ndarray, arm: int, people: np.ndarray | None) -> Outcome:
        if people is None:
            return Skipped("nobody rated it")
        made = compare_dimensional(
            values[arm], values[0], people, clusters=self.half.identities, bootstrap=self.swept.bootstrap
        )
        return made if isinstance(made, Skipped) else made.mae

    def _no_answer(self, arm: int) -> Iterator[NoAnswerChange]:
        everyone = np.ones(len(self.truth), dtype=bool)
        for name, one in self.half.answers.items.items():
            change = (one.given[arm] < 0).astype(np.float64) - (one.given[0] < 0)
            yield NoAnswerChange(name, self._means({"change in the share without a valid answer": change}, everyone)[0])


def _change(holds: np.ndarray, arm: int, pictures: np.ndarray) -> float:
    """The change, against the unchanged arm, in the share of pictures of which something holds."""
    if not pictures.any():
        return 0.0
    return float(holds[arm, pictures].mean() - holds[0, pictures].mean())
