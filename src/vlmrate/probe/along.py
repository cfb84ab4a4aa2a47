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
from vlmrate.probe.linear import less_means

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from vlmrate.probe.labelled import Labelled
    from vlmrate.probe.prior import Concepts
    from vlmrate.probe.separability import Way
    from vlmrate.stats import Outcome

ROUNDING = 1e-24
"""The share of a sum of squares that computing alone leaves over."""


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

    def told(self, names: Sequence[str], n: int, way: Way) -> Cosines:
        """Every cosine with its interval and p of either sign; `names` has one of each, n is what they rest on."""

        def numbers(drawn: np.ndarray) -> np.ndarray:
            return np.asarray(np.clip(self.of(drawn), -1.0, 1.0).reshape(len(drawn), -1))

        p = p_of(np.abs(self.by_chance), np.abs(self.real)).ravel()
        family = stats.Family.of("cosines", dict(zip(names, map(float, p), strict=True)))
        return Cosines(
            intervals(numbers, self.drawn_from, names, n, way.bootstrap),
            tuple(map(float, p)),
            tuple(one.p_adjusted for one in stats.holm(family)),
        )


@dataclass(frozen=True, slots=True)
class Cosines:
    """One after another, directions within classes: estimates, their p, and that corrected over all."""

    cosines: tuple[Outcome, ...]
    p: tuple[float, ...]
    p_holm: tuple[float, ...]


def along_pictures(
    units: np.ndarray, judged: Labelled, values: np.ndarray, geometry: Geometry, order: np.ndarray, way: Way
) -> Along:
    """Of emotions, then levels of groups, from pictures (pictures, width), whose cells `geometry` has too.

    By chance groups are dealt between identities as `order` (dealings, identities) says. Of emotions what they leave
    over is dealt within identities: dealing what is measured would take a large effect of one emotion for noise of all.
    """
    projected = values @ units.T
    own = Geometry(Cells.of(projected, judged.units, judged.labels), geometry.groups)
    once = geometry.cells.once
    lengths = _lengths(np.concatenate([geometry.emotions(once), geometry.levels(once)], axis=1)[0])

    def cosines(drawn: np.ndarray) -> np.ndarray:
        return np.asarray(np.concatenate([own.emotions(drawn), own.levels(drawn)], axis=1) / lengths)

    dealt = _by_chance(judged, projected, way)
    by_chance = np.concatenate([dealt, own.levels(None, order)], axis=1) / lengths
    return Along(cosines, by_chance, len(geometry.cells.identities))


def along_texts(units: np.ndarray, concepts: Concepts, way: Way) -> Along:
    """Of emotions, then levels of groups, from texts; by chance what they leave over is dealt anew to texts."""
    projected = [values @ units.T for _, values in concepts.parts]
    over = concepts.over(projected)
    whole = [labelled.weights() @ values for labelled, values in concepts.parts]
    lengths = _lengths(np.concatenate([effects[kept] for effects, kept in zip(whole, concepts.told, strict=True)]))

    def cosines(drawn: np.ndarray) -> np.ndarray:
        return np.asarray(np.concatenate(over(drawn), axis=1) / lengths)

    dealt = [
        _by_chance(labelled, own, way)[:, kept]
        for (labelled, _), own, kept in zip(concepts.parts, projected, concepts.told, strict=True)
    ]
    return Along(cosines, np.concatenate(dealt, axis=1) / lengths, concepts.texts)


def _by_chance(labelled: Labelled, values: np.ndarray, way: Way) -> np.ndarray:
    """Effects of classes (dealings, classes, columns) where what they and blocks leave over is dealt anew.

    Residuals of the whole model are dealt and t is compared (ter Braak 1992, in Bootstrapping and Related Techniques,
    79-85): a dealt effect counts by how much larger the noise is that its own dealing leaves over. NaN where nothing is
    left over, as of one text a concept.
    """
    weights = labelled.weights()
    blocks = np.zeros(len(values)) if labelled.blocks is None else labelled.blocks
    rest = less_means(values - (weights @ values)[labelled.codes], blocks)
    noise = (rest**2).sum(axis=0)
    noise[noise <= ROUNDING * (values**2).sum(axis=0)] = np.nan
    dealt = dealt_effects(labelled, rest, way.permutations, way.seed)
    # Effects have the covariance weights @ weights.T times that of noise, so that this is what fitting them explains.
    fitted = np.einsum("dkc,kl,dlc->dc", dealt, np.linalg.pinv(weights @ weights.T), dealt)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray(dealt / np.sqrt(1 - fitted / noise)[:, None])


def _lengths(effects: np.ndarray) -> np.ndarray:
    return np.asarray(np.linalg.norm(effects, axis=1)[:, None])
