"""What a kind of derived rater is made from, and what it makes of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeAlias

from vlmrate.analysis.derivations import people_digest
from vlmrate.analysis.derived import lines_of
from vlmrate.errors import RaterError
from vlmrate.inference.derivation import images_digest
from vlmrate.raters.base import OptionProbabilities
from vlmrate.stats import Skipped
from vlmrate.study.records import Labels, Likert

if TYPE_CHECKING:
    from vlmrate.analysis.data import Material
    from vlmrate.derive.sources import Chosen
    from vlmrate.inference.derivation import Derivation, LineOf
    from vlmrate.study.records import Item

Known: TypeAlias = Mapping[str, Mapping[str, OptionProbabilities]]
"""Probabilities of the answers, by item and image."""
NO_PEOPLE = "the study has no ratings by people"


@dataclass(frozen=True, slots=True)
class Inputs:
    """A study with its raters' answers, the sources chosen, and how lines are fitted and persons drawn."""

    material: Material
    chosen: tuple[Chosen, ...]
    by: LineOf
    folds: int
    seed: int


@dataclass(frozen=True, slots=True)
class Made:
    """A derived rater: its record, the probabilities that its answers keep, and what people should know of it.

    `knows` is what it was told beside what its sources saw; `notes` are on what was left out.
    """

    derivation: Derivation
    known: Known = field(default_factory=dict)
    knows: str | None = None
    notes: tuple[str, ...] = ()


def names(items: tuple[Item, ...]) -> tuple[str, ...]:
    """The items' names."""
    return tuple(item.name for item in items)


def label_items(items: tuple[Item, ...]) -> tuple[Item, ...]:
    """Those answered with a label."""
    return tuple(item for item in items if isinstance(item.scale, Labels))


def rated_numbers(material: Material, items: tuple[Item, ...]) -> tuple[Item, ...]:
    """Those answered with a number that people rated.

    Raises:
        RaterError: There are none.
    """
    if material.study.ratings is None:
        raise RaterError(f"{NO_PEOPLE} to fit anything to")
    found = tuple(i for i in items if isinstance(i.scale, Likert) and i.name in material.study.ratings.items)
    if not found:
        raise RaterError(f"people rated no item with numbers among {', '.join(names(items)) or 'those asked for'}")
    return found


def in_order(material: Material, items: tuple[Item, ...]) -> tuple[Item, ...]:
    """Items in the order of the study."""
    return tuple(item for item in material.study.items if item in items)


def left_out(of: tuple[Item, ...], kept: tuple[Item, ...], why: str) -> tuple[str, ...]:
    """A sentence on the items that are not derived, where there are any."""
    gone = [item.name for item in of if item not in kept]
    return (f"{', '.join(gone)}: left out, {why}",) if gone else ()


def fitted(material: Material, derivation: Derivation) -> Derivation:
    """The record with people's digest and the lines that its folds give.

    Raises:
        RaterError: There are too few ratings to fit them.
    """
    ratings, items = material.study.ratings, tuple(i for i in material.study.items if i.name in derivation.items)
    if ratings is None:
        raise RaterError(f"{NO_PEOPLE} to fit anything to")
    known = {
        "held_out": material.images.clustered_by,
        "people_sha256": people_digest(ratings, derivation.method, items),
        "images_sha256": images_digest(material.study),
    }
    told = derivation.model_copy(update=known)
    lines = lines_of(material, told)
    if isinstance(lines, Skipped):
        raise RaterError(f"no line can be fitted: {lines.reason}")
    return told.model_copy(update={"lines": lines})


def held_out(material: Material) -> str:
    """Whose ratings were kept from what an image is answered with, in words."""
    return "other identities" if material.images.clustered_by == "identity" else "other images"
