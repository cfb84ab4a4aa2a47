"""People's single ratings of an item with images and persons numbered: cut once, compared to every rater."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pandas as pd

from vlmrate.analysis.others import is_person, without_drawn
from vlmrate.stats import Skipped

if TYPE_CHECKING:
    from vlmrate.analysis.data import Material, RaterRun
    from vlmrate.study.records import Item


ONE_OF_THEM = Skipped("the rater's ratings are those of people, drawn image by image: it is one of the persons")
NOT_ON_RECORD = Skipped("no record says which person's rating of an image the rater gives")


@dataclass(frozen=True, slots=True, eq=False)
class NumberedSingles:
    """One entry a rating in `image`, `person` and `value`; `images` says which image each number is.

    Numbers are looked up many times faster than names, and every rater of a study is looked up.
    """

    images: pd.Index
    image: pd.Series[int]
    person: pd.Series[int]
    value: pd.Series[Any]
    clusters: pd.Series[str]
    """By the images' numbers."""

    @property
    def by_image(self) -> pd.Series[Any]:
        """The ratings, their index the images' numbers."""
        return self.value.set_axis(pd.Index(self.image))

    def of(self, by_image: pd.Series[Any]) -> pd.Series[Any]:
        """Something by image_id (a rater's answers, emotions) by the images' numbers; missing where it has none."""
        return by_image.reindex(self.images).set_axis(range(len(self.images)))


def numbered_singles(material: Material, item: Item) -> NumberedSingles | Skipped:
    """The single ratings of an item, in the order of the image's and person's names; Skipped where there are none."""
    told = material.singles(item)
    return told if isinstance(told, Skipped) else _numbered(material, told)


def singles_beside(
    material: Material, rater: RaterRun, item: Item, everybody: NumberedSingles | Skipped
) -> NumberedSingles | Skipped:
    """Those of everybody's single ratings to hold a rater against: the others' where it is a person drawn.

    Skipped where there are none, or no record says who was drawn.
    """
    told = material.singles(item)
    if isinstance(told, Skipped) or not is_person(rater.run):
        return everybody
    if rater.run.derivation is None:
        return NOT_ON_RECORD
    return _numbered(material, without_drawn(told, rater.run.derivation.drawn))


def _numbered(material: Material, told: pd.DataFrame) -> NumberedSingles:
    image, names = pd.factorize(told["image_id"], sort=True)
    person, _ = pd.factorize(told["rater_id"], sort=True)
    images = pd.Index(names)
    clusters = material.images.clusters.reindex(images).set_axis(range(len(images)))
    return NumberedSingles(images, pd.Series(image), pd.Series(person), told["value"].reset_index(drop=True), clusters)
