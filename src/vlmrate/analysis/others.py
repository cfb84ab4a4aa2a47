"""What the making of a derived rater demands of those who judge it: whom it is held against, and where r says nothing.

A rater that is a person drawn for each image is held against all others. One whose numbers are people's mean of a
group without the image's own identity differs within the group by that identity alone, and against it by construction.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from vlmrate.protocol.native import DERIVED
from vlmrate.stats import Skipped

if TYPE_CHECKING:
    from collections.abc import Mapping

    from vlmrate.inference.derivation import Source
    from vlmrate.inference.table import RunOutcome
    from vlmrate.study.records import Study

GROUP_MEAN = Skipped(
    "the rater's numbers rest on people's mean of an emotion or label without whom it serves, and so run against "
    "people within it by construction"
)
UNKNOWN_SOURCES = Skipped(
    "it is not on record whether the rater's numbers rest on people's mean of an emotion or label"
)
GROUP_MEANS = ("category-mean", "label-only")
"""The methods whose numbers are people's mean of a group without the image's own identity."""


def is_person(run: RunOutcome) -> bool:
    """Whether a rater's ratings are people's, a person drawn for each image: one of those it is compared with."""
    return run.protocol == DERIVED and run.settings.get("method") == "person"


def without_within(run: RunOutcome, item: str, runs: Mapping[tuple[str, str], RunOutcome]) -> Skipped | None:
    """Why no r within emotions is told of a rater's numbers to an item; None where it is.

    They may be people's mean of a group (emotion posed, label given) without the image's own identity, or come of a
    source that is; `runs` are all there are, by rater and protocol.
    """
    if run.protocol != DERIVED or is_person(run):
        return None
    if run.settings.get("method") in GROUP_MEANS:
        return GROUP_MEAN
    if run.derivation is None:
        return UNKNOWN_SOURCES
    # Without the rater itself: sources that go round in a circle end where they began.
    rest = {name: other for name, other in runs.items() if other is not run}
    told = (_of_source(source, item, rest) for source in run.derivation.sources if item in source.items)
    return next((reason for reason in told if reason is not None), None)


def _of_source(source: Source, item: str, runs: Mapping[tuple[str, str], RunOutcome]) -> Skipped | None:
    if source.protocol != DERIVED:
        return None
    run = runs.get((source.rater, source.protocol))
    return UNKNOWN_SOURCES if run is None else without_within(run, item, runs)


def people_beside(study: Study, run: RunOutcome, item: str, means: pd.Series[float]) -> pd.Series[float]:
    """People's mean of each image (by image_id) to hold a rater against; `means` are those of all people.

    Where a person was drawn it is the mean of the others, and none where no record says who was drawn.
    """
    if not is_person(run):
        return means
    return _others_mean(study, item, {} if run.derivation is None else run.derivation.drawn)


def _others_mean(study: Study, item: str, drawn: Mapping[str, str]) -> pd.Series[float]:
    if study.ratings is None or item not in study.ratings.items or not study.ratings.has_singles:
        return pd.Series(dtype="float64")
    singles = study.ratings.singles(item).astype({"image_id": object, "rater_id": object})
    return without_drawn(singles, drawn).groupby("image_id")["value"].mean()


def without_drawn(singles: pd.DataFrame, drawn: Mapping[str, str]) -> pd.DataFrame:
    """Single ratings without those of the person drawn for each image (by image_id); no image that nobody is for."""
    own = singles["image_id"].map(drawn)
    return singles[own.notna() & (own != singles["rater_id"])]
