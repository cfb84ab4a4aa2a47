"""How the columns, labels and numbers of someone else's table are to be understood, as a person says it."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from vlmrate.errors import RaterError
from vlmrate.study.faults import did_you_mean
from vlmrate.study.records import Labels

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from vlmrate.raters.base import Settings
    from vlmrate.study.records import Item

OffList = Literal["fault", "keep"]
OffScale = Literal["fault", "clamp"]
NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)(e[+-]?\d+)?", re.ASCII | re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Columns:
    """What stands where in a table, and how it is brought onto the study's items.

    `columns` name an item's column ("" leaves the item out), `labels` the study's label for each of theirs ("": none
    of the study's), `ranges` the ends of their scale, `probabilities` what their columns of probabilities begin with.
    `image` is None for the usual column, `repeat` where every image stands once. A label that the study does not offer
    is a fault or an answer off the list; a number off the scale a fault or held at its end.
    """

    columns: Mapping[str, str] = field(default_factory=dict)
    labels: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    ranges: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    probabilities: Mapping[str, str] = field(default_factory=dict)
    image: str | None = None
    repeat: str | None = None
    off_list: OffList = "fault"
    off_scale: OffScale = "fault"

    def named(self, item: str) -> bool:
        """Whether anything was said about an item, so that it must be in the table."""
        return any(item in said for said in (self.columns, self.labels, self.ranges, self.probabilities))

    @property
    def settings(self) -> Settings:
        """All of it as flat values, for a manifest."""
        ranges = {item: f"{low}:{high}" for item, (low, high) in self.ranges.items()}
        labels = {f"{item}.{theirs}": ours for item, said in self.labels.items() for theirs, ours in said.items()}
        named = {"column": self.columns, "label": labels, "range": ranges, "probabilities": self.probabilities}
        told: Settings = {
            f"{option}.{key}": value for option, said in named.items() for key, value in sorted(said.items())
        }
        return told | {
            "image": self.image,
            "repeat": self.repeat,
            "off_list": self.off_list,
            "off_scale": self.off_scale,
        }


@dataclass(frozen=True, slots=True)
class Said:
    """The words of a person's options, as typed."""

    columns: Sequence[str] = ()
    labels: Sequence[str] = ()
    ranges: Sequence[str] = ()
    probabilities: Sequence[str] = ()


def parse_columns(
    said: Said,
    items: Sequence[Item],
    *,
    image: str | None = None,
    repeat: str | None = None,
    off_list: OffList = "fault",
    off_scale: OffScale = "fault",
) -> Columns:
    """Read ITEM=COLUMN, ITEM.theirs=ours, ITEM=low:high and ITEM=PREFIX against a study's items.

    Raises:
        RaterError: One of them is not written so, names an unknown item or label, or does not suit the item's scale.
    """
    labels: dict[str, dict[str, str]] = {}
    for text in said.labels:
        item, theirs, ours = _label(text, items)
        if labels.setdefault(item, {}).setdefault(theirs, ours) != ours:
            raise RaterError(f"--label {text}: {theirs!r} has already been given another meaning; give one")
    return Columns(
        columns=dict(_pairs("--column", "ITEM=COLUMN", said.columns, items)),
        labels=labels,
        ranges={
            name: _range(name, text, items) for name, text in _pairs("--range", "ITEM=LOW:HIGH", said.ranges, items)
        },
        probabilities=dict(_pairs("--probabilities", "ITEM=PREFIX", said.probabilities, items)),
        image=image,
        repeat=repeat,
        off_list=off_list,
        off_scale=off_scale,
    )


def _pairs(option: str, form: str, texts: Sequence[str], items: Sequence[Item]) -> list[tuple[str, str]]:
    found: dict[str, str] = {}
    for text in texts:
        name, sign, rest = text.partition("=")
        if not sign:
            raise RaterError(f"{option} {text!r} is not written {form}")
        _item(f"{option} {text}", name, items)
        if name in found:
            raise RaterError(f"{option} {text}: {name} has been given already; give it once")
        found[name] = rest
    return list(found.items())


def _label(text: str, items: Sequence[Item]) -> tuple[str, str, str]:
    # An item's name has no dot in it, a label may have both signs.
    pair, sign, ours = text.rpartition("=")
    name, dot, theirs = pair.partition(".")
    if not sign or not dot or not theirs:
        raise RaterError(f"--label {text!r} is not written ITEM.THEIRS=OURS, such as emotion.Happiness=happy")
    item = _item(f"--label {text}", name, items)
    if not isinstance(item.scale, Labels):
        raise RaterError(f"--label {text}: {name} is answered with numbers; --range brings theirs onto its scale")
    if ours and ours not in item.scale.options:
        raise RaterError(f"--label {text}: {name} has no label {ours!r}; {did_you_mean(ours, item.scale.options)}")
    return name, theirs, ours


def _range(name: str, text: str, items: Sequence[Item]) -> tuple[float, float]:
    if isinstance(_item("--range", name, items).scale, Labels):
        raise RaterError(f"--range {name}={text}: {name} is answered with labels; --label translates theirs")
    ends = [end.strip() for end in text.split(":")]
    if len(ends) != 2 or not all(NUMBER.fullmatch(end) for end in ends):
        raise RaterError(f"--range {name}={text} is not written ITEM=LOW:HIGH, such as valence=-1:1")
    low, high = map(float, ends)
    if not (math.isfinite(low) and math.isfinite(high) and low < high):
        raise RaterError(f"--range {name}={text}: the first number must be below the second")
    return low, high


def _item(where: str, name: str, items: Sequence[Item]) -> Item:
    known = {item.name: item for item in items}
    if name not in known:
        raise RaterError(f"{where}: the study has no item {name!r}; {did_you_mean(name, list(known))}")
    return known[name]
