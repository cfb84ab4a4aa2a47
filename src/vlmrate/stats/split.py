"""Where a bias comes from: from images whose label the model got wrong, or under the right label too."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from vlmrate.stats._arrays import Column, FloatArray, as_codes, as_floats, as_names, in_order, require_aligned
from vlmrate.stats.bootstrap import DEFAULT, Bootstrap, resample_sums
from vlmrate.stats.estimate import Outcome, Skipped

if TYPE_CHECKING:
    from collections.abc import Sequence


@dataclass(frozen=True, slots=True)
class BiasSplit:
    """The bias of one group of images, split in two ways: total = from_right + from_wrong = right + moved."""

    group: Any
    n_right: int
    """Images with both ratings whose label the model got right."""
    n_wrong: int
    """Images with both ratings and a wrong label; an invalid answer is wrong."""
    total: Outcome
    """Mean of model minus human over all images of the group."""
    right: Outcome
    """Mean over the images with the right label."""
    wrong: Outcome
    """Mean over the images with a wrong label."""
    from_right: Outcome
    """What the images with the right label add to the total: right x their share."""
    from_wrong: Outcome
    """What the images with a wrong label add to the total: wrong x their share."""
    moved: Outcome
    """How far wrong labels move the bias from what it is under the right one: total - right."""


def bias_split(
    model: Column,
    human: Column,
    truth: Column,
    answers: Column,
    *,
    groups: Column | None = None,
    clusters: Column | None = None,
    bootstrap: Bootstrap = DEFAULT,
    order: Sequence[Any] | None = None,
) -> tuple[BiasSplit, ...]:
    """Split the bias of every group (by default: of every true label) into parts by right and wrong answer.

    One entry an image in every column; images without both ratings are left out. With d = model - human, n images
    and r of them answered with their true label: from_right = sum(d where right) / n, from_wrong = sum(d where
    wrong) / n, moved = mean(d) - mean(d where right). All from one set of resamples. The split describes and does
    not explain: images that are mislabelled may differ in other ways. Skipped: the parts of a kind of image that
    does not occur, and everything in a group without images.

    >>> (sad,) = bias_split([3, 5, 5, 5] * 9, [3.5, 3.5, 3.0, 3.5] * 9, ["sad"] * 36, ["sad", None, "fear", "fear"] * 9)
    >>> sad.total.value, sad.right.value, sad.from_right.value, sad.from_wrong.value, sad.moved.value
    (1.125, -0.5, -0.125, 1.25, 1.625)
    """
    groups = truth if groups is None else groups
    n = require_aligned(model=model, human=human, truth=truth, answers=answers, groups=groups, clusters=clusters)
    d = as_floats(model, "model") - as_floats(human, "human")
    given = pd.Series(list(answers), dtype=object)
    as_codes(truth, "truth")
    told = zip(truth, given, given.isna(), strict=True)
    right = np.fromiter((not missing and t == a for t, a, missing in told), dtype=bool, count=n)
    codes, names = as_codes(groups, "groups")
    parts = []
    for group in in_order(names, order):
        inside = (codes == names.index(group)) & ~np.isnan(d)
        kept = None if clusters is None else as_names(clusters)[inside]
        parts.append(_split(group, d[inside], right[inside], kept, bootstrap))
    return tuple(parts)


def _split(
    group: Any, d: FloatArray, right: np.ndarray[Any, np.dtype[np.bool_]], clusters: Column | None, bootstrap: Bootstrap
) -> BiasSplit:
    n_right, n_wrong = int(right.sum()), int((~right).sum())
    if len(d) == 0:
        empty = Skipped("no image of the group was rated by both")
        return BiasSplit(group, 0, 0, *([empty] * 6))
    sums = np.column_stack([np.ones(len(d)), d, right, right * d])
    drawn = resample_sums(sums, clusters=clusters, bootstrap=bootstrap)
    if isinstance(drawn, Skipped):
        return BiasSplit(group, n_right, n_wrong, *([drawn] * 6))
    no_right = None if n_right else Skipped("no image of the group got the right label")
    no_wrong = None if n_wrong else Skipped("no image of the group got a wrong label")
    return BiasSplit(
        group,
        n_right,
        n_wrong,
        total=drawn.estimate(lambda t: t[:, 1] / t[:, 0], name="mean of model minus human"),
        right=no_right or drawn.estimate(lambda t: t[:, 3] / t[:, 2], name="bias under the right label", n=n_right),
        wrong=no_wrong
        or drawn.estimate(
            lambda t: (t[:, 1] - t[:, 3]) / (t[:, 0] - t[:, 2]), name="bias under a wrong label", n=n_wrong
        ),
        from_right=no_right or drawn.estimate(lambda t: t[:, 3] / t[:, 0], name="part under the right label"),
        from_wrong=no_wrong or drawn.estimate(lambda t: (t[:, 1] - t[:, 3]) / t[:, 0], name="part from wrong labels"),
        moved=no_right
        or no_wrong
        or drawn.estimate(lambda t: t[:, 1] / t[:, 0] - t[:, 3] / t[:, 2], name="bias moved by wrong labels"),
    )
