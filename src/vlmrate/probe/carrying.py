"""How many single units or features carry a label, and how many of them it shares with another.

Each candidate is projected out alone; how far that lowers a label's log-probability, over pictures that truly show the
label, is its lowering. What random directions lower after the same block is the floor: over a whole basis lowerings sum
to about the same, so that the floor is what each would lower if the label were spread over all units alike. On the
first half of the identities candidates are selected (lowering above the floor by a one-sided t test over identities,
Benjamini-Hochberg at .05 over candidates) and put in their order; on the second half lowerings are summed in that
order. The effective number is how many it takes until the sum is 80 % of that of all selected.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations
from typing import TYPE_CHECKING

import numpy as np

from vlmrate.stats import Bootstrap, Family, Outcome, Skipped, benjamini_hochberg, bootstrap_sums, holm

if TYPE_CHECKING:
    from collections.abc import Mapping

    from vlmrate.probe.ablation import Ablated, Pictures
    from vlmrate.probe.candidates import Candidates

_ROUNDING = 1e-9
SHARE = 0.8
"""Share of the summed lowering that the effective number is told of."""
FALSE = 0.05
"""Expected share of selected candidates that lower no more than random directions."""


@dataclass(frozen=True, slots=True)
class Carried:
    """What carries one label.

    `selected` are the candidates that lower it beyond the floor, the largest first as ordered on the first half. Of the
    second half are `curve`, the share of their summed lowering that the first one, two, … make up; `largest`, the
    first one's share; and `summed`, the lowerings of all selected, each alone, in nats.
    """

    label: str
    selected: tuple[str, ...]
    effective: Outcome
    largest: Outcome
    summed: Outcome
    curve: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class LabelCarried:
    """A label, and what carries it or why that is not known."""

    label: str
    found: Carried | Skipped


@dataclass(frozen=True, slots=True)
class Overlap:
    """How many carriers two labels share: those selected on the first half that lower on the second as well.

    `jaccard` is shared over all of both, `expected` that of random sets as large, `p` the share of such sets that
    share as many, and `p_holm` the same corrected for all pairs.
    """

    one: str
    other: str
    sizes: tuple[int, int]
    shared: int
    jaccard: Outcome
    expected: float
    p: float
    p_holm: float


@dataclass(frozen=True, slots=True)
class Carriers:
    """What carries the labels after one block: how many `candidates` were tried of how many `there` are."""

    kind: str
    layer: int
    candidates: int
    there: int
    labels: tuple[LabelCarried, ...]
    overlaps: tuple[Overlap, ...]


def carriers(
    tried: Candidates, ablated: Ablated, by_random: np.ndarray, pictures: Pictures, bootstrap: Bootstrap
) -> Carriers:
    """What carries each label, and how many carriers they share, from every candidate's own arm.

    `by_random` (pictures, labels) is the mean change of log-probabilities by random directions after the same block.
    """
    labels = pictures.labels
    known = [label for label in labels if pictures.too_few(label) is None]
    made = {label: _Lowered(label, ablated, by_random, pictures) for label in known}
    found = tuple(
        LabelCarried(label, made[label].carried(bootstrap) if label in made else _reason(pictures, label))
        for label in labels
    )
    overlaps = _overlaps({told.label: made[told.label] for told in found if isinstance(told.found, Carried)}, bootstrap)
    return Carriers(tried.kind, tried.layer, len(ablated.names), tried.there, found, overlaps)


def _reason(pictures: Pictures, label: str) -> Skipped:
    return pictures.too_few(label) or Skipped(f"nothing is known of {label}")


class _Lowered:
    """How far each candidate lowers one label in the pictures that show it."""

    def __init__(self, label: str, ablated: Ablated, by_random: np.ndarray, pictures: Pictures) -> None:
        self.label = label
        self.names = ablated.names
        column = pictures.labels.index(label)
        lowering, floor = -ablated.change[:, :, column], -by_random[:, column]
        first, second = (pictures.showing(label, first=half) & ablated.known for half in (True, False))
        self.rows = second
        self.identities = pictures.identities
        self.order = _selected(lowering[:, first], floor[first], pictures.identities[first])
        self.told = lowering[self.order]

    @property
    def sums(self) -> np.ndarray:
        """Lowerings (pictures of the second half that show the label, selected candidates)."""
        return np.asarray(self.told[:, self.rows].T)

    def padded(self, rows: np.ndarray) -> np.ndarray:
        """The same over `rows`, 0 for pictures that show another label."""
        return np.asarray(np.where(self.rows, self.told, 0.0)[:, rows].T)

    def carried(self, bootstrap: Bootstrap) -> Carried | Skipped:
        if not self.rows.any():
            return Skipped("the model gives no log-probabilities of its own")
        if not len(self.order):
            return Skipped(f"no candidate lowers {self.label} further than random directions do")
        effective, largest, summed = (
            bootstrap_sums(
                np.column_stack([np.ones(self.rows.sum()), self.sums]),
                statistic,
                name=name,
                clusters=self.identities[self.rows],
                bootstrap=bootstrap,
            )
            for statistic, name in (
                (_effective, f"candidates that carry 80 % of {self.label}"),
                (_largest, f"share of the largest carrier of {self.label}"),
                (_summed, f"summed lowering of {self.label}"),
            )
        )
        total = self.sums.sum()
        curve = self.sums.sum(axis=0).cumsum() / total if total > 0 else np.empty(0)
        names = tuple(self.names[i] for i in self.order)
        return Carried(self.label, names, effective, largest, summed, tuple(map(float, curve)))


def _selected(lowering: np.ndarray, floor: np.ndarray, identities: np.ndarray) -> np.ndarray:
    """The candidates, largest first, whose lowering (candidates, pictures) is above the floor (pictures,)."""
    from scipy.stats import t

    names, codes = np.unique(identities, return_inverse=True)
    if len(names) < 2:
        return np.empty(0, np.intp)
    shares = np.eye(len(names))[codes]
    beyond = (lowering - floor) @ (shares / shares.sum(axis=0))
    mean, error = beyond.mean(axis=1), beyond.std(axis=1, ddof=1) / np.sqrt(len(names))
    # What differs by rounding only does not differ.
    sure = error > _ROUNDING
    p = np.where(sure, t.sf(mean / np.where(sure, error, 1.0), len(names) - 1), np.where(mean > _ROUNDING, 0.0, 1.0))
    tests = benjamini_hochberg(Family.of("lowering", {str(i): float(value) for i, value in enumerate(p)}))
    order = np.argsort(-lowering.mean(axis=1), kind="stable")
    kept = np.array([test.p_adjusted <= FALSE for test in tests]) & (lowering.mean(axis=1) > 0)
    return np.asarray(order[kept[order]])


def _effective(totals: np.ndarray) -> np.ndarray:
    summed = totals[:, 1:].cumsum(axis=1)
    reached = summed >= SHARE * summed[:, -1:] - 1e-12
    return np.where(summed[:, -1] > 0, reached.argmax(axis=1) + 1.0, np.nan)


def _largest(totals: np.ndarray) -> np.ndarray:
    summed = totals[:, 1:].sum(axis=1)
    return np.where(summed > 0, totals[:, 1] / summed, np.nan)


def _summed(totals: np.ndarray) -> np.ndarray:
    return np.asarray(totals[:, 1:].sum(axis=1) / totals[:, 0])


def _overlaps(made: Mapping[str, _Lowered], bootstrap: Bootstrap) -> tuple[Overlap, ...]:
    pairs = [_pair(made[one], made[other], bootstrap) for one, other in combinations(made, 2)]
    pairs = [pair for pair in pairs if all(pair.sizes)]
    family = Family.of("overlap", {f"{pair.one}, {pair.other}": pair.p for pair in pairs})
    return tuple(
        Overlap(
            one=pair.one,
            other=pair.other,
            sizes=pair.sizes,
            shared=pair.shared,
            jaccard=pair.jaccard,
            expected=pair.expected,
            p=pair.p,
            p_holm=test.p_adjusted,
        )
        for pair, test in zip(pairs, holm(family), strict=True)
    )


def _pair(one: _Lowered, other: _Lowered, bootstrap: Bootstrap) -> Overlap:
    rows = one.rows | other.rows
    split = len(one.order)

    def sets(totals: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Membership (resamples, candidates) of both."""
        of_one, of_other = (np.zeros((len(totals), len(one.names)), dtype=bool) for _ in range(2))
        of_one[:, one.order] = totals[:, :split] > 0
        of_other[:, other.order] = totals[:, split:] > 0
        return of_one, of_other

    def jaccard(totals: np.ndarray) -> np.ndarray:
        of_one, of_other = sets(totals)
        return np.asarray((of_one & of_other).sum(axis=1) / (of_one | of_other).sum(axis=1))

    sums = np.hstack([one.padded(rows), other.padded(rows)])
    estimate = bootstrap_sums(
        sums,
        jaccard,
        name=f"Jaccard of {one.label} and {other.label}",
        clusters=one.identities[rows],
        bootstrap=bootstrap,
    )
    of_one, of_other = (members[0] for members in sets(sums.sum(axis=0)[None]))
    sizes, shared = (int(of_one.sum()), int(of_other.sum())), int((of_one & of_other).sum())
    expected, p = by_chance(len(one.names), sizes, shared)
    return Overlap(one.label, other.label, sizes, shared, estimate, expected, p, p)


def by_chance(candidates: int, sizes: tuple[int, int], shared: int) -> tuple[float, float]:
    """The mean Jaccard of random sets of these sizes, and how probable it is that they share as many.

    Exact, by the hypergeometric distribution, which permutations of the candidates would only come near.
    """
    from scipy.stats import hypergeom

    drawn = hypergeom(candidates, *sizes)
    possible = np.arange(max(0, sum(sizes) - candidates), min(sizes) + 1)
    expected = float((drawn.pmf(possible) * possible / np.maximum(sum(sizes) - possible, 1)).sum())
    return expected, min(1.0, float(drawn.sf(shared - 1)))
