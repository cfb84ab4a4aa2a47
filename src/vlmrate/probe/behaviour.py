"""A rater's bias between groups of people shown, emotion by emotion: its labels and its ratings.

Every figure is a gap of `stats.group_gap`, the group against all others: of labels within the emotions shown, of
ratings less people's in the pictures of one emotion. Over the emotions the latter is the bias of `vlmrate analyze`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from vlmrate import stats
from vlmrate.probe.cells import Cells
from vlmrate.stats import Outcome, Skipped

if TYPE_CHECKING:
    from collections.abc import Sequence

    from vlmrate.probe.answered import Answered
    from vlmrate.probe.shown import Shown
    from vlmrate.stats import GroupGap


@dataclass(frozen=True, slots=True)
class Shift:
    """(rater - people) in a group's pictures of an emotion, minus the same in all others' pictures of it."""

    item: str
    bias: Outcome


def label_gap(answered: Answered, shown: Shown, emotion: str, levels: np.ndarray, level: str) -> Outcome:
    """How much more often pictures of a level are given an emotion's label, within each emotion shown, averaged.

    `levels` (pictures,) are all pictures'. In shares of answers, or in probability; t interval with CR2 standard error
    over identities.
    """
    if emotion not in answered.labels:
        return Skipped(f"{emotion} is no answer to {answered.item}")
    return share_gap(shown, answered.given[:, answered.labels.index(emotion)], levels, level)


def share_gap(shown: Shown, shares: np.ndarray, levels: np.ndarray, level: str, *, within: bool = True) -> Outcome:
    """How much larger shares (pictures,) are in pictures of a level than in all others.

    `within` tells it within each emotion shown, averaged over them.
    """
    gap = _gap(shown, shares, np.zeros(len(shares)), levels, level, within=within)
    return gap if isinstance(gap, Skipped) else gap.model_effect


def shifts(answered: Answered, shown: Shown, emotion: str, levels: np.ndarray, level: str) -> tuple[Shift, ...]:
    """The shift of every item that the rater and people both rated, in scale points."""
    of_emotion = np.where(shown.labels(shown.emotion or "") == emotion, levels, "")
    gaps = {
        item: _gap(shown, ratings, shown.people[item], of_emotion, level)
        for item, ratings in answered.ratings.items()
        if item in shown.people
    }
    return tuple(Shift(item, gap if isinstance(gap, Skipped) else gap.bias) for item, gap in gaps.items())


def _gap(
    shown: Shown, rated: np.ndarray, people: np.ndarray, levels: np.ndarray, level: str, *, within: bool = False
) -> GroupGap | Skipped:
    emotions, identities = (shown.labels(name) for name in (shown.emotion or "", shown.identity or ""))
    kept = (levels != "") & (emotions != "") & (identities != "")
    if not (levels[kept] == level).any():
        return Skipped(f"no such picture is {level}")
    return stats.group_gap(
        rated[kept],
        people[kept],
        levels[kept],
        level,
        strata=emotions[kept] if within else None,
        clusters=identities[kept],
    )


@dataclass(frozen=True, slots=True, eq=False)
class LabelGaps:
    """The gaps of labels over many drawings of identities, or dealings of a group among them, at once.

    `columns` are the labels of the emotions, in their order.
    """

    cells: Cells

    @property
    def identities(self) -> tuple[str, ...]:
        """All whose pictures were rated."""
        return self.cells.identities

    @classmethod
    def of(cls, answered: Answered | Skipped, shown: Shown, emotions: Sequence[str]) -> LabelGaps | Skipped:
        """Of all pictures that were rated and whose emotion and identity are known; `emotions` are labels."""
        given = _given(answered, shown, emotions)
        return given if isinstance(given, Skipped) else cls(Cells.of(*given[1:]))

    def of_levels(self, level: np.ndarray, levels: int, drawn: np.ndarray) -> np.ndarray:
        """Gaps (drawings, levels, emotions); `level` (drawings, identities) is -1 for an identity without one."""
        there = (level[:, :, None] == np.arange(levels)) * drawn[:, :, None]
        counts = np.einsum("bil,ie->ble", there, self.cells.counts)
        sums = np.einsum("bil,iex->blex", there, self.cells.sums, optimize=True)
        # Identities without a level are in none.
        others, rest = counts.sum(axis=1, keepdims=True) - counts, sums.sum(axis=1, keepdims=True) - sums
        return _gaps(counts, sums, others, rest)


@dataclass(frozen=True, slots=True, eq=False)
class ActiveGaps:
    """The gaps of labels between pictures in which features are active and those in which they are not, over drawings.

    `counts` (2, features, identities, emotions) are pictures in which each is active, then not, `sums` (..., labels)
    how often labels were given in them.
    """

    identities: tuple[str, ...]
    counts: np.ndarray
    sums: np.ndarray

    @classmethod
    def of(
        cls, answered: Answered | Skipped, shown: Shown, emotions: Sequence[str], sides: np.ndarray
    ) -> ActiveGaps | Skipped:
        """Of all pictures that were rated and whose emotion and identity are known.

        `sides` (2, pictures, features) says where each is active, and where it is not.
        """
        found = _given(answered, shown, emotions)
        if isinstance(found, Skipped):
            return found
        kept, given, identities, posed = found
        cells = [
            Cells.of(np.hstack([side[:, None], given * side[:, None]]), identities, posed)
            for side in sides[:, kept].transpose(0, 2, 1).reshape(-1, len(given)).astype(np.float64)
        ]
        both = np.array([one.sums for one in cells]).reshape(2, -1, *cells[0].sums.shape)
        return cls(cells[0].identities, both[..., 0], both[..., 1:])

    def over(self, drawn: np.ndarray) -> np.ndarray:
        """Gaps (drawings, features, emotions) of how often each identity is there (drawings, identities)."""
        counts, sums = (np.tensordot(drawn, one, axes=(1, 2)) for one in (self.counts, self.sums))
        return _gaps(counts[:, 0], sums[:, 0], counts[:, 1], sums[:, 1])


def are_labels(answered: Answered | Skipped, emotions: Sequence[str]) -> np.ndarray:
    """Which emotions are answers too; all where nothing was answered."""
    return np.array([isinstance(answered, Skipped) or name in answered.labels for name in emotions])


def _given(
    answered: Answered | Skipped, shown: Shown, emotions: Sequence[str]
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray] | Skipped:
    """Which pictures were rated and are known, how often each emotion's label was given, identities and emotions."""
    if isinstance(answered, Skipped):
        return answered
    if not emotions:
        return Skipped("no emotion is an answer")
    given = answered.given[:, [answered.labels.index(emotion) for emotion in emotions]]
    posed, identities = shown.labels(shown.emotion or ""), shown.labels(shown.identity or "")
    kept = (posed != "") & (identities != "") & np.isfinite(given).all(axis=1)
    return kept, given[kept], identities[kept], posed[kept]


def _gaps(counts: np.ndarray, sums: np.ndarray, others: np.ndarray, rest: np.ndarray) -> np.ndarray:
    """Means in a level less those outside it, averaged over the emotions shown that have both.

    `counts` (drawings, levels, emotions) and `sums` (drawings, levels, emotions, labels) are those inside levels,
    `others` and `rest` those outside.
    """
    with np.errstate(invalid="ignore", divide="ignore"):
        gaps = sums / counts[..., None] - rest / others[..., None]
        both = np.isfinite(gaps)
        return np.asarray(np.where(both, gaps, 0.0).sum(axis=2) / both.sum(axis=2))
