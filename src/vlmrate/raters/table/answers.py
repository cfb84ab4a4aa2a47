"""One row's answers: labels translated, numbers brought onto the study's scale, probabilities checked."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from vlmrate.raters.base import OptionProbabilities
from vlmrate.raters.table.mapping import NUMBER
from vlmrate.raters.table.rows import is_missing
from vlmrate.study.faults import did_you_mean
from vlmrate.study.records import Labels, Likert

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from vlmrate.raters.table.mapping import OffList, OffScale
    from vlmrate.raters.table.rows import Cell
    from vlmrate.raters.table.sources import Source

    Tell = Callable[[str, str], None]

TableRoute = Literal["native", "off-list", "invalid"]

SUM_TOLERANCE = 0.05
"""How far the sum of a row's probabilities may be from 1: they are often printed with two decimals."""


@dataclass(frozen=True, slots=True)
class TableAnswer:
    """One item's answer. `value` is None with the route `invalid` where the table has none.

    `clamped_from` is the number as given, in the study's units, where it was off the scale and held at its end.
    """

    item: str
    value: str | float | None
    route: TableRoute
    clamped_from: float | None = None
    options: OptionProbabilities | None = None


_Value = tuple[str | float | None, TableRoute, float | None]
_MISSING: _Value = (None, "invalid", None)


def read_answer(
    cells: Mapping[str, Cell], source: Source, *, off_list: OffList, off_scale: OffScale, tell: Tell
) -> TableAnswer:
    """Read one item's answer; `tell` is given the column and the sentence of every fault.

    Without a column of answers the likeliest answer counts, and none where two are equally likely.
    """
    shares = _shares(cells, source, tell) if source.probabilities else None
    options = _options(shares, source, off_list, tell) if shares is not None else None
    if source.column is None:
        value, route = _likeliest(shares, source)
        return TableAnswer(source.item.name, value, route, None, options)
    cell = cells.get(source.column)
    read: _Value | str = _MISSING
    if not is_missing(cell) or _is_own_label(cell, source):
        is_label = isinstance(source.item.scale, Labels)
        read = _label(cell, source, off_list) if is_label else _number(cell, source, off_scale)
    if isinstance(read, str):
        tell(source.column, read)
        read = _MISSING
    value, route, clamped_from = read
    return TableAnswer(source.item.name, value, route, clamped_from, options)


def _is_own_label(cell: Cell, source: Source) -> bool:
    """A study may well offer a label that elsewhere means that there is none."""
    return isinstance(cell, str) and (cell.strip() in source.labels or cell.strip() in source.item.answers)


def text_of(cell: Cell) -> str | None:
    """A label or name as text: whole numbers as digits; None for what is no single word."""
    if isinstance(cell, str):
        return cell.strip()
    return str(cell) if isinstance(cell, (int, float)) and not isinstance(cell, bool) else None


def number_of(cell: Cell) -> float | None:
    """A number, written as one or in a text; None for anything else."""
    if isinstance(cell, bool):
        return None
    if isinstance(cell, str):
        return float(cell) if NUMBER.fullmatch(cell.strip()) else None
    try:
        return float(cell) if isinstance(cell, (int, float)) else None
    except OverflowError:
        return float("inf")


def _label(cell: Cell, source: Source, off_list: OffList) -> _Value | str:
    text, options = text_of(cell), source.item.answers
    if text is None:
        return f"{cell!r} is no label"
    ours = source.labels.get(text, text)
    if ours in options:
        return ours, "native", None
    if off_list == "keep" or text in source.labels:
        return None, "off-list", None
    return (
        f"unknown label {text!r} ({did_you_mean(text, options)}); translate it with --label "
        f"{source.item.name}.{text}=OURS, or pass --off-list keep to count it as one that the study does not offer"
    )


def _number(cell: Cell, source: Source, off_scale: OffScale) -> _Value | str:
    number, scale = number_of(cell), source.item.scale
    if number is None or not isinstance(scale, Likert):
        return f"{cell!r} is not a number"
    low, high = source.their_range or (scale.low, scale.high)
    ours = number if source.their_range is None else scale.brought_here(number, source.their_range)
    held = scale.held(ours)
    if low <= number <= high:
        return held, "native", None
    if off_scale == "clamp" and abs(number) != float("inf"):
        return held, "native", ours
    if source.their_range is None:
        advice = f"if theirs is another scale, pass --range {source.item.name}=LOW:HIGH"
    else:
        advice = "--off-scale clamp holds such numbers at the end of the scale"
    return f"{number:g} is off the scale {low:g} to {high:g}; {advice}"


def _shares(cells: Mapping[str, Cell], source: Source, tell: Tell) -> dict[str, float] | None:
    """Each column's probability; None where the row has none, or where one is wrong."""
    given = {column: cells.get(column) for column in source.probabilities}
    if all(map(is_missing, given.values())):
        return None
    shares = {}
    for column, cell in given.items():
        share = number_of(cell)
        if share is not None and 0 <= share <= 1:
            shares[column] = share
        elif is_missing(cell):
            tell(column, "the probability is missing, while the row has others")
        else:
            tell(column, f"{cell!r} is no probability from 0 to 1")
    return shares if len(shares) == len(given) else None


def _options(shares: Mapping[str, float], source: Source, off_list: OffList, tell: Tell) -> OptionProbabilities | None:
    """The study's answers alone, brought to sum to one; None where the row's sum is wrong."""
    total = sum(shares.values())
    by_answer = _by_answer(shares, source)
    valid = sum(by_answer.values())
    least = 0.0 if off_list == "keep" else 1 - SUM_TOLERANCE
    if not least <= total <= 1 + SUM_TOLERANCE:
        tell(next(iter(shares)), f"the row's probabilities of {source.item.name} sum to {total:.4g} and not to 1")
        return None
    if valid <= 0:
        return None
    return OptionProbabilities({answer: share / valid for answer, share in by_answer.items()}, min(valid, 1.0))


def _likeliest(shares: Mapping[str, float] | None, source: Source) -> tuple[str | float | None, TableRoute]:
    """The answer whose probability is highest; none where it is not one alone."""
    if shares is None:
        return None, "invalid"
    by_answer = _by_answer(shares, source)
    highest = max(by_answer.values())
    elsewhere = max((share for column, share in shares.items() if source.probabilities[column] is None), default=0.0)
    best = [answer for answer, share in by_answer.items() if share == highest]
    if elsewhere > highest:
        return None, "off-list"
    if len(best) > 1 or elsewhere == highest:
        return None, "invalid"
    return (best[0] if isinstance(source.item.scale, Labels) else float(best[0])), "native"


def _by_answer(shares: Mapping[str, float], source: Source) -> dict[str, float]:
    """The probability of each of the study's answers; several of theirs may be one of ours."""
    found = dict.fromkeys(source.item.answers, 0.0)
    for column, share in shares.items():
        answer = source.probabilities[column]
        if answer is not None:
            found[answer] += share
    return found
