"""What the gallery shows, as data for its script: images, people's answers, raters' answers, thumbnails."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from vlmrate.report.html.choice import choose
from vlmrate.report.html.policy import json_block
from vlmrate.report.html.thumbnails import thumbnails
from vlmrate.report.markdown import plain
from vlmrate.study.records import Labels

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

    from markupsafe import Markup

    from vlmrate.analysis import Analysis
    from vlmrate.analysis.images import FactorColumn, PeopleColumn, RaterColumn
    from vlmrate.study.design import ItemDesign

Answer: TypeAlias = "int | float | str | None"
INVALID = "invalid"
"""Stands for an answer that could not be read; None is an image that was not rated. No number, for scales have −1."""


@dataclass(frozen=True, slots=True)
class Gallery:
    """The gallery's data as JSON, and the sentence that says which images these are."""

    data: Markup
    words: str
    images: int


def gallery(analysis: Analysis, pictures: Mapping[str, Path]) -> Gallery:
    """The gallery of an analysis; `pictures` says where the picture of each image lies."""
    images = analysis.images
    levels = {factor.name: factor.levels for factor in images.factors}
    intended = {item.name: levels[item.intended] for item in analysis.design.items if item.intended in levels}
    choice = choose(images, intended)
    shown = choice.positions
    small = thumbnails([pictures.get(images.image_id[i]) for i in shown])
    content = {
        "images": [plain(images.image_id[i]) for i in shown],
        "thumbnails": [thumbnail.uri for thumbnail in small],
        "problems": [thumbnail.problem for thumbnail in small],
        "factors": [_factor(factor, shown) for factor in images.factors],
        "raters": [plain(run.name) for run in analysis.runs],
        "items": [_item(analysis, item, shown) for item in analysis.design.items],
    }
    return Gallery(json_block(content), choice.words, len(shown))


def _factor(factor: FactorColumn, shown: Sequence[int]) -> dict[str, object]:
    levels = [factor.levels[i] for i in shown]
    distinct = list(dict.fromkeys(levels))
    place = {level: number for number, level in enumerate(distinct)}
    return {
        "name": plain(factor.name),
        "part": factor.part,
        "levels": [plain(level) for level in distinct],
        "at": [place[level] for level in levels],
    }


def _item(analysis: Analysis, item: ItemDesign, shown: Sequence[int]) -> dict[str, object]:
    images = analysis.images
    people = next((column for column in images.people if column.item == item.name), None)
    columns = {column.rater: column for column in images.raters if column.item == item.name}
    labels = isinstance(item.scale, Labels)
    intended = next((factor for factor in images.factors if factor.name == item.intended), None) if labels else None
    options = _options(item, intended, columns.values(), shown)
    place = {option: number for number, option in enumerate(options)}
    return {
        "name": plain(item.name),
        "labels": labels,
        "options": [plain(option) for option in options],
        "intended": [place[intended.levels[i]] for i in shown] if intended else None,
        "people": _people(people, shown) if people else None,
        "raters": [_answers(columns.get(run.name), place, shown) for run in analysis.runs],
    }


def _options(
    item: ItemDesign, intended: FactorColumn | None, columns: Iterable[RaterColumn], shown: Sequence[int]
) -> list[str]:
    """What can be answered, and whatever else was intended or said."""
    if not isinstance(item.scale, Labels):
        return [str(point) for point in item.scale.points]
    said = [label for column in columns for label in (column.label[i] for i in shown) if label is not None]
    meant = [intended.levels[i] for i in shown] if intended else []
    return list(dict.fromkeys([*item.scale.options, *meant, *said]))


def _people(people: PeopleColumn, shown: Sequence[int]) -> dict[str, object]:
    return {
        "n": [people.n[i] for i in shown],
        "mean": [_short(people.mean[i]) for i in shown],
        "sd": [_short(people.sd[i]) for i in shown],
        "counts": [people.counts[i] for i in shown],
    }


def _answers(column: RaterColumn | None, place: Mapping[str, int], shown: Sequence[int]) -> list[Answer] | None:
    """An entry an image: the label's place among the options, or the number; None where the rater was not asked."""
    if column is None or all(route is None for route in column.route):
        return None
    return [_answer(column, place, i) for i in shown]


def _answer(column: RaterColumn, place: Mapping[str, int], i: int) -> Answer:
    label = column.label[i]
    if label is not None:
        return place[label]
    value = _short(column.value[i])
    return INVALID if value is None and column.route[i] is not None else value


def _short(value: float | None) -> float | None:
    """A number to three decimals, as short as JSON can say it."""
    if value is None:
        return None
    rounded = round(value, 3)
    return int(rounded) if rounded.is_integer() else rounded
