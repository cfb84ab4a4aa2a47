"""Every image with what people and raters said of it: what figures are drawn from and a gallery shows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pandas as pd

from vlmrate.study.records import Labels, Likert

if TYPE_CHECKING:
    from collections.abc import Iterator

    from vlmrate.analysis.data import Material, RaterRun
    from vlmrate.study.records import Item


@dataclass(frozen=True, slots=True)
class FactorColumn:
    """The level of one factor of each image; `part` is emotion, identity, group or other."""

    name: str
    part: str
    levels: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class PeopleColumn:
    """People's answers to one item, an entry an image; 0 and None where people did not rate it.

    `options` are the answers that can be given, `counts` how often each was given, None where single ratings are not
    at hand. `mean` and `sd` (n - 1) are in scale points, None for labels.
    """

    item: str
    options: tuple[str, ...]
    n: tuple[int, ...]
    mean: tuple[float | None, ...]
    sd: tuple[float | None, ...]
    counts: tuple[tuple[int, ...] | None, ...]


@dataclass(frozen=True, slots=True)
class RaterColumn:
    """One rater's answers to one item, an entry an image; None where there is none.

    `label` is the first repeat's answer to an item with labels, `value` the mean over repeats on a scale, `expected`
    the probability-weighted rating; `route` says how the first repeat's answer was read.
    """

    rater: str
    item: str
    label: tuple[str | None, ...]
    value: tuple[float | None, ...]
    expected: tuple[float | None, ...]
    route: tuple[str | None, ...]


@dataclass(frozen=True, slots=True)
class ImageColumns:
    """All images in the study's order; every column has an entry for each of `image_id`."""

    image_id: tuple[str, ...]
    factors: tuple[FactorColumn, ...]
    people: tuple[PeopleColumn, ...]
    raters: tuple[RaterColumn, ...]


def image_columns(material: Material) -> ImageColumns:
    """What was said of each image."""
    items = material.study.items
    return ImageColumns(
        image_id=tuple(map(str, material.images.ids)),
        factors=tuple(_factors(material)),
        people=tuple(_people(material, item) for item in items if material.without_people(item) is None),
        raters=tuple(_rater(material, rater, item) for rater in material.raters for item in items),
    )


def _factors(material: Material) -> Iterator[FactorColumn]:
    named, stimuli = material.study.factors, material.study.stimuli
    for name in stimuli[0].factors if stimuli else ():
        part = "other"
        if name == named.emotion:
            part = "emotion"
        elif name == named.identity:
            part = "identity"
        elif name in named.groups:
            part = "group"
        yield FactorColumn(name, part, tuple(stimulus.factors[name] for stimulus in stimuli))


def _people(material: Material, item: Item) -> PeopleColumn:
    ids, options = material.images.ids, item.answers
    n = material.ratings_an_image(item).reindex(ids, fill_value=0)
    singles = material.singles(item)
    mean = sd = pd.Series(index=ids, dtype="float64")
    counts: tuple[tuple[int, ...] | None, ...] = (None,) * len(ids)
    if isinstance(item.scale, Likert):
        mean = material.people(item).reindex(ids)
    if isinstance(singles, pd.DataFrame):
        if isinstance(item.scale, Likert):
            sd = singles.groupby("image_id")["value"].std(ddof=1).reindex(ids)
        counts = _counts(singles, options, ids)
    return PeopleColumn(item.name, options, tuple(map(int, n)), _numbers(mean), _numbers(sd), counts)


def _counts(singles: pd.DataFrame, options: tuple[str, ...], ids: pd.Index) -> tuple[tuple[int, ...] | None, ...]:
    values = singles["value"]
    answers = values if values.dtype == object or values.dtype == "str" else values.astype(int).astype(str)
    table = pd.crosstab(singles["image_id"], answers).reindex(index=ids, columns=list(options), fill_value=0)
    return tuple(tuple(map(int, row)) for row in table.to_numpy())


def _rater(material: Material, rater: RaterRun, item: Item) -> RaterColumn:
    ids = material.images.ids
    rows = material.rows(rater, item)
    first = rows.drop_duplicates("image_id").set_index("image_id").reindex(ids)
    if isinstance(item.scale, Labels):
        value = expected = pd.Series(index=ids, dtype="float64")
        label = first["value"]
    else:
        given = material.scale(rater, item)
        value, expected = given.value.reindex(ids), given.expected.reindex(ids)
        label = pd.Series(None, index=ids, dtype=object)
    route = first["route"] if "route" in first else pd.Series(None, index=ids, dtype=object)
    return RaterColumn(rater.name, item.name, _words(label), _numbers(value), _numbers(expected), _words(route))


def _numbers(values: pd.Series[float]) -> tuple[float | None, ...]:
    return tuple(None if pd.isna(value) else float(value) for value in values)


def _words(values: pd.Series[str]) -> tuple[str | None, ...]:
    return tuple(None if pd.isna(value) else str(value) for value in values)
