"""Cosines of emotions and groups with directions that are given: rows of a dictionary's decoder, of unit length.

Such a direction is fixed: nothing of it is learnt from labels, so that drawing and dealing move the other one alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from vlmrate import stats
from vlmrate.probe.cells import Cells
from vlmrate.probe.geometry import Geometry
from vlmrate.probe.intervals import intervals, p_of
from vlmrate.probe.labelled import dealt_effects

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from vlmrate.probe.labelled import Labelled
    from vlmrate.probe.prior import Concepts
    from vlmrate.probe.separability import Way
    from vlmrate.stats import Outcome


@dataclass(frozen=True, slots=True, eq=False)
class Along:
    """Cosines of classes with given directions (classes, directions): of drawings, and by chance (dealings, ...).

    The lengths of classes' effects are held as they are without drawing or dealing.
    """

    of: Callable[[np.ndarray], np.ndarray]
    by_chance: np.ndarray
    drawn_from: int

    @property
    def real(self) -> np.ndarray:
        """As they are (classes, directions)."""
        return np.asarray(self.of(np.ones((1, self.drawn_from)))[0])

    def told(self, names: Sequence[str], n: int, way: Way) -> Told:
        """Every cosine with its interval and p of either sign; `names` has one of each, n is what they rest on."""

        def numbers(drawn: np.ndarray) -> np.ndarray:
            return np.asarray(np.clip(self.of(drawn), -1.0, 1.0).reshape(len(drawn), -1))

        p = p_of(np.abs(self.by_chance), np.abs(self.real)).ravel()
        family = stats.Family.of("cosines", dict(zip(names, map(float, p), strict=True)))
        return Told(
            intervals(numbers, self.drawn_from, names, n, way.bootstrap),
            tuple(map(float, p)),
            tuple(one.p_adjusted for one in stats.holm(family)),
        )


@dataclass(frozen=True, slots=True)
class Told:
    """Cosines one after another, directions within classes: estimates, their p, and that corrected over all."""

    cosines: tuple[Outcome, ...]
    p: tuple[float, ...]
    p_holm: tuple[float, ...]


def along_pictures(
    units: np.ndarray, judged: Labelled, values: np.ndarray, geometry: Geometry, order: np.ndarray, way: Way
) -> Along:
    """Of emotions, then levels of groups, from pictures (pictures, width), whose cells `geometry` has too.

    By chance emotions are dealt within identities, groups between them as `order` (dealings, identities) says.
    """
    projected = values @ units.T
    own = Geometry(Cells.of(projected, judged.units, judged.labels), geometry.groups)
    once = geometry.cells.once
    lengths = _lengths(np.concatenate([geometry.emotions(once), geometry.levels(once)], axis=1)[0])

    def cosines(drawn: np.ndarray) -> np.ndarray:
        return np.asarray(np.concatenate([own.emotions(drawn), own.levels(drawn)], axis=1) / lengths)

    dealt = dealt_effects(judged, projected, way.permutations, way.seed)
    by_chance = np.concatenate([dealt, own.levels(None, order)], axis=1) / lengths
    return Along(cosines, by_chance, len(geometry.cells.identities))


def along_texts(units: np.ndarray, concepts: Concepts, way: Way) -> Along:
    """Of emotions, then levels of groups, from texts; by chance classes are dealt anew to a part's texts."""
    projected = [values @ units.T for _, values in concepts.parts]
    over = concepts.over(projected)
    whole = [labelled.weights() @ values for labelled, values in concepts.parts]
    lengths = _lengths(np.concatenate([effects[kept] for effects, kept in zip(whole, concepts.told, strict=True)]))

    def cosines(drawn: np.ndarray) -> np.ndarray:
        return np.asarray(np.concatenate(over(drawn), axis=1) / lengths)

    return Along(cosines, np.concatenate(concepts.dealt(projected, way), axis=1) / lengths, concepts.texts)


def _lengths(effects: np.ndarray) -> np.ndarray:
    return np.asarray(np.linalg.norm(effects, axis=1)[:, None])
