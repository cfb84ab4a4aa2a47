"""What the making of a derived rater demands of those who judge it: whom it is held against, and where r says nothing.

A rater that is a person drawn for each image is held against all others. One whose numbers are people's mean of a
group without the image's own identity differs within the group by that identity alone, and against it by construction.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from vlmrate.protocol.native import DERIVED

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from vlmrate.inference.table import RunOutcome
    from vlmrate.study.records import Study


GROUP_MEANS = ("category-mean", "label-only")
"""The methods whose numbers are people's mean of a group without the image's own identity."""


def is_person(run: RunOutcome) -> bool:
    """Whether a rater's ratings are people's, a person drawn for each image: one of those it is compared with."""
    return run.protocol == DERIVED and run.settings.get("method") == "person"


def is_group_mean(runs: Sequence[RunOutcome], run: RunOutcome, item: str) -> bool:
    """Whether within a group (emotion posed, label given) its numbers differ only by who was left out of a mean.

    So do those that a hybrid takes from such a rater, and an ensemble's of nothing but such raters. `runs` are all that
    have rated the study.
    """
    there = {(other.rater, other.protocol): other for other in runs}
    seen, waiting = {(run.rater, run.protocol)}, [run]
    while waiting:
        one = waiting.pop()
        if one.protocol == DERIVED and one.settings.get("method") in GROUP_MEANS:
            continue
        names = _sources(one, item) - seen
        if not _sources(one, item) or not names <= there.keys():
            return False
        seen |= names
        waiting.extend(there[name] for name in names)
    return True


def _sources(run: RunOutcome, item: str) -> set[tuple[str, str]]:
    """Rater and protocol of whoever a derived rater's numbers of an item were made of; none of any other rater."""
    made = run.derivation.sources if run.derivation is not None else ()
    return {(source.rater, source.protocol) for source in made if item in source.items}


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
