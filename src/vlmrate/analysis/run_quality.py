"""How the runs went: what was asked for and made, and how the answers came to be read."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pandas as pd

from vlmrate import stats
from vlmrate.stats import Outcome, Share, Skipped
from vlmrate.study.records import Likert

if TYPE_CHECKING:
    from vlmrate.analysis.data import Material, RaterRun
    from vlmrate.study.records import Item


@dataclass(frozen=True, slots=True)
class Setting:
    """One thing that decides a rater's answers, as its manifest records it."""

    name: str
    value: str


@dataclass(frozen=True, slots=True)
class Route:
    """A way in which answers were read, and how many were."""

    route: str
    answers: int


@dataclass(frozen=True, slots=True)
class AnswerQuality:
    """A rater's answers to one item, all repeats.

    `unlisted` are answers beside which the rater did not tell the probability of every valid one, as servers do that
    name the likeliest few. `valid_mass` is the mean probability of all valid answers together. `expected_gap` is the
    mean absolute difference of the number said and the probability-weighted one, `expected_r` their correlation; both
    are None for labels.
    """

    item: str
    answers: int
    invalid: Share
    clamped: Share
    unlisted: Share
    routes: tuple[Route, ...]
    valid_mass: Outcome
    expected_gap: Outcome | None
    expected_r: Outcome | None


@dataclass(frozen=True, slots=True)
class RunQuality:
    """One rater under one protocol: ratings asked for, made, failed and unreadable, and the quality of its answers.

    A rating is one image once, all items together.
    """

    name: str
    rater: str
    protocol: str
    planned: int
    rated: int
    failed: int
    unreadable: int
    outside: int
    repeats: int
    answers: tuple[AnswerQuality, ...]
    settings: tuple[Setting, ...]

    def due(self, images: int) -> int:
        """Ratings that a study of so many images waits for: one an image, or as many as were once asked for."""
        return max(images, self.planned)


def run_quality(material: Material) -> tuple[RunQuality, ...]:
    """The quality of each rater's run, by name."""
    return tuple(_run(material, rater) for rater in material.raters)


def _run(material: Material, rater: RaterRun) -> RunQuality:
    run = rater.run
    asked = [item for item in material.study.items if rater in material.asked(item)]
    repeats = {repeat for item in asked for repeat in material.rows(rater, item)["repeat"].unique()}
    return RunQuality(
        name=rater.name,
        rater=run.rater,
        protocol=run.protocol,
        planned=run.planned,
        rated=run.rated,
        failed=run.failed,
        unreadable=run.unreadable,
        outside=run.outside,
        repeats=max(1, len(repeats)),
        answers=tuple(_answers(material, material.rows(rater, item), item) for item in asked),
        settings=tuple(Setting(name, _shown(value)) for name, value in sorted(run.settings.items())),
    )


def _answers(material: Material, rows: pd.DataFrame, item: Item) -> AnswerQuality:
    routes = Counter(map(str, rows["route"]))
    mass = _with_clusters(material, rows, rows["valid_mass"])
    return AnswerQuality(
        item=item.name,
        answers=len(rows),
        invalid=Share(int(rows["value"].isna().sum()), len(rows), "answers"),
        clamped=Share(int(rows["clamped"].sum()), len(rows), "answers"),
        unlisted=Share(int((rows["unlisted"] > 0).sum()), len(rows), "answers"),
        routes=tuple(Route(route, n) for route, n in sorted(routes.items(), key=lambda entry: (-entry[1], entry[0]))),
        valid_mass=mass,
        expected_gap=_gap(material, rows, item),
        expected_r=_r(material, rows, item),
    )


def _with_clusters(material: Material, rows: pd.DataFrame, values: pd.Series[float]) -> Outcome:
    if not values.notna().any():
        return Skipped("the rater gave no probabilities")
    clusters = rows["image_id"].map(material.images.clusters)
    return stats.mean_sd(values, clusters=clusters, bootstrap=material.bootstrap).mean


def _gap(material: Material, rows: pd.DataFrame, item: Item) -> Outcome | None:
    if not isinstance(item.scale, Likert):
        return None
    return _with_clusters(material, rows, (pd.to_numeric(rows["value"]) - rows["expected"]).abs())


def _r(material: Material, rows: pd.DataFrame, item: Item) -> Outcome | None:
    if not isinstance(item.scale, Likert):
        return None
    if not rows["expected"].notna().any():
        return Skipped("the rater gave no probabilities")
    clusters = rows["image_id"].map(material.images.clusters)
    spoken = pd.to_numeric(rows["value"])
    return stats.pearson_bootstrap(spoken, rows["expected"], clusters=clusters, bootstrap=material.bootstrap)


def _shown(value: str | float | bool | None) -> str:
    return "" if value is None else str(value)
