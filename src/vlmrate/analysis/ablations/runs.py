"""Which of a rater's runs stand beside one another, and how those under forced answers went."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from vlmrate import stats
from vlmrate.stats import Share, Skipped

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pandas as pd

    from vlmrate.analysis.data import Material, RaterRun
    from vlmrate.stats import Outcome
    from vlmrate.study.records import Item

USUAL, ORACLE, FALSE_LABEL, ANCHOR = "context-carry", "oracle-carry", "false-label", "anchor"


@dataclass(frozen=True, slots=True)
class ForcedRun:
    """A rater under a protocol that forces answers: what it forces, and the ratings asked for, made and failed."""

    rater: str
    protocol: str
    forces: str
    planned: int
    rated: int
    failed: int
    unreadable: int
    invalid: Share


def forced_runs(material: Material) -> tuple[ForcedRun, ...]:
    """How the runs under protocols that force answers went."""
    return tuple(_told(material, rater) for rater in material.forced)


def _told(material: Material, rater: RaterRun) -> ForcedRun:
    run = rater.run
    values = [material.rows(rater, item)["value"] for item in material.study.items]
    return ForcedRun(
        rater=run.rater,
        protocol=run.protocol,
        forces=", ".join(f"{item}: {how}" for item, how in run.forces.items()),
        planned=run.planned,
        rated=run.rated,
        failed=run.failed,
        unreadable=run.unreadable,
        invalid=Share(sum(int(v.isna().sum()) for v in values), sum(map(len, values)), "answers"),
    )


def rater_names(material: Material) -> tuple[str, ...]:
    """Every rater once, whatever it was asked under."""
    return tuple(dict.fromkeys(rater.run.rater for rater in (*material.raters, *material.forced)))


def usual_run(material: Material, rater: str) -> RaterRun | Skipped:
    """A rater as it is usually asked: under context-carry, else under the study's protocol."""
    for protocol in (USUAL, Path(material.study.protocol).name):
        if (run := run_under(material, rater, protocol)) is not None:
            return run
    return missing(rater, USUAL)


def oracle_run(material: Material, rater: str) -> RaterRun | Skipped:
    """A rater with the intended label carried."""
    return run_under(material, rater, ORACLE) or missing(rater, ORACLE)


def run_under(material: Material, rater: str, protocol: str) -> RaterRun | None:
    """A rater's run under one protocol that forces nothing, where there is one."""
    runs = (run for run in material.raters if (run.run.rater, run.run.protocol) == (rater, protocol))
    return next(runs, None)


def missing(rater: str, protocol: str) -> Skipped:
    """That a rater was not asked under a protocol, and how it can be."""
    return Skipped(f"{rater} was not asked under {protocol} (`vlmrate infer --protocol {protocol}`)")


def lacking(material: Material) -> Iterator[Skipped]:
    """Which raters that were asked in several ways lack one of the ablations that another rater has."""
    runs = (*material.raters, *material.forced)
    for protocol in (ORACLE, FALSE_LABEL, ANCHOR):
        having = {run.run.rater for run in runs if run.run.protocol == protocol}
        for name in rater_names(material) if having else ():
            ways = sum(run.run.rater == name for run in runs)
            if ways > 1 and name not in having:
                yield missing(name, protocol)


def forced_answers(material: Material, rater: RaterRun, item: Item, forced: Item) -> pd.DataFrame:
    """A run's rows of one item with the answer to `forced` that each was told (`told`).

    Only for runs that force one item: what is forced on several is told together.
    """
    rows = material.rows(rater, item)
    return rows.assign(told=[str(text).removeprefix(f"{forced.name}=") for text in rows["forced"]])


def mean_of_images(material: Material, of_image: pd.Series[float]) -> Outcome:
    """The mean of one number an image (by image_id)."""
    clusters = material.images.clusters.reindex(of_image.index)
    return stats.mean_sd(of_image, clusters=clusters, bootstrap=material.bootstrap).mean


def forcing(material: Material, how: str) -> list[tuple[RaterRun, Item]]:
    """Runs that force one item in this way (`each`, `wrong`) and nothing else, with that item."""
    items = {item.name: item for item in material.study.items}
    return [
        (rater, items[name])
        for rater in material.forced
        for name, found in rater.run.forces.items()
        if found == how and len(rater.run.forces) == 1 and name in items
    ]
