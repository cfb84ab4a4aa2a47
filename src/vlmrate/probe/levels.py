"""How far a number differs between the levels of a group, emotions held fixed, and whether that is more than chance.

A level's contrast is the mean over emotions of (its mean − the mean of the other levels' means); emotions in which a
level has no picture are left out. Chance is told by dealing the levels out anew between identities.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

ROUNDING = 1e-9


@dataclass(frozen=True, slots=True, eq=False)
class Levels:
    """The level and the emotion of every picture (rows), as numbers; `levels` are their names."""

    levels: tuple[str, ...]
    level: np.ndarray
    emotion: np.ndarray

    @classmethod
    def of(cls, groups: np.ndarray, emotions: np.ndarray) -> Levels:
        """From labels; a blank emotion is one of its own."""
        names, level = np.unique(groups.astype(str), return_inverse=True)
        return cls(tuple(map(str, names)), level, np.unique(emotions.astype(str), return_inverse=True)[1])

    def sums(self, values: np.ndarray) -> np.ndarray:
        """Number of pictures and sum of values (rows, 2 x emotions x levels) of every cell; NaN where a value is."""
        cell = self.emotion * len(self.levels) + self.level
        there = np.zeros((len(values), self._cells))
        there[np.arange(len(values)), cell] = 1.0
        return np.hstack([there, np.where(there > 0, values[:, None], 0.0)])

    def contrasts(self, totals: np.ndarray) -> np.ndarray:
        """Every level's contrast (B, levels) of totals (B, 2 x emotions x levels)."""
        k = len(self.levels)
        counts, values = (half.reshape(len(totals), -1, k) for half in np.split(totals, 2, axis=1))
        with np.errstate(divide="ignore", invalid="ignore"):
            means = values / counts
        others = (means.sum(axis=2, keepdims=True) - means) / (k - 1)
        apart = means - others
        # An emotion that one of the levels never shows tells nothing of them.
        whole = self._whole
        return np.asarray(apart[:, whole].mean(axis=1)) if whole.any() else np.full((len(totals), k), np.nan)

    def p(self, values: np.ndarray, dealt: np.ndarray) -> np.ndarray:
        """p of every level's contrast (levels,) under levels dealt anew (rows, times); NaN where it is not defined.

        The share of dealings, the real one among them, whose contrast is as large in size; rows without a value are
        left out.
        """
        there = np.isfinite(values)
        labellings = np.column_stack([self.level, dealt])[there]
        emotion, kept = self.emotion[there], values[there]
        sums = np.zeros((labellings.shape[1], 2, self._emotions, len(self.levels)))
        for shown in np.unique(emotion):
            at = emotion == shown
            for level in range(len(self.levels)):
                is_level = (labellings[at] == level).astype(np.float64)
                sums[:, 0, shown, level] = is_level.sum(axis=0)
                sums[:, 1, shown, level] = kept[at] @ is_level
        made = np.abs(self.contrasts(sums.reshape(len(sums), -1)))
        return np.asarray(np.where(np.isnan(made[0]), np.nan, (~(made < made[0] - ROUNDING)).mean(axis=0)))

    @property
    def _emotions(self) -> int:
        return int(self.emotion.max()) + 1

    @property
    def _cells(self) -> int:
        return self._emotions * len(self.levels)

    @property
    def _whole(self) -> np.ndarray:
        """Which emotions every level shows."""
        there = np.zeros((self._emotions, len(self.levels)), dtype=bool)
        there[self.emotion, self.level] = True
        return np.asarray(there.all(axis=1))
