"""Steering at one label: layer and dose tuned on one half of the identities, gain and collateral told of the other."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from vlmrate.errors import ProbeError
from vlmrate.probe.arms import UNCHANGED
from vlmrate.probe.responses import means
from vlmrate.probe.shown import shown
from vlmrate.probe.steered import ErrorChange, NoAnswerChange, Reading, Targeted
from vlmrate.probe.sweep import random_units
from vlmrate.stats import Outcome, Skipped, compare_classification, compare_dimensional
from vlmrate.study.faults import did_you_mean
from vlmrate.study.records import Labels, Likert

if TYPE_CHECKING:
    from vlmrate.probe.arms import Answers
    from vlmrate.probe.sweep import Halves, Swept
    from vlmrate.study.records import Item, Study

ALLOWED = 0.05
"""How far accuracy on other pictures, and the share of valid answers, may fall where layer and dose are chosen."""


@dataclass(frozen=True, slots=True)
class _Pick:
    """One direction, block and dose, its arm, and what it did on the first half."""

    number: int
    dose: float
    arm: int
    gain: float
    collateral: float


def target_of(swept: Swept, label: str, allowed: float) -> Targeted | Skipped:
    """The arm that raises a label's recall most on the first half of the identities, told of the second.

    Skipped where none raises it without more collateral than is allowed, or either half does not show the label.

    Raises:
        ProbeError: No item of the study offers that label with an intended answer.
    """
    item = item_of(swept.study, label)
    column = _intended(swept.study, item)
    truth = np.array([stimulus.factors[column] for stimulus in swept.stimuli], dtype=object).astype(str)
    ours, halves = truth == label, swept.halves
    if not (ours & halves.tuned).any() or not (ours & halves.told).any():
        return Skipped(f"not both halves of the identities show {label}")
    task = _Task(swept, item, truth, ours, (truth != label) & (truth != ""), allowed)
    pick = task.pick()
    if pick is None:
        return Skipped(
            f"no direction, layer and dose raises the recall of {label} on the half of the identities where they are "
            f"chosen, with accuracy on the others and valid answers falling by {allowed:g} at most"
        )
    return task.told(pick, label, _random(swept, pick).items[item.name].given[1:])


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


def _random(swept: Swept, pick: _Pick) -> Answers:
    """The told half rated with random directions in the place of the one that was chosen."""
    told = [stimulus for stimulus, is_told in zip(swept.stimuli, swept.halves.told, strict=True) if is_told]
    steered, number = swept.sweep.steered[pick.number], len(swept.sweep.random[pick.number])
    units = random_units(swept.model.width, number, steered.layer, swept.seed)
    arms = [steered.random_arm(unit, i, pick.dose) for i, unit in enumerate(units)]
    return swept.model.rate(told, [UNCHANGED, *arms])


@dataclass(frozen=True, slots=True, eq=False)
class _Task:
    """One label whose recall is to rise."""

    swept: Swept
    item: Item
    truth: np.ndarray
    ours: np.ndarray
    others: np.ndarray
    allowed: float

    @property
    def halves(self) -> Halves:
        return self.swept.halves

    @property
    def answers(self) -> Answers:
        return self.swept.answers

    def pick(self) -> _Pick | None:
        """The best arm on the first half: the largest gain, then the least collateral, then the smallest dose."""
        tried = [
            self._tried(number, dose, int(arm))
            for number, places in enumerate(self.swept.sweep.places)
            for dose, arm in zip(self.swept.sweep.doses.all, places, strict=True)
            if dose != 0
        ]
        fit = [one for one in tried if one is not None]
        return max(fit, key=lambda one: (one.gain, one.collateral, -abs(one.dose)), default=None)

    def _tried(self, number: int, dose: float, arm: int) -> _Pick | None:
        """What an arm does on the first half; None where it gains nothing or loses more than is allowed."""
        gain = self._change(self._right, arm, self.ours & self.halves.tuned)
        collateral = self._change(self._right, arm, self.others & self.halves.tuned)
        valid = min(self._change(one.given >= 0, arm, self.halves.tuned) for one in self.answers.items.values())
        lost = -min(collateral, valid)
        return _Pick(number, dose, arm, gain, collateral) if gain > 0 and lost <= self.allowed + 1e-9 else None

    def _change(self, holds: np.ndarray, arm: int, pictures: np.ndarray) -> float:
        """The change, against the unchanged arm, in the share of pictures of which something holds."""
        if not pictures.any():
            return 0.0
        return float(holds[arm, pictures].mean() - holds[0, pictures].mean())

    @property
    def _given(self) -> np.ndarray:
        return self.answers.items[self.item.name].given

    @property
    def _right(self) -> np.ndarray:
        """Whether the answer is the intended one (arms, pictures)."""
        return np.asarray(self._given == self._numbers)

    @property
    def _numbers(self) -> np.ndarray:
        """The number of every picture's intended answer; -2, which none has, where it is none of the options."""
        numbers = {answer: i for i, answer in enumerate(self.item.answers)}
        return np.array([numbers.get(answer, -2) for answer in self.truth])

    def told(self, pick: _Pick, label: str, random: np.ndarray) -> Targeted:
        """What the chosen arm does on the second half, beside random directions (directions, pictures told)."""
        ours, others = self.ours & self.halves.told, self.others & self.halves.told
        before, after = (self._right[arm].astype(np.float64) for arm in (0, pick.arm))
        by_chance = (random == self._numbers[self.halves.told])[:, self.ours[self.halves.told]]
        chance = by_chance.mean(axis=0) - before[ours]
        gained = after[ours] - before[ours]
        recall = self._means(
            [before[ours], after[ours], gained, chance, gained - chance],
            ours,
            [
                "recall unchanged",
                "recall steered",
                "change in recall",
                "change in recall by random directions",
                "change in recall less that by random directions",
            ],
        )
        (collateral,) = self._means([after[others] - before[others]], others, ["change in accuracy on other pictures"])
        steered = self.swept.sweep.steered[pick.number]
        return Targeted(
            label=label,
            direction=steered.name,
            layer=steered.layer,
            dose=pick.dose,
            allowed=self.allowed,
            tuned_gain=pick.gain,
            tuned_collateral=pick.collateral,
            images=int(self.halves.told.sum()),
            of_label=int(ours.sum()),
            before=recall[0],
            after=recall[1],
            gain=recall[2],
            random_gain=recall[3],
            beyond=recall[4],
            as_large=int((by_chance.mean(axis=1) >= after[ours].mean() - 1e-9).sum()),
            collateral=collateral,
            kappa=self._kappa(pick.arm),
            errors=self._errors(pick.arm),
            no_answer=self._no_answer(pick.arm),
        )

    def _means(self, columns: list[np.ndarray], pictures: np.ndarray, names: list[str]) -> tuple[Outcome, ...]:
        return means(np.array(columns), self.halves.identities[pictures], self.swept.bootstrap, names)

    def _kappa(self, arm: int) -> Outcome:
        """The change in Cohen's kappa over the pictures whose intended answer is one of the options."""
        pictures = self.halves.told & (self._numbers >= 0)
        after, before = (
            np.array([self.item.answers[i] if i >= 0 else None for i in self._given[a, pictures]], dtype=object)
            for a in (arm, 0)
        )
        made = compare_classification(
            self.truth[pictures],
            after,
            before,
            self.item.answers,
            clusters=self.halves.identities[pictures],
            bootstrap=self.swept.bootstrap,
        )
        return made if isinstance(made, Skipped) else made.kappa

    def _errors(self, arm: int) -> tuple[ErrorChange, ...]:
        told = self.halves.told
        people = shown(self.swept.study, self.answers.pictures).people
        made = []
        for name, answered in self.answers.items.items():
            if not isinstance(answered.item.scale, Likert):
                continue
            for reading, values in (
                (Reading(name, "expected"), answered.expected),
                (Reading(name, "spoken"), answered.spoken),
            ):
                made.append(ErrorChange(reading, self._error(values[arm, told], values[0, told], people.get(name))))
        return tuple(made)

    def _error(self, after: np.ndarray, before: np.ndarray, people: np.ndarray | None) -> Outcome:
        if people is None:
            return Skipped("nobody rated it")
        made = compare_dimensional(
            after,
            before,
            people[self.halves.told],
            clusters=self.halves.identities[self.halves.told],
            bootstrap=self.swept.bootstrap,
        )
        return made if isinstance(made, Skipped) else made.mae

    def _no_answer(self, arm: int) -> tuple[NoAnswerChange, ...]:
        told = self.halves.told
        return tuple(
            NoAnswerChange(
                name,
                self._means(
                    [(one.given[arm, told] < 0).astype(np.float64) - (one.given[0, told] < 0)],
                    told,
                    ["change in the share without a valid answer"],
                )[0],
            )
            for name, one in self.answers.items.items()
        )
