"""Whether angles inside a model go with what it answers: rank correlations over emotions and groups.

p is of the orders of emotions: one side's emotions are paired with the other's by chance, all groups of an emotion
together. Beside it stands p of groups dealt anew between whole identities, cosines and answers both computed again: it
says whether any other division of these identities would show the same, as it does where a model reads its answers off
the same directions, whoever is shown.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Literal

import numpy as np

from vlmrate import stats
from vlmrate.probe.intervals import intervals, p_of
from vlmrate.probe.linear import permuted
from vlmrate.probe.orders import orders_of, p_over_orders
from vlmrate.stats import Outcome, Skipped

if TYPE_CHECKING:
    from collections.abc import Sequence

    from vlmrate.probe.behaviour import ActiveGaps, LabelGaps
    from vlmrate.probe.geometry import Geometry
    from vlmrate.probe.separability import Way

Cellwise = Callable[[np.ndarray, "np.ndarray | None"], np.ndarray]
"""Cells (drawings, cells) of how often each identity is there, and of whose level each bears (None: its own)."""
Side = Literal["pictures", "texts", "labels"]
LEAST_EMOTIONS = 4
"""Emotions that a rank correlation over orders needs."""


@dataclass(frozen=True, slots=True)
class Correspondence:
    """Spearman's rho over `cells` of two sides: cosines from pictures or texts, gaps of labels.

    `p` (orders of emotions) and `p_dealt` (groups dealt anew; None where there are none to deal) are of either sign,
    `p_holm` is `p` corrected over the pairs of sides.
    """

    first: Side
    second: Side
    cells: int
    rho: Outcome
    p: float | None
    p_holm: float | None
    p_dealt: float | None


@dataclass(frozen=True, slots=True, eq=False)
class Sides:
    """The sides of the same cells, emotions by `columns`: what makes each of drawings and dealings of all identities.

    `emotions` is how many are told. `order` (dealings, identities) are orders by which columns may be dealt; None where
    they are not.
    """

    pictures: Cellwise
    labels: Cellwise | Skipped
    texts: Cellwise | Skipped
    emotions: int
    columns: int
    identities: tuple[str, ...]
    order: np.ndarray | None

    def side(self, side: Side) -> Cellwise | Skipped:
        """One of them by name."""
        return {"pictures": self.pictures, "labels": self.labels, "texts": self.texts}[side]


@dataclass(frozen=True, slots=True, eq=False)
class Joint:
    """The sides of the cells of emotions and levels of groups.

    `texts` are cosines (emotions, levels), which no dealing of pictures changes.
    """

    geometry: Geometry
    gaps: LabelGaps | Skipped
    texts: np.ndarray | Skipped
    kept: np.ndarray

    @property
    def identities(self) -> tuple[str, ...]:
        """All identities of either side."""
        return identities_of(self.geometry.cells.identities, self.gaps)

    def sides(self, way: Way) -> Sides:
        """Levels are dealt between the identities that cosines are told of, and between all others."""
        halves = np.isin(self.identities, self.geometry.cells.identities)
        return Sides(
            self._pictures,
            self.gaps if isinstance(self.gaps, Skipped) else partial(self._labels, self.gaps),
            same_cells(self.texts, self.kept),
            int(self.kept.sum()),
            len(self.geometry.names),
            self.identities,
            permuted(np.arange(len(halves)), halves, way.permutations, way.seed).T,
        )

    def _pictures(self, drawn: np.ndarray, order: np.ndarray | None) -> np.ndarray:
        own = self._places(self.geometry.cells.identities)
        if order is None:
            found = self.geometry.cosines(drawn[:, own])
        else:
            found = self.geometry.by_chance(np.searchsorted(own, order[:, own]))
        return np.asarray(found[:, self.kept].reshape(len(drawn), -1))

    def _labels(self, gaps: LabelGaps, drawn: np.ndarray, order: np.ndarray | None) -> np.ndarray:
        own, found = self._places(gaps.cells.identities), []
        for group in self.geometry.groups:
            level = group.of(self.identities)
            dealt = np.tile(level, (len(drawn), 1)) if order is None else level[order]
            made = gaps.of_levels(dealt[:, own], len(group.levels), drawn[:, own])
            found.append(made[:, list(group.told)])
        return np.asarray(np.concatenate(found, axis=1).transpose(0, 2, 1).reshape(len(drawn), -1))

    def _places(self, own: Sequence[str]) -> np.ndarray:
        return places_of(own, self.identities)


def identities_of(judged: Sequence[str], gaps: LabelGaps | ActiveGaps | Skipped) -> tuple[str, ...]:
    """All identities, those that cosines are told of and those whose pictures were rated."""
    return tuple(sorted({*judged, *(() if isinstance(gaps, Skipped) else gaps.identities)}))


def places_of(own: Sequence[str], identities: Sequence[str]) -> np.ndarray:
    """Where some identities stand among all, both in ascending order."""
    return np.searchsorted(np.array(identities), np.array(own))


def same_cells(cosines: np.ndarray | Skipped, kept: np.ndarray) -> Cellwise | Skipped:
    """A side (emotions, columns) that no drawing or dealing of pictures changes: that of texts."""
    return cosines if isinstance(cosines, Skipped) else partial(_same, cosines[kept].ravel())


def _same(cosines: np.ndarray, drawn: np.ndarray, order: np.ndarray | None) -> np.ndarray:  # noqa: ARG001  as the others
    return np.tile(cosines, (len(drawn), 1))


def correspondences(sides: Sides, way: Way) -> tuple[Correspondence, ...]:
    """Pictures with labels, texts with labels, texts with pictures."""
    pairs: tuple[tuple[Side, Side], ...] = (("pictures", "labels"), ("texts", "labels"), ("texts", "pictures"))
    found = [_one(sides, first, second, way) for first, second in pairs]
    family = {f"{one.first}, {one.second}": one.p for one in found if one.p is not None}
    holm = {one.test: one.p_adjusted for one in stats.holm(stats.Family.of("angles and answers", family))}
    return tuple(replace(one, p_holm=holm.get(f"{one.first}, {one.second}")) for one in found)


def _one(sides: Sides, first: Side, second: Side, way: Way) -> Correspondence:
    emotions, columns = sides.emotions, sides.columns
    untold = partial(Correspondence, first, second, emotions * columns, p=None, p_holm=None, p_dealt=None)
    one, other = sides.side(first), sides.side(second)
    if isinstance(one, Skipped):
        return untold(rho=one)
    if isinstance(other, Skipped):
        return untold(rho=other)
    if emotions < LEAST_EMOTIONS:
        return untold(rho=Skipped(f"a rank correlation needs four emotions, there are {emotions}"))

    def rho(drawn: np.ndarray, order: np.ndarray | None = None) -> np.ndarray:
        return _spearman(one(drawn, order), other(drawn, order))

    n = len(sides.identities)
    title = ["Spearman rho over cells"]
    (estimate,) = intervals(lambda drawn: rho(drawn)[:, None], n, title, emotions * columns, way.bootstrap)
    if isinstance(estimate, Skipped):
        return untold(rho=estimate)
    x, y = (made(np.ones((1, n)), None)[0].reshape(emotions, columns) for made in (one, other))
    by_order = np.abs(_in_orders(x, y, orders_of(emotions, way)))
    p_dealt = None
    if sides.order is not None:
        by_chance = np.nan_to_num(np.abs(rho(np.ones((len(sides.order), n)), sides.order)))
        p_dealt = float(p_of(by_chance, abs(estimate.value)))
    return Correspondence(
        first,
        second,
        emotions * columns,
        estimate,
        p=p_over_orders(by_order, abs(estimate.value), emotions),
        p_holm=None,
        p_dealt=p_dealt,
    )


def _in_orders(first: np.ndarray, second: np.ndarray, orders: np.ndarray) -> np.ndarray:
    """Spearman's rho (orders,) where the second's emotions (emotions, levels) are put in other orders."""
    from scipy.stats import rankdata

    x, y = (_standard(rankdata(side).reshape(side.shape)) for side in (first, second))
    return np.asarray(np.einsum("el,mel->m", x, y[orders]))


def _standard(ranks: np.ndarray) -> np.ndarray:
    return np.asarray((ranks - ranks.mean()) / (ranks.std() * np.sqrt(ranks.size)))


def _spearman(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Spearman's rho of every row with its row, mid-ranks for ties; NaN where a side does not vary."""
    from scipy.stats import rankdata

    ranks = [rankdata(side, axis=1, nan_policy="propagate") for side in (first, second)]
    x, y = (side - side.mean(axis=1, keepdims=True) for side in ranks)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray((x * y).sum(axis=1) / np.sqrt((x**2).sum(axis=1) * (y**2).sum(axis=1)))
