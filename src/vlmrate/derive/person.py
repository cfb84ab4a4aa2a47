"""`person`: for each image one person, drawn from those who rated it; what a rater looks like that is no mean."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from vlmrate.analysis.derivations import people_digest
from vlmrate.derive.made import NO_PEOPLE, Made, names
from vlmrate.errors import RaterError
from vlmrate.inference.derivation import Derivation

if TYPE_CHECKING:
    from vlmrate.derive.made import Inputs
    from vlmrate.study.ratings import HumanRatings


def person(inputs: Inputs) -> Made:
    """The ratings of one person an image, of those who rated most of its items; seeded.

    Raises:
        RaterError: The study has no single ratings by people.
    """
    ratings = inputs.material.study.ratings
    if ratings is None:
        raise RaterError(f"{NO_PEOPLE} to draw from")
    if not ratings.has_singles:
        raise RaterError("people's ratings are means, and no person can be drawn from them; give the single ratings")
    items = tuple(item for item in inputs.material.study.items if item.name in ratings.items)
    record = Derivation(
        method="person",
        items=names(items),
        seed=inputs.seed,
        drawn=_drawn(inputs, ratings),
        people_sha256=people_digest(ratings, "person", items),
    )
    return Made(record, knows="how one person rated the image itself")


def _drawn(inputs: Inputs, ratings: HumanRatings) -> dict[str, str]:
    """By image, in the order of the study, so that a row moved in a file changes nothing."""
    rng = np.random.default_rng(inputs.seed)
    rated = ratings.table[[*ratings.items]].notna().sum(axis=1)
    rows = ratings.table[["image_id", "rater_id"]].astype(str).assign(rated=rated)
    rows = rows[(rows["rated"] > 0)].sort_values(["image_id", "rater_id"])
    most = rows[rows["rated"] == rows.groupby("image_id")["rated"].transform("max")]
    persons = most.groupby("image_id")["rater_id"].agg(list).to_dict()
    images = [image for image in inputs.material.images.ids if image in persons]
    return {image: persons[image][int(rng.integers(len(persons[image])))] for image in images}
