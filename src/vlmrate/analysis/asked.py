"""Whom a question can be asked of: its items, the raters that were asked for them, and why there are none."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vlmrate.analysis.data import NO_PEOPLE
from vlmrate.stats import Skipped

if TYPE_CHECKING:
    from vlmrate.analysis.data import Material, RaterRun
    from vlmrate.study.records import Item

ALL = "all images"
"""The name of the row over all images, beside those of the emotions."""
NO_NUMBERS = Skipped("no item of the study is answered with a number")
NO_LABELS = Skipped("no item of the study is answered with labels")
NO_TEST = Skipped("there is no test to correct")


def scale_items(material: Material) -> tuple[Item, ...] | Skipped:
    """The items answered with a number, or that there are none."""
    return material.scale_items or NO_NUMBERS


def rated_scales(material: Material) -> tuple[Item, ...] | Skipped:
    """The items answered with a number in a study that has people, or why there are none."""
    if material.scale_items and material.study.ratings is None:
        return NO_PEOPLE
    return scale_items(material)


def asked(material: Material, item: Item) -> tuple[RaterRun, ...] | Skipped:
    """The raters that were asked for an item, or that there are none."""
    return material.asked(item) or Skipped(f"no rater was asked for {item.name}")


def asked_beside_people(material: Material, item: Item) -> tuple[RaterRun, ...] | Skipped:
    """The raters that were asked for an item that people rated, or why they cannot be held against people."""
    raters = asked(material, item)
    return raters if isinstance(raters, Skipped) else material.without_people(item) or raters
