"""Representational similarity: are emotions that people rate alike also alike inside the model?

Pictures are gathered into cells (emotions, or group x emotion). Inside the model two cells are as far apart as the
correlation of their mean activations falls short of 1, for people as their mean ratings are. Source: Kriegeskorte, Mur
& Bandettini 2008, Frontiers in Systems Neuroscience 2, 4; the test is Mantel's (1967, Cancer Research 27, 209-220).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from scipy.stats import rankdata

from vlmrate.probe.intervals import p_among
from vlmrate.probe.scatter import scaled
from vlmrate.stats import Outcome, Skipped, bootstrap_weights

if TYPE_CHECKING:
    from collections.abc import Callable

    from vlmrate.probe.separability import Way
    from vlmrate.probe.shown import Shown

LEAST_CELLS = 4
"""Cells that there must be; three have three distances, in six orders."""
BY = " x "
"""Between a group and the emotion in the name of cells."""
_RESAMPLES_AT_A_TIME = 32


@dataclass(frozen=True, slots=True)
class LikenessLayer:
    """One layer (of each model, where two are compared): Spearman's rho, and p of the largest rho over layers."""

    layer: int
    other: int | None
    rho: float
    p: float


@dataclass(frozen=True, slots=True)
class Likeness:
    """How far distances between cells agree, in the layer where they agree most and in all.

    `p` is Mantel's, of the largest rho over layers; `p_holm` is corrected for all that was tested together.
    """

    cells: int
    images: int
    layer: int
    other: int | None
    rho: Outcome
    p: float
    p_holm: float
    layers: tuple[LikenessLayer, ...]


@dataclass(frozen=True, slots=True)
class CellsOutcome:
    """A way of gathering pictures into cells, and what was found or why nothing could be."""

    cells: str
    found: Likeness | Skipped


@dataclass(frozen=True, slots=True, eq=False)
class Gathered:
    """Pictures gathered into cells: of all rows those kept, and of every kept row its cell's number and identity."""

    kept: np.ndarray
    codes: np.ndarray
    identities: np.ndarray

    @property
    def number(self) -> int:
        """Number of cells."""
        return int(self.codes.max()) + 1


@dataclass(frozen=True, slots=True, eq=False)
class Layered:
    """Something measured of every picture in layers: `layer` gives (rows, width) of all rows."""

    layer: Callable[[int], np.ndarray]
    layers: int


def cells_of(shown: Shown) -> tuple[str, ...]:
    """The ways of gathering a study's pictures: by emotion, and by every group and emotion."""
    if shown.emotion is None:
        return ()
    return (shown.emotion, *(f"{group}{BY}{shown.emotion}" for group in shown.groups))


def gathered(shown: Shown, cells: str, rated: np.ndarray) -> Gathered | Skipped:
    """Pictures by cell, of those that are `rated`; blank ones are left out."""
    if shown.identity is None:
        return Skipped("intervals draw identities, and the study names no identity factor")
    columns = [shown.labels(name).astype(str) for name in cells.split(BY)]
    identities = np.asarray(shown.labels(shown.identity).astype(str))
    kept = rated & (identities != "")
    for column in columns:
        kept &= column != ""
    names = np.array([BY.join(row) for row in zip(*columns, strict=True)])[kept]
    found, codes = np.unique(names, return_inverse=True)
    if len(found) < LEAST_CELLS:
        return Skipped(f"there must be {LEAST_CELLS} cells to compare distances, and there are {len(found)}")
    return Gathered(kept, codes, identities[kept])


def like_people(model: Layered, people: np.ndarray, cells: Gathered, way: Way) -> Likeness:
    """Distances inside a model against people's; `people` (rows, items) are their means."""
    ratings = scaled(people[cells.kept])
    once = np.ones((1, len(ratings)))
    theirs = rating_distances(ratings, cells.codes, once)[0]
    own = [unit_distances(_of(model, i, cells), cells.codes, once)[0] for i in range(model.layers)]
    rhos, ps = mantel(np.stack(own), np.broadcast_to(theirs, (model.layers, len(theirs))), cells.number, way)
    best = int(np.argmax(rhos))
    activations = _of(model, best, cells)
    return Likeness(
        cells=cells.number,
        images=len(ratings),
        layer=best,
        other=None,
        rho=_estimate(
            lambda weights: (
                unit_distances(activations, cells.codes, weights),
                rating_distances(ratings, cells.codes, weights),
            ),
            cells,
            way,
        ),
        p=float(ps[best]),
        p_holm=float(ps[best]),
        layers=tuple(LikenessLayer(i, None, float(rhos[i]), float(ps[i])) for i in range(model.layers)),
    )


def like_each_other(first: Layered, second: Layered, cells: Gathered, way: Way) -> Likeness:
    """Distances inside one model (or under one prompt) against those inside another, layer beside layer.

    Where they have different numbers of layers each of the first stands beside the one at the same depth.
    """
    beside = [_at_same_depth(i, first.layers, second.layers) for i in range(first.layers)]
    once = np.ones((1, int(cells.kept.sum())))
    own = [unit_distances(_of(first, i, cells), cells.codes, once)[0] for i in range(first.layers)]
    others = [unit_distances(_of(second, i, cells), cells.codes, once)[0] for i in beside]
    rhos, ps = mantel(np.stack(own), np.stack(others), cells.number, way)
    best = int(np.argmax(rhos))
    both = _of(first, best, cells), _of(second, beside[best], cells)
    return Likeness(
        cells=cells.number,
        images=len(cells.codes),
        layer=best,
        other=beside[best],
        rho=_estimate(
            lambda weights: (
                unit_distances(both[0], cells.codes, weights),
                unit_distances(both[1], cells.codes, weights),
            ),
            cells,
            way,
        ),
        p=float(ps[best]),
        p_holm=float(ps[best]),
        layers=tuple(LikenessLayer(i, beside[i], float(rhos[i]), float(ps[i])) for i in range(first.layers)),
    )


def unit_distances(activations: np.ndarray, codes: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """1 - Pearson's r over units between cells' means less the mean of cells, (resamples, pairs of cells)."""
    means = _cell_means(activations, codes, weights)
    means = means - means.mean(axis=1, keepdims=True)
    means = means - means.mean(axis=2, keepdims=True)
    with np.errstate(divide="ignore", invalid="ignore"):
        means = means / np.linalg.norm(means, axis=2, keepdims=True)
    one, other = np.triu_indices(means.shape[1], 1)
    return np.asarray(1 - (means @ means.transpose(0, 2, 1))[:, one, other])


def rating_distances(ratings: np.ndarray, codes: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Euclidean distances between cells' mean ratings, (resamples, pairs of cells)."""
    means = _cell_means(ratings, codes, weights)
    one, other = np.triu_indices(means.shape[1], 1)
    return np.asarray(np.linalg.norm(means[:, one] - means[:, other], axis=2))


def mantel(first: np.ndarray, second: np.ndarray, cells: int, way: Way) -> tuple[np.ndarray, np.ndarray]:
    """Spearman's rho of distances (layers, pairs) and p, one-sided, of every layer (layers,).

    Cells change places in rows and columns together, in all layers alike; p is that of the largest rho over layers.
    """
    rng = np.random.default_rng(way.seed)
    order = rng.permuted(np.tile(np.arange(cells), (way.permutations, 1)), axis=1)
    one, other = np.triu_indices(cells, 1)
    place = np.zeros((cells, cells), np.int64)
    place[one, other] = place[other, one] = np.arange(len(one))
    moved = place[order[:, one], order[:, other]]
    ours, theirs = (np.nan_to_num(_standard_ranks(side)) for side in (first, second))
    rhos = (ours * theirs).mean(axis=1)
    by_chance = np.max([theirs[i][moved] @ ours[i] / len(one) for i in range(len(ours))], axis=0)
    return rhos, p_among(by_chance, rhos)


def _estimate(distances: Callable[[np.ndarray], tuple[np.ndarray, np.ndarray]], cells: Gathered, way: Way) -> Outcome:
    """Spearman's rho between two kinds of distances, its interval from drawing identities.

    Drawing adds noise to distances and so takes from rho, where cells are many or means unsure. Reflected about the
    value (the basic bootstrap: Davison & Hinkley 1997, section 2.4) the interval makes up for that and is too narrow
    where there is little noise; what is told spans both.
    """

    def rho(weights: np.ndarray) -> np.ndarray:
        parts = np.array_split(weights, -(-len(weights) // _RESAMPLES_AT_A_TIME))
        return np.concatenate([_rho(*distances(part)) for part in parts])

    found = bootstrap_weights(
        rho,
        len(cells.codes),
        name=f"Spearman rho of distances between {cells.number} cells",
        clusters=cells.identities,
        bootstrap=replace(way.bootstrap, interval="percentile"),
    )
    if isinstance(found, Skipped):
        return found
    low = min(found.ci_low, max(-1.0, 2 * found.value - found.ci_high))
    high = max(found.ci_high, min(1.0, 2 * found.value - found.ci_low))
    return replace(found, ci_low=low, ci_high=high, method=f"{found.method}; spanned with its reflection")


def _rho(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    return np.asarray((_standard_ranks(first) * _standard_ranks(second)).mean(axis=1))


def _standard_ranks(values: np.ndarray) -> np.ndarray:
    """Ranks within rows, mean 0 and SD 1; 0 where nothing differs, NaN where something is not known."""
    ranks = np.asarray(rankdata(values, axis=1), dtype=np.float64)
    ranks -= ranks.mean(axis=1, keepdims=True)
    spread = ranks.std(axis=1, keepdims=True)
    return np.asarray(ranks / np.where(spread == 0, 1.0, spread))


def _cell_means(values: np.ndarray, codes: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Means of cells, (resamples, cells, width); NaN where a resample has none of a cell."""
    made = np.empty((len(weights), int(codes.max()) + 1, values.shape[1]))
    with np.errstate(divide="ignore", invalid="ignore"):
        for number in range(made.shape[1]):
            rows = codes == number
            made[:, number] = weights[:, rows] @ values[rows] / weights[:, rows].sum(axis=1, keepdims=True)
    return made


def _of(model: Layered, layer: int, cells: Gathered) -> np.ndarray:
    return scaled(model.layer(layer)[cells.kept])


def _at_same_depth(layer: int, layers: int, others: int) -> int:
    return 0 if layers == 1 else round(layer * (others - 1) / (layers - 1))
