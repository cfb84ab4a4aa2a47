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
    from vlmrate.probe.geometry import Group
    from vlmrate.probe.shown import Shown


@dataclass(frozen=True, slots=True)
class Shift:
    """(rater - people) in a group's pictures of an emotion, minus the same in all others' pictures of it."""

    item: str
    bias: Outcome


def label_gap(answered: Answered, shown: Shown, emotion: str, group: Group, level: str) -> Outcome:
    """How much more often pictures of a level are given an emotion's label, within each emotion shown, averaged.

    In shares of answers, or in probability; t interval with CR2 standard error over identities.
    """
    if emotion not in answered.labels:
        return Skipped(f"{emotion} is no answer to {answered.item}")
    given = answered.given[:, answered.labels.index(emotion)]
    return _gap(shown, group, level, given, np.zeros(len(given)), None, within=True)


def shifts(answered: Answered, shown: Shown, emotion: str, group: Group, level: str) -> tuple[Shift, ...]:
    """The shift of every item that the rater and people both rated, in scale points."""
    of_emotion = shown.labels(shown.emotion or "") == emotion
    return tuple(
        Shift(item, _gap(shown, group, level, ratings, shown.people[item], of_emotion))
        for item, ratings in answered.ratings.items()
        if item in shown.people
    )


def _gap(
    shown: Shown,
    group: Group,
    level: str,
    rated: np.ndarray,
    people: np.ndarray,
    rows: np.ndarray | None,
    *,
    within: bool = False,
) -> Outcome:
    levels, emotions, identities = (
        shown.labels(name) for name in (group.factor, shown.emotion or "", shown.identity or "")
    )
    kept = (levels != "") & (emotions != "") & (identities != "")
    kept = kept if rows is None else kept & rows
    if not (levels[kept] == level).any():
        return Skipped(f"no picture of {group.factor} {level}")
    gap = stats.group_gap(
        rated[kept],
        people[kept],
        levels[kept],
        level,
        strata=emotions[kept] if within else None,
        clusters=identities[kept],
    )
    return gap.model_effect if within else gap.bias


@dataclass(frozen=True, slots=True, eq=False)
class LabelGaps:
    """The gaps of labels over many drawings of identities, or dealings of a group among them, at once.

    `columns` are the labels of the emotions, in their order.
    """

    cells: Cells

    @classmethod
    def of(cls, answered: Answered, shown: Shown, emotions: Sequence[str]) -> LabelGaps:
        """Of all pictures that were rated and whose emotion and identity are known."""
        given = answered.given[:, [answered.labels.index(emotion) for emotion in emotions]]
        posed, identities = shown.labels(shown.emotion or ""), shown.labels(shown.identity or "")
        kept = (posed != "") & (identities != "") & np.isfinite(given).all(axis=1)
        return cls(Cells.of(given[kept], identities[kept], posed[kept]))

    def of_levels(self, level: np.ndarray, levels: int, drawn: np.ndarray) -> np.ndarray:
        """Gaps (drawings, levels, emotions); `level` (drawings, identities) is -1 for an identity without one."""
        there = (level[:, :, None] == np.arange(levels)) * drawn[:, :, None]
        counts = np.einsum("bil,ie->ble", there, self.cells.counts)
        sums = np.einsum("bil,iex->blex", there, self.cells.sums, optimize=True)
        with np.errstate(invalid="ignore", divide="ignore"):
            inside = sums / counts[..., None]
            outside = (sums.sum(axis=1, keepdims=True) - sums) / (counts.sum(axis=1, keepdims=True) - counts)[..., None]
            gaps = inside - outside
            both = np.isfinite(gaps)
            return np.asarray(np.where(both, gaps, 0.0).sum(axis=2) / both.sum(axis=2))
