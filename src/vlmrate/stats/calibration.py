"""A model's ratings put on people's scale by a line, judged on images whose identity the line has never seen.

Calibrated values are out of fold: the line that moves an image's rating was fitted without any image of that
identity. What is fitted on the images it is judged on always looks better than it is.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from vlmrate.stats._arrays import Column, FloatArray, IntArray, as_codes, as_floats, as_names, require_aligned
from vlmrate.stats._moments import FIRST, SECOND, moment_sums, r_at
from vlmrate.stats._printed import calibration_text, line_text
from vlmrate.stats.bootstrap import DEFAULT, Bootstrap, bootstrap_sums
from vlmrate.stats.correlation import pearson_within_bootstrap
from vlmrate.stats.estimate import Outcome, Skipped
from vlmrate.stats.folds import folds_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

Mask: TypeAlias = NDArray[np.bool_]

EVERYTHING = "all images"
"""Name of the one group where a single line serves all images."""
GROUPS_ALONE = "no line having a slope: r of knowing the group and nothing of the rating"
NO_VARIANCE = 1e-9
"""A range of ratings below this is none."""


@dataclass(frozen=True, slots=True)
class AffineLine:
    """calibrated = intercept + slope x rating, for one group of images."""

    group: Any
    slope: float
    """Points of people's scale for a point of the model's; 0 where the model's ratings do not vary."""
    intercept: float
    n: int
    """Images the line was fitted on."""
    intercept_only: bool
    """Whether the model gave all those images one rating, so that only the people's mean can be had."""

    def __call__(self, ratings: FloatArray) -> FloatArray:
        """Return the calibrated ratings; NaN stays NaN."""
        return self.intercept + self.slope * ratings

    def __str__(self) -> str:
        return line_text(self)


@dataclass(frozen=True, slots=True)
class Agreement:
    """How ratings agree with people's, over the held-out images."""

    mae: Outcome
    rmse: Outcome
    bias: Outcome
    """Mean of ratings minus people's."""
    r: Outcome
    r_within: Outcome
    """Pooled within the groups; Skipped where no group was named."""


@dataclass(frozen=True, slots=True, eq=False)
class Calibration:
    """Out-of-fold calibrated ratings, the lines behind them, and what was gained on held-out images."""

    calibrated: pd.Series[float] = field(repr=False)
    """One value an image, out of fold, with the index of `model`; NaN where there is no rating or no line."""
    folds: IntArray = field(repr=False)
    """Each image's fold, from 0; the line of an image was fitted on the other folds."""
    lines: tuple[AffineLine, ...]
    """Fitted on all images, a group each: to calibrate images outside this study, never to judge this one."""
    fold_lines: tuple[tuple[AffineLine, ...], ...] = field(repr=False)
    """The lines used, by fold."""
    before: Agreement
    after: Agreement
    mae_change: Outcome
    """MAE after minus before, on the same images: below 0 the calibration helps."""
    r_change: Outcome
    n: int
    """Held-out images with calibrated and human rating."""
    notes: tuple[str, ...]
    """What a reader must know: lines with an intercept alone, r of knowing the group alone, images without a line, and
    fewer folds than asked for."""

    def __str__(self) -> str:
        return calibration_text(self)


def calibrate(
    model: Column,
    human: Column,
    *,
    groups: Column | None = None,
    clusters: Column | None = None,
    folds: int | Column = 5,
    seed: int = 0,
    bootstrap: Bootstrap = DEFAULT,
) -> Calibration | Skipped:
    """Calibrate ratings by least squares, human = intercept + slope x model, cross-validated by cluster.

    One entry an image. `groups` gives each group its own line: the label that the model answered where the
    calibration shall serve new images, the intended emotion where that is known there too. `clusters` is the
    identity; its images share a fold. `folds` is their number, dealt out by `seed` (`cluster_folds`), or the fold of
    every image; a cluster in two folds raises `AnalysisError`, since its own images would then calibrate it. A group
    whose ratings do not vary among the training images gets an intercept alone, its people's mean; a group without
    training images gets no line and stays NaN; both are told in `notes`. Before and after are computed on the same
    held-out images; their intervals draw clusters and hold the lines fixed. Skipped: fewer than two clusters with
    both ratings. Source: Stone 1974, Journal of the Royal Statistical Society B 36, 111-147 (cross-validation).

    >>> people = np.array([2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 3.5, 5.5])
    >>> told = calibrate(2 * people - 5, people, folds=4)
    >>> [round(value, 6) for value in told.calibrated]
    [2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 3.5, 5.5]
    >>> told.before.mae.value, round(told.after.mae.value, 6), round(told.lines[0].slope, 6)
    (1.375, 0.0, 0.5)
    """
    of_images = None if isinstance(folds, int | float | np.number) else folds
    n = require_aligned(model=model, human=human, groups=groups, clusters=clusters, folds=of_images)
    x, y = as_floats(model, "model"), as_floats(human, "human")
    codes, names = as_codes([EVERYTHING] * n if groups is None else groups, "groups")
    rated = ~(np.isnan(x) | np.isnan(y))
    identities = np.arange(n) if clusters is None else as_names(clusters)
    if len(pd.unique(identities[rated])) < 2:
        return Skipped("cross-validation needs two clusters with both ratings")
    of_fold = folds_of(identities, folds, seed)
    fold_lines = tuple(_lines(x, y, codes, names, rated & (of_fold != fold)) for fold in range(int(of_fold.max()) + 1))
    calibrated = np.full(n, np.nan)
    for fold, group, line in _each(fold_lines, names):
        here = (of_fold == fold) & (codes == group)
        calibrated[here] = line(x[here])
    held_out = rated & ~np.isnan(calibrated)
    if not held_out.any():
        return Skipped("no held-out image has a line: every group lies in one fold")
    flat = all(line.intercept_only for lines in fold_lines for line in lines)
    notes = _notes(fold_lines, int((rated & ~held_out).sum()), alone_by_group=flat and groups is not None)
    if isinstance(folds, int | np.integer) and len(fold_lines) < folds:
        notes = (f"{len(fold_lines)} folds in the place of {folds}, there being no more clusters", *notes)
    columns = np.column_stack([x, calibrated, y])[held_out]
    kept = identities[held_out] if clusters is not None else None
    told = _Judged(columns, codes[held_out] if groups is not None else None, kept, bootstrap, flat)
    return Calibration(
        calibrated=pd.Series(calibrated, model.index if isinstance(model, pd.Series) else None),
        folds=of_fold,
        lines=_lines(x, y, codes, names, rated),
        fold_lines=fold_lines,
        before=told.agreement(FIRST),
        after=told.agreement(SECOND),
        mae_change=told.mae_change(),
        r_change=told.r_change(),
        n=int(held_out.sum()),
        notes=notes,
    )


NO_GROUPS_NAMED = Skipped("no groups were named to look within")
_UNVARIED = Skipped("every line is an intercept alone: calibrated ratings vary between folds only")


def _lines(x: FloatArray, y: FloatArray, codes: IntArray, names: list[Any], training: Mask) -> tuple[AffineLine, ...]:
    """Fit a line to the training images of every group that has any."""
    inside = [(name, training & (codes == group)) for group, name in enumerate(names)]
    return tuple(_line(name, x[here], y[here]) for name, here in inside if here.any())


def _line(group: Any, x: FloatArray, y: FloatArray) -> AffineLine:
    if np.ptp(x) < NO_VARIANCE:
        return AffineLine(group, 0.0, float(y.mean()), len(x), intercept_only=True)
    dx = x - x.mean()
    slope = float(dx @ (y - y.mean()) / (dx @ dx))
    return AffineLine(group, slope, float(y.mean()) - slope * float(x.mean()), len(x), intercept_only=False)


def _each(fold_lines: tuple[tuple[AffineLine, ...], ...], names: list[Any]) -> Iterator[tuple[int, int, AffineLine]]:
    for fold, lines in enumerate(fold_lines):
        for line in lines:
            yield fold, names.index(line.group), line


def _notes(fold_lines: tuple[tuple[AffineLine, ...], ...], lost: int, *, alone_by_group: bool) -> tuple[str, ...]:
    alone: dict[Any, int] = {}
    for line in (line for lines in fold_lines for line in lines if line.intercept_only):
        alone[line.group] = alone.get(line.group, 0) + 1
    notes = [
        f"{group}: intercept only in {count} of {len(fold_lines)} folds, the model's ratings having no variance there"
        for group, count in alone.items()
    ]
    if lost:
        notes.append(f"{lost} images have no line, their group having no training image")
    if alone_by_group:
        notes.append(f"after calibration, {GROUPS_ALONE}")
    return tuple(notes)


@dataclass(frozen=True, slots=True)
class _Judged:
    """The held-out images: columns model, calibrated, human; one set of resamples for what is compared."""

    columns: FloatArray
    groups: IntArray | None
    clusters: Column | None
    bootstrap: Bootstrap
    flat: bool
    """Whether every line is an intercept alone."""

    def agreement(self, which: int) -> Agreement:
        d = self._differences(which)
        name = "root mean square error on held-out images"
        return Agreement(
            mae=self._mean(np.abs(d), "mean absolute error on held-out images"),
            rmse=self._mean(d * d, name, link=np.sqrt),
            bias=self._mean(d, "mean of ratings minus human ones on held-out images"),
            r=self._r(which),
            r_within=self._r_within(which),
        )

    def mae_change(self) -> Outcome:
        change = np.abs(self._differences(SECOND)) - np.abs(self._differences(FIRST))
        return self._mean(change, "mean absolute error, calibrated minus as given")

    def r_change(self) -> Outcome:
        reason = self._no_r(FIRST) or self._no_r(SECOND)
        name = "Pearson r, calibrated minus as given"
        return reason or self._of_moments(lambda t: r_at(t, SECOND) - r_at(t, FIRST), name + self._told(SECOND))

    def _differences(self, which: int) -> FloatArray:
        return np.asarray(self.columns[:, which - 1] - self.columns[:, 2], dtype=np.float64)

    def _mean(
        self, losses: FloatArray, name: str, link: Callable[[FloatArray], FloatArray] = lambda mean: mean
    ) -> Outcome:
        sums = np.column_stack([np.ones(len(losses)), losses])
        return bootstrap_sums(
            sums, lambda t: link(t[:, 1] / t[:, 0]), name=name, clusters=self.clusters, bootstrap=self.bootstrap
        )

    def _of_moments(self, statistic: Callable[[FloatArray], FloatArray], name: str) -> Outcome:
        sums = moment_sums(self.columns)
        return bootstrap_sums(sums, statistic, name=name, clusters=self.clusters, bootstrap=self.bootstrap)

    def _no_r(self, which: int) -> Skipped | None:
        if which == SECOND and self.flat and self.groups is None:
            return _UNVARIED
        for name, column in (("ratings", self.columns[:, which - 1]), ("human ratings", self.columns[:, 2])):
            if np.ptp(column) < NO_VARIANCE:
                return Skipped(f"the {name} have no variance on held-out images")
        return None

    def _r(self, which: int) -> Outcome:
        name = "Pearson r on held-out images" + self._told(which)
        return self._no_r(which) or self._of_moments(lambda t: r_at(t, which), name)

    def _told(self, which: int) -> str:
        """Say that calibrated ratings without any slope are the means of their groups."""
        return f", {GROUPS_ALONE}" if which == SECOND and self.flat else ""

    def _r_within(self, which: int) -> Outcome:
        if self.groups is None:
            return NO_GROUPS_NAMED
        if which == SECOND and self.flat:
            return _UNVARIED
        return pearson_within_bootstrap(
            self.columns[:, which - 1],
            self.columns[:, 2],
            self.groups,
            clusters=self.clusters,
            bootstrap=self.bootstrap,
        )
