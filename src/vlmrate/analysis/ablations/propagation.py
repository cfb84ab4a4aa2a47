"""Error propagation: what a wrong label does to the numbers that follow it.

Each rater under oracle-carry, where the intended label is carried, minus the same rater as it is usually asked, where
its own label is. Where that label was right, both were told the same. With repeats a label is right or wrong in its
repeat: each repeat is held against the same one under oracle-carry, and repeats are averaged within images.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
import pandas as pd

from vlmrate import stats
from vlmrate.analysis.ablations.runs import ORACLE, USUAL, oracle_run, rater_names, run_under, usual_run
from vlmrate.analysis.asked import ALL
from vlmrate.analysis.split import intended_item
from vlmrate.stats import Outcome, ResampledSums, Skipped

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from vlmrate.analysis.data import Material, RaterRun
    from vlmrate.study.records import Item

    Floats: TypeAlias = NDArray[np.float64]

RIGHT, WRONG, CONTRAST = "right label", "wrong label", "wrong − right"
# Sums of one kind of image: images, shift, images with people, change in distance, and the moments of three columns.
WIDTH = 12
NO_VARIANCE = 1e-9


@dataclass(frozen=True, slots=True)
class Propagation:
    """The intended label carried minus the own one, over the n images of one kind.

    An image whose repeats have right and wrong labels is of both kinds, with the repeats of each.
    `shift` is the mean difference of the ratings, which is that in bias too; `mae` and `r` are the differences in MAE
    and in Pearson's r against people.
    """

    name: str
    n: int
    shift: Outcome
    mae: Outcome
    r: Outcome


@dataclass(frozen=True, slots=True)
class RaterPropagation:
    """One rater: all images, those whose label was right or wrong when it was its own, and wrong minus right."""

    rater: str
    usual: str
    parts: tuple[Propagation, ...] | Skipped


@dataclass(frozen=True, slots=True)
class ItemPropagation:
    """All raters with ratings under oracle-carry, on one item; `labels` is the item that is carried."""

    item: str
    labels: str
    raters: tuple[RaterPropagation, ...]


def propagations(material: Material) -> tuple[ItemPropagation, ...] | Skipped:
    """Error propagation for every item that is answered with a number."""
    labels = intended_item(material)
    if labels is None:
        return Skipped("no item of the study has labels of which one is intended")
    raters = [name for name in rater_names(material) if run_under(material, name, ORACLE) is not None]
    if not raters:
        return Skipped(
            f"no rater was asked under {ORACLE} beside {USUAL} (`vlmrate infer --protocol {USUAL},{ORACLE}`)"
        )
    return tuple(
        ItemPropagation(item.name, labels.name, tuple(_rater(material, name, item, labels) for name in raters))
        for item in material.scale_items
    )


def _rater(material: Material, name: str, item: Item, labels: Item) -> RaterPropagation:
    usual, oracle = usual_run(material, name), oracle_run(material, name)
    if isinstance(usual, Skipped):
        return RaterPropagation(name, USUAL, usual)
    if isinstance(oracle, Skipped):
        return RaterPropagation(name, usual.run.protocol, oracle)
    return RaterPropagation(name, usual.run.protocol, _parts(material, usual, oracle, item, labels))


def _parts(
    material: Material, usual: RaterRun, oracle: RaterRun, item: Item, labels: Item
) -> tuple[Propagation, ...] | Skipped:
    asked = _asked_twice(material, usual, oracle, item, labels)
    ids = material.images.ids[material.images.ids.isin(asked["image_id"])]
    if ids.empty:
        return Skipped("no image was rated under both")
    kinds = {ALL: asked, RIGHT: asked[asked["right"]], WRONG: asked[~asked["right"]]}
    people = material.people(item).reindex(ids)
    drawn = stats.resample_sums(
        np.hstack([_sums(of_kind, people, float(asked["own"].mean())) for of_kind in kinds.values()]),
        clusters=material.images.clusters.reindex(ids),
        bootstrap=material.bootstrap,
    )
    if isinstance(drawn, Skipped):
        return drawn
    without = material.without_people(item)
    n = {name: of_kind["image_id"].nunique() for name, of_kind in kinds.items()}
    parts = [_part(drawn, name, n[name], (place,), without) for place, name in enumerate(kinds)]
    mixed = bool(n[RIGHT] and n[WRONG])
    return (*parts, _part(drawn, CONTRAST, len(ids) if mixed else 0, (2, 1), without))


def _asked_twice(material: Material, usual: RaterRun, oracle: RaterRun, item: Item, labels: Item) -> pd.DataFrame:
    """A row an image and repeat rated under both: `own`, `told`, and whether the label was `right` in that repeat."""
    place = ["image_id", "repeat"]
    own, told, label = (
        material.rows(run, of)[[*place, "value"]].rename(columns={"value": name})
        for run, of, name in ((usual, item, "own"), (oracle, item, "told"), (usual, labels, "label"))
    )
    asked = own.merge(told, on=place).merge(label, on=place)
    asked = asked.assign(own=pd.to_numeric(asked["own"]), told=pd.to_numeric(asked["told"]))
    right = asked["label"].to_numpy() == asked["image_id"].map(material.intended(labels)).to_numpy()
    return asked.assign(right=right).dropna(subset=["own", "told"])


def _sums(asked: pd.DataFrame, people: pd.Series[float], middle: float) -> Floats:
    """What one kind of repeats adds, a row an image: means over its repeats of that kind, zeros where it has none."""
    means = asked.groupby("image_id")[["own", "told"]].mean().reindex(people.index)
    a, b, h = (column.to_numpy(dtype=np.float64) for column in (means["own"], means["told"], people))
    of_kind = ~np.isnan(a)
    there = of_kind & ~np.isnan(h)
    x, y, z = (np.where(there, column - middle, 0.0) for column in (a, b, h))
    nearer, moved = np.abs(y - z) - np.abs(x - z), np.where(of_kind, b - a, 0.0)
    return np.column_stack([of_kind, moved, there, nearer, x, y, z, x * x, y * y, z * z, x * z, y * z])


def _part(drawn: ResampledSums, name: str, n: int, places: tuple[int, ...], without: Skipped | None) -> Propagation:
    """One row: the kind of image whose sums stand in this place, or the first of two minus the second."""
    none = None if n else Skipped(f"there are no images for {name}")

    def over(score: Callable[[Floats], Floats], words: str) -> Outcome:
        def statistic(totals: Floats) -> Floats:
            scores = [score(totals[:, place * WIDTH : (place + 1) * WIDTH]) for place in places]
            return scores[0] - scores[1] if len(scores) == 2 else scores[0]

        return none or drawn.estimate(statistic, name=f"{words}, {name}", n=n)

    return Propagation(
        name=name,
        n=n,
        shift=over(lambda t: t[:, 1] / t[:, 0], "intended minus own label carried"),
        mae=without or over(lambda t: t[:, 3] / t[:, 2], "difference in MAE"),
        r=without or over(_r_difference, "difference in r"),
    )


def _r_difference(totals: Floats) -> Floats:
    n, x, y, z, xx, yy, zz, xz, yz = (totals[:, column] for column in (2, 4, 5, 6, 7, 8, 9, 10, 11))
    return _r(n, y, z, yy, zz, yz) - _r(n, x, z, xx, zz, xz)


def _r(n: Floats, x: Floats, y: Floats, xx: Floats, yy: Floats, xy: Floats) -> Floats:
    """Pearson's r of totals; NaN where one side does not vary."""
    vx, vy = xx / n - (x / n) ** 2, yy / n - (y / n) ** 2
    floor = NO_VARIANCE * (1 + xx / n + yy / n)
    r: Floats = np.where(np.minimum(vx, vy) > floor, (xy / n - x * y / n**2) / np.sqrt(vx * vy), np.nan)
    return r
