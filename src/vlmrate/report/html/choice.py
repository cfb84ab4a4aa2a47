"""Which images the gallery shows where there are too many for one file."""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from vlmrate.analysis.images import ImageColumns, PeopleColumn, RaterColumn

MOST = 2_000
"""Images whose thumbnails leave room for the rest of the report within 15 MB."""
SEED = 0


@dataclass(frozen=True, slots=True)
class Choice:
    """Positions of the images shown, in the study's order, and what a reader must know of them."""

    positions: tuple[int, ...]
    words: str


def choose(images: ImageColumns, intended: Mapping[str, tuple[str, ...]], most: int = MOST) -> Choice:
    """All images, or the half of `most` on which raters err most and as many of the others drawn by chance.

    `intended` are the intended labels of each item that has them, an entry an image.
    """
    there = len(images.image_id)
    if there <= most:
        return Choice(tuple(range(there)), f"All {there:,} images of the study.")
    errors = _errors(images, intended)
    by_error = sorted(range(there), key=lambda i: (-errors[i][0], -errors[i][1], i))
    worst = [i for i in by_error[: most // 2] if errors[i] > (0.0, 0)]
    drawn = random.Random(SEED).sample(by_error[len(worst) :], most - len(worst))
    words = f"Of {there:,} images {most:,} are shown, so that the file stays small: "
    if worst:
        words += (
            f"the {len(worst):,} with the largest errors (the distance of any rater from the mean of people as a part "
            "of the scale; where they tie, the number of raters with another label than the intended one), and "
        )
    return Choice(tuple(sorted([*worst, *drawn])), f"{words}{len(drawn):,} drawn by chance (seed {SEED}).")


def _errors(images: ImageColumns, intended: Mapping[str, tuple[str, ...]]) -> list[tuple[float, int]]:
    """The largest distance of a rater from people, as a part of the scale, and the number of wrong labels."""
    people = {column.item: column for column in images.people}
    distance = [0.0] * len(images.image_id)
    wrong = [0] * len(images.image_id)
    for column in images.raters:
        for i, far in enumerate(_distances(column, people.get(column.item))):
            distance[i] = max(distance[i], far)
        for i, label in enumerate(intended.get(column.item, ())):
            wrong[i] += column.route[i] is not None and column.label[i] != label
    return list(zip(distance, wrong, strict=True))


def _distances(column: RaterColumn, people: PeopleColumn | None) -> list[float]:
    if people is None:
        return []
    width = max(1, len(people.options) - 1)
    return [
        0.0 if value is None or mean is None else abs(value - mean) / width
        for value, mean in zip(column.value, people.mean, strict=True)
    ]
