"""What a probe is to tell: classes of pictures, groups within emotion.

A group can go together with emotions (women shown happy more often). Three things keep it from being told by them.
Emotions' effects, fitted beside the group's on training rows, are subtracted from activations. Balanced accuracy is
taken emotion by emotion, so that a probe that still goes by what is left of an emotion is right of one group as often
as it is wrong of another. Chance deals out identities' emotions together with their groups, so that what went together
still does.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from vlmrate.probe.linear import Smoother, balanced, guessed, is_of_identity, permuted, smoother

ROUNDING = 1e-9
"""Share of a unit's spread below which what its emotions leave of it is rounding."""


@dataclass(frozen=True, slots=True, eq=False)
class Told:
    """The class of every row (rows,), a whole number below `classes`, and its emotion's number.

    Without emotions classes are told whatever the emotion. A cell, as labellings have them, is emotion * classes +
    class.
    """

    codes: np.ndarray
    classes: int
    emotions: np.ndarray | None = None

    @classmethod
    def of(cls, labels: np.ndarray, emotions: np.ndarray | None, identities: np.ndarray) -> Told:
        """From labels; a blank emotion is one of its own.

        Classes that are emotions by other names (each emotion in one class, several classes of one identity) are told
        whatever the emotion.
        """
        names, codes = np.unique(labels.astype(str), return_inverse=True)
        if emotions is None or (is_of_identity(codes, emotions) and not is_of_identity(codes, identities)):
            return cls(codes, len(names))
        return cls(codes, len(names), np.unique(emotions.astype(str), return_inverse=True)[1])

    @property
    def cells(self) -> np.ndarray:
        """Every row's emotion and class as one number."""
        return self.codes if self.emotions is None else self.emotions * self.classes + self.codes

    def at(self, rows: np.ndarray) -> Told:
        """The same of some rows, by number."""
        return Told(self.codes[rows], self.classes, None if self.emotions is None else self.emotions[rows])

    def unshown(self, factor: str, *halves: np.ndarray) -> str | None:
        """Why classes cannot be told in every one of some sets of rows, by number; None where they can."""
        size = self._emotions * self.classes
        for half in halves:
            there = np.bincount(self.cells[half], minlength=size).reshape(-1, self.classes) > 0
            if not there.all(axis=1).any():
                where = "no emotion shows all levels" if self.emotions is not None else "not all levels are shown"
                return f"{factor} is told on halves of the identities, and {where} in one of them"
        return None

    def within(self, activations: np.ndarray, train: np.ndarray) -> np.ndarray:
        """Activations (rows, width) less the effects of emotions, as told from the rows of some numbers."""
        if self.emotions is None:
            return activations
        values = activations.astype(np.float64)
        weights = _weights(self.emotions[train], self.codes[train], self._emotions, self.classes)
        left = values - (weights @ values[train])[self.emotions]
        alive = left[train].std(axis=0) > ROUNDING * values[train].std(axis=0)
        return np.where(alive, left, 0.0).astype(activations.dtype)

    def probe(self, activations: np.ndarray, train: np.ndarray, test: np.ndarray) -> Smoother:
        """A probe trained on some rows (given by number) and applied to others, without what their emotions tell."""
        return smoother(self.within(activations, train), train, test)

    def across(self, activations: np.ndarray, folds: np.ndarray) -> tuple[Smoother, ...]:
        """A probe a fold, trained on all other folds."""
        return tuple(
            self.probe(activations, np.flatnonzero(folds != fold), np.flatnonzero(folds == fold))
            for fold in np.unique(folds)
        )

    def across_folds(self, activations: np.ndarray, folds: np.ndarray, labellings: np.ndarray) -> np.ndarray:
        """`accuracies` of every labelling (rows, labellings), cross-validated."""
        return self.accuracies(
            guessed(self.across(activations, folds), labellings % self.classes, self.classes), labellings
        )

    def dealt(self, identities: np.ndarray, times: int, seed: int) -> np.ndarray:
        """Cells (rows, times) as they would be by chance, the design kept.

        As `permuted`, but with its class every identity (or picture) is dealt its emotions. An identity with another
        number of pictures than the one whose emotions it is dealt gets a like share of each, the order drawn.
        """
        if self.emotions is None or not is_of_identity(self.codes, identities):
            return permuted(self.cells, identities, times, seed)
        rng = np.random.default_rng(seed)
        groups = [np.flatnonzero(identities == name) for name in np.unique(identities)]
        sizes = np.array([len(rows) for rows in groups])
        starts = np.cumsum(sizes) - sizes
        by_identity = np.concatenate([np.sort(self.cells[rows]) for rows in groups])
        order = rng.permuted(np.tile(np.arange(len(groups)), (times, 1)), axis=1)
        made = np.empty((len(self.codes), times), by_identity.dtype)
        for number, rows in enumerate(groups):
            given = order[:, number, None]
            places = (np.arange(len(rows)) + rng.random((times, 1))) * sizes[given] / len(rows)
            made[rows] = rng.permuted(by_identity[starts[given] + places.astype(np.int64)], axis=1).T
        return made

    def accuracies(self, made: np.ndarray, labellings: np.ndarray) -> np.ndarray:
        """Balanced accuracy of every labelling (labellings,), cells (rows, labellings), by which chance is judged.

        `made` (rows, labellings), or (rows, 1) for all, is what rows are taken for. The effects of their emotions on
        that are subtracted: they change nothing where these are the labelling's emotions, and elsewhere would be noise
        that the design does not have.
        """
        wide = labellings.shape[1]
        classes = labellings % self.classes
        right = (made == classes).astype(np.float64)
        if self.emotions is not None:
            weights = _weights(self.emotions, self.codes, self._emotions, self.classes)
            of_emotions = np.stack([weights @ (made == number) for number in range(self.classes)])
            right -= of_emotions[classes, self.emotions[:, None], np.arange(made.shape[1])]
        size = self._emotions * self.classes
        at = (labellings + np.arange(wide) * size).ravel()
        there, found = (np.bincount(at, sums, wide * size) for sums in (None, right.ravel()))
        shape = (wide, self._emotions, self.classes)
        return balanced(there.reshape(shape), found.reshape(shape))

    def sums(self, right: np.ndarray) -> np.ndarray:
        """What `accuracy` needs of every row: its cell, and whether it was told rightly (rows, 2 x cells)."""
        there = self.cells[:, None] == np.arange(self._emotions * self.classes)
        return np.hstack([there, there & right[:, None]]).astype(np.float64)

    def accuracy(self, totals: np.ndarray) -> np.ndarray:
        """Balanced accuracy (draws,) of totals (draws, 2 x cells) of sums over rows; NaN where it is not defined."""
        there, right = (half.reshape(-1, self._emotions, self.classes) for half in np.split(totals, 2, axis=1))
        return balanced(there, right)

    @property
    def _emotions(self) -> int:
        return 1 if self.emotions is None else int(self.emotions.max()) + 1


def _weights(emotions: np.ndarray, codes: np.ndarray, levels: int, classes: int) -> np.ndarray:
    """What each emotion adds to the mean beside the classes, by least squares: weights (levels, rows) of rows' values.

    Where emotions cannot be told from classes, the smallest effects are taken; those of emotions that are not there
    are 0.
    """
    design = np.hstack([np.eye(levels)[emotions], np.eye(classes)[codes]])
    solved = np.linalg.pinv(design, rcond=ROUNDING)[:levels]
    return np.asarray(solved - solved.mean(axis=1, keepdims=True))
