"""People's single ratings of an item with images and persons numbered: cut once, compared to every rater."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pandas as pd

from vlmrate.stats import Skipped

if TYPE_CHECKING:
    from vlmrate.analysis.data import Material
    from vlmrate.study.records import Item


ONE_OF_THEM = Skipped("the rater's ratings are those of people, drawn image by image: it is one of the persons")


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
    if isinstance(told, Skipped):
        return told
    image, names = pd.factorize(told["image_id"], sort=True)
    person, _ = pd.factorize(told["rater_id"], sort=True)
    images = pd.Index(names)
    clusters = material.images.clusters.reindex(images).set_axis(range(len(images)))
    return NumberedSingles(images, pd.Series(image), pd.Series(person), told["value"].reset_index(drop=True), clusters)
