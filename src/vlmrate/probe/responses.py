"""How answers follow the dose: means, slopes beside those of random directions, and monotony, with intervals.

Intervals come from drawing identities. A slope is that of least squares for every picture by itself, then the mean over
pictures; a picture counts where it has a number at every dose of the range.
"""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
from scipy.special import stdtr
from scipy.stats import rankdata

from vlmrate.probe.steered import DosePoint, DoseRange, DoseStep, Monotony, RandomSpan, Slope
from vlmrate.stats import Estimate, Outcome, Skipped, resample_sums
from vlmrate.stats.estimate import NO_ERROR

if TYPE_CHECKING:
    from collections.abc import Sequence

    from vlmrate.stats import Bootstrap

HALF = 0.5
"""Share of the pictures that must have a rating at a dose for its mean to be ranked."""
LEAST_DOSES = 3

Values = np.ndarray
"""A reading (doses, pictures), NaN where a picture has none."""


def slopes(values: Values, doses: Sequence[float]) -> np.ndarray:
    """Slopes of least squares (…, pictures) of values (…, doses, pictures); NaN where a picture lacks a value."""
    x = np.asarray(doses, dtype=np.float64) - np.mean(doses)
    return np.asarray(np.einsum("d,...dp->...p", x, values) / (x @ x))


def means(values: Values, identities: np.ndarray, bootstrap: Bootstrap, names: Sequence[str]) -> tuple[Outcome, ...]:
    """The mean of every row over the pictures that have a number there."""
    there = np.isfinite(values)
    drawn = resample_sums(np.vstack([there, np.where(there, values, 0.0)]).T, clusters=identities, bootstrap=bootstrap)
    if isinstance(drawn, Skipped):
        return (drawn,) * len(values)
    rows = len(values)
    return tuple(
        drawn.estimate(lambda t, i=i: t[:, rows + i] / t[:, i], name=name, n=int(there[i].sum()))  # type: ignore[misc]  # mypy takes i for an argument
        if there[i].any()
        else Skipped(f"{name}: no picture has a number")
        for i, name in enumerate(names)
    )


def dose_points(
    values: Values, doses: Sequence[float], identities: np.ndarray, bootstrap: Bootstrap
) -> tuple[DosePoint, ...]:
    """The mean at every dose."""
    made = means(values, identities, bootstrap, [f"mean at dose {dose:g}" for dose in doses])
    return tuple(DosePoint(dose, mean) for dose, mean in zip(doses, made, strict=True))


def random_spans(random: np.ndarray, doses: Sequence[float]) -> tuple[RandomSpan, ...]:
    """Where the means of random directions (directions, doses, pictures) lie; doses at which one has none left out."""
    there = np.isfinite(random)
    with np.errstate(invalid="ignore"):
        made = np.where(there, random, 0.0).sum(axis=2) / there.sum(axis=2)
    return tuple(
        RandomSpan(dose, float(of_dose.min()), float(of_dose.max()))
        for dose, of_dose in zip(doses, made.T, strict=True)
        if np.isfinite(of_dose).all()
    )


def slope_beside(own: np.ndarray, random: np.ndarray, identities: np.ndarray, bootstrap: Bootstrap) -> Slope:
    """The mean of slopes (pictures,) beside those of random directions (directions, pictures).

    A random direction is as likely to lead up as down, so random slopes lie about 0 and their mean square is the
    variance of a direction that is none in particular: slope over its root follows t with as many degrees of freedom
    as there are random directions, as far as their slopes are normal, which in a wide stream they nearly are.
    """
    (slope,) = means(own[None], identities, bootstrap, ["mean slope over pictures"])
    both = np.isfinite(own) & np.isfinite(random).all(axis=0)
    if isinstance(slope, Skipped) or not both.any():
        reason = Skipped("no picture has a number at every dose of the linear range")
        return Slope(slope, reason, reason, None)
    sums = np.column_stack([np.ones(both.sum()), own[both], random[:, both].T])
    drawn = resample_sums(sums, clusters=identities[both], bootstrap=bootstrap)
    if isinstance(drawn, Skipped):
        return Slope(slope, drawn, drawn, None)
    name = f"root mean square slope of {len(random)} random directions"
    return Slope(
        slope,
        drawn.estimate(_root_mean_square, name=name),
        drawn.estimate(
            lambda t: np.abs(t[:, 1] / t[:, 0]) - _root_mean_square(t), name=f"size of the slope less {name}"
        ),
        _p(drawn.observed, len(random)),
    )


def _root_mean_square(totals: np.ndarray) -> np.ndarray:
    return np.asarray(np.sqrt(((totals[:, 2:] / totals[:, :1]) ** 2).mean(axis=1)))


def _p(totals: np.ndarray, randoms: int) -> float | None:
    size, chance = abs(totals[1] / totals[0]), float(_root_mean_square(totals[None])[0])
    if size < NO_ERROR:
        return 1.0
    return None if chance < NO_ERROR else float(2 * stdtr(randoms, -size / chance))


def monotony(
    values: Values, doses: Sequence[float], *, rises: bool, identities: np.ndarray, bootstrap: Bootstrap
) -> Monotony:
    """How evenly a rating follows the dose, `rises` the way that it is expected to go.

    Steps are tested outwards from 0 and no farther than the first whose interval does not lie beyond 0, so that the
    level holds for the whole range: on either side a false step is included with probability (1 - level) / 2 at most
    (tests in a fixed order: Maurer, Hothorn & Lehmacher 1995).
    """
    pairs = list(pairwise(doses))
    names = [f"mean change from dose {low:g} to {high:g}" for low, high in pairs]
    changes = means(np.diff(values, axis=0), identities, bootstrap, names)
    sign = 1.0 if rises else -1.0
    goes = [isinstance(change, Estimate) and sign * change.value > NO_ERROR for change in changes]
    sure = [
        isinstance(change, Estimate) and min(sign * change.ci_low, sign * change.ci_high) > NO_ERROR
        for change in changes
    ]
    return Monotony(
        rises=rises,
        spearman=_spearman(values, doses, identities, bootstrap),
        steps=tuple(DoseStep(low, high, change) for (low, high), change in zip(pairs, changes, strict=True)),
        going=sum(goes),
        strict=_range(goes, doses),
        sure=_range(sure, doses),
    )


def _range(holds: Sequence[bool], doses: Sequence[float]) -> DoseRange:
    """The doses around 0 that steps lead to from there without a break."""
    low = high = list(doses).index(0.0)
    while high < len(holds) and holds[high]:
        high += 1
    while low > 0 and holds[low - 1]:
        low -= 1
    return DoseRange(doses[low], doses[high])


def _spearman(values: Values, doses: Sequence[float], identities: np.ndarray, bootstrap: Bootstrap) -> Outcome:
    """Spearman's correlation of dose and mean rating, over doses at which half of the pictures have one."""
    kept = np.isfinite(values).mean(axis=1) >= HALF
    values, doses = values[kept], np.asarray(doses)[kept]
    there, rows = np.isfinite(values), len(values)
    if rows < LEAST_DOSES:
        return Skipped(f"a correlation needs {LEAST_DOSES} doses at which half of the pictures have a rating")
    drawn = resample_sums(np.vstack([there, np.where(there, values, 0.0)]).T, clusters=identities, bootstrap=bootstrap)
    if isinstance(drawn, Skipped):
        return drawn
    ranks = rankdata(doses) - (rows + 1) / 2

    def of_totals(totals: np.ndarray) -> np.ndarray:
        # What differs by rounding only is equal.
        made = np.round(totals[:, rows:] / totals[:, :rows], 9)
        own = rankdata(np.nan_to_num(made), axis=1) - (rows + 1) / 2
        found = (own @ ranks) / np.sqrt((own**2).sum(axis=1) * (ranks @ ranks))
        return np.where(np.isfinite(made).all(axis=1), found, np.nan)

    return drawn.estimate(of_totals, name="Spearman's correlation of dose and mean rating")
