"""Figures inside the page: their inline styles become classes, which the page's policy can name."""

from __future__ import annotations

import html
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from markupsafe import Markup

if TYPE_CHECKING:
    from collections.abc import Iterable

_TAG = re.compile(r"<[^<>]+>")
_STYLE = re.compile(r' style="([^"]*)"')
_DECLARATIONS = re.compile(r"[\w\s#:;.,%()'\"+-]*")
_WIDTH = re.compile(r'<svg\b[^>]*\bwidth="([\d.]+)')
_NARROW = 300.0
"""Points: up to here a figure is one journal column wide."""


@dataclass(frozen=True, slots=True)
class Drawings:
    """SVG elements without style attributes, and the style sheet that takes their place."""

    elements: tuple[Markup, ...]
    style: str


def drawings(svgs: Iterable[str]) -> Drawings:
    """Give each distinct style attribute a class.

    A style of signs that no drawing of ours holds is left where it is: the page's policy keeps it from being obeyed.
    """
    classes: dict[str, str] = {}

    def in_tag(tag: re.Match[str]) -> str:
        return _STYLE.sub(as_class, tag.group())

    def as_class(style: re.Match[str]) -> str:
        declarations = html.unescape(style.group(1)).strip()
        if not _DECLARATIONS.fullmatch(declarations):
            return style.group()
        name = classes.setdefault(declarations, f"d{len(classes)}")
        return f' class="{name}"'

    elements = tuple(Markup(_TAG.sub(in_tag, svg)) for svg in svgs)  # noqa: S704 - matplotlib escapes what it writes
    return Drawings(elements, "".join(f".{name}{{{words}}}\n" for words, name in classes.items()))


def is_narrow(svg: str) -> bool:
    """Whether a drawing is meant for one column of a journal."""
    found = _WIDTH.search(svg)
    return found is not None and float(found.group(1)) <= _NARROW
