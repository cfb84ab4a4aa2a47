"""What the making of a derived rater demands of those who judge it: whom it is held against, and where r says nothing.

A rater that is a person drawn for each image is held against all others. One whose numbers are people's mean of a
group without the image's own identity differs within the group by that identity alone, and against it by construction.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from vlmrate.inference.derivation import DERIVED

if TYPE_CHECKING:
    from collections.abc import Mapping

    from vlmrate.inference.table import RunOutcome
    from vlmrate.study.records import Study


def is_person(run: RunOutcome) -> bool:
    """Whether a rater's ratings are people's, a person drawn for each image: one of those it is compared with."""
    return run.protocol == DERIVED and run.settings.get("method") == "person"


def is_group_mean(run: RunOutcome) -> bool:
    """Whether within a group (emotion posed, label given) its numbers differ only by who was left out of a mean."""
    return run.protocol == DERIVED and run.settings.get("method") in ("category-mean", "label-only")


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
    own = singles["image_id"].map(drawn)
    others = singles[own.notna() & (own != singles["rater_id"])]
    return others.groupby("image_id")["value"].mean()
