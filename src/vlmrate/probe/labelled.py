"""Rows with a label each, pictures or texts: what sets a label's rows apart, by chance, and over drawings of them.

Pictures are drawn by identity, which is their block too; a text is drawn by itself and has no block.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from vlmrate.errors import ProbeError
from vlmrate.probe.cells import Cells
from vlmrate.probe.direction import SIGN, effects
from vlmrate.probe.halves import first_half, too_little
from vlmrate.probe.linear import permuted
from vlmrate.probe.records import VISION

if TYPE_CHECKING:
    from vlmrate.probe.records import CaptureAbout
    from vlmrate.probe.shown import Shown

CHOOSING = 99
"""Permutations that a layer's strength is held against where layers are chosen."""
_BLOCK = 64


@dataclass(frozen=True, slots=True, eq=False)
class Labelled:
    """Rows with a label (an emotion) and a unit each: the identity shown, or the text itself where `texts`.

    `rows` are their numbers in the capture.
    """

    labels: np.ndarray
    units: np.ndarray
    rows: np.ndarray
    texts: bool = False

    @property
    def classes(self) -> tuple[str, ...]:
        """The labels that there are, ascending."""
        return tuple(map(str, np.unique(self.labels.astype(str))))

    @property
    def codes(self) -> np.ndarray:
        """Every row's label as a number among `classes`."""
        return np.unique(self.labels.astype(str), return_inverse=True)[1]

    @property
    def lacking(self) -> str | None:
        """Why halves of the units cannot both tell all labels apart; None where they can."""
        words = too_little(np.array(self.classes), self.codes, self.units)
        return (
            words
            if words is None or not self.texts
            else words.replace("is shown by", "stands in").replace("identities", "texts")
        )

    @property
    def untold(self) -> str | None:
        """Why labels have no effects of their own beside identities; None where they have."""
        try:
            self.weights()
        except ProbeError as error:
            return str(error)
        return None

    @property
    def blocks(self) -> np.ndarray | None:
        """What a label's effect is told beside."""
        return None if self.texts else self.units

    def at(self, rows: np.ndarray) -> Labelled:
        """Some of the rows, by a mask."""
        return replace(self, labels=self.labels[rows], units=self.units[rows], rows=self.rows[rows])

    def weights(self) -> np.ndarray:
        """Weights (classes, rows) that make effects of what was measured.

        Raises:
            ProbeError: Labels cannot be told from identities.
        """
        return effects(self.labels, self.blocks).weights

    def dealt(self, times: int, seed: int) -> np.ndarray:
        """Row numbers (rows, times) as labels might lie by chance: within identities, or among all texts."""
        within = np.zeros(len(self.rows)) if self.texts else self.units
        return permuted(np.arange(len(self.rows)), within, times, seed)

    def halves(self, seed: int) -> np.ndarray:
        """A mask of the rows of one half of the units; of texts a half of each label's."""
        return first_half(self.units, self.labels[:, None] if self.texts else None, seed)

    def over(self, values: np.ndarray) -> Drawings:
        """Effects over drawings of units, of what was measured (rows, width)."""
        if not self.texts:
            return Drawings(Cells.of(values, self.units, self.labels), None)
        cells = Cells.of(values, self.units)
        code_of = dict(zip(self.units, self.codes, strict=True))
        return Drawings(cells, np.array([code_of[name] for name in cells.identities]))


@dataclass(frozen=True, slots=True, eq=False)
class Drawings:
    """Effects of labels over drawings of the units in `cells`; `codes` are texts' labels by unit."""

    cells: Cells
    codes: np.ndarray | None

    def effects(self, drawn: np.ndarray) -> np.ndarray:
        """Effects (drawings, classes, width), from how often each unit is there (drawings, units)."""
        if self.codes is None:
            return self.cells.emotions_of(drawn)
        return self.cells.groups_of(self.codes, int(self.codes.max()) + 1, drawn)

    def mask(self, units: np.ndarray) -> np.ndarray:
        """1.0 for the units among these names, 0.0 for the others."""
        return np.isin(self.cells.identities, units.astype(str)).astype(np.float64)


def pictured(shown: Shown) -> Labelled:
    """The pictures whose emotion and identity are known; the study must name both."""
    emotions, people = shown.labels(shown.emotion or ""), shown.labels(shown.identity or "")
    rows = np.flatnonzero((emotions != "") & (people != ""))
    return Labelled(emotions[rows], people[rows], rows)


def written(about: CaptureAbout, factor: str | None = None) -> Labelled:
    """The texts of emotions; or those of a group's levels, whose concepts are named FACTOR=LEVEL, by level."""
    names = np.array(about.concepts or [""] * len(about.rows), dtype=object)
    head = "" if factor is None else factor + SIGN
    rows = np.array(
        [i for i, name in enumerate(names) if name and (name.startswith(head) if head else SIGN not in name)], dtype=int
    )
    labels = np.array([names[i][len(head) :] for i in rows], dtype=object)
    return Labelled(labels, np.array([f"{i:08}" for i in rows], dtype=object), rows, texts=True)


def texts_pass(about: CaptureAbout, array: str, layer: int, width: int) -> bool:
    """Whether the texts of a capture were read where pictures were: after the same block, of the same width."""
    read = about.arrays[0]
    return array != VISION and read.width == width and read.layers > layer


def squared_gaps(weights: np.ndarray, gram: np.ndarray, dealt: np.ndarray) -> np.ndarray:
    """Squared lengths of effects (dealings, classes) where labels are dealt so (rows, dealings).

    `gram` are the products of rows with one another (rows, rows).
    """
    made = []
    for start in range(0, dealt.shape[1], _BLOCK):
        moved = weights[:, dealt[:, start : start + _BLOCK]].transpose(2, 0, 1)
        made.append(np.einsum("bkn,bkn->bk", moved @ gram, moved))
    return np.concatenate(made)


def dealt_effects(labelled: Labelled, values: np.ndarray, times: int, seed: int) -> np.ndarray:
    """Effects (dealings, classes, width) of what was measured (rows, width) where labels are dealt anew."""
    weights, dealt = labelled.weights(), labelled.dealt(times, seed)
    return np.concatenate(
        [weights[:, dealt[:, start : start + _BLOCK]].transpose(2, 0, 1) @ values for start in range(0, times, _BLOCK)]
    )


def strength(labelled: Labelled, values: np.ndarray, weights: np.ndarray, seed: int) -> float:
    """How far labels' rows lie apart: the sum of their squared gaps over its mean where labels are permuted."""
    centred = values.astype(np.float64) - values.mean(axis=0)
    gram = centred @ centred.T
    itself = np.arange(len(values))[:, None]
    chance = float(squared_gaps(weights, gram, labelled.dealt(CHOOSING, seed)).sum(axis=1).mean())
    return float(squared_gaps(weights, gram, itself).sum()) / chance if chance > 0 else 0.0
