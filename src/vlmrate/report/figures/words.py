"""Words of figures: names from data made harmless and short, numbers as the report writes them, lists in sentences."""

from __future__ import annotations

import unicodedata
from typing import TYPE_CHECKING

from vlmrate.apa import decimal
from vlmrate.report.format import interval, number
from vlmrate.report.table import Style
from vlmrate.report.tables.naming import heading

if TYPE_CHECKING:
    from collections.abc import Sequence

    from vlmrate.stats import Estimate

LONGEST = 22
"""Characters of a name in a drawing."""
CLUMSY = " .,-–−_("
"""Signs that look odd beside an ellipsis."""
BREAKS = (" (", " − ")
"""Where a name may go on in a second line: before a protocol in brackets, after a minus."""
FEW = 3
"""Raters up to which descriptions tell every interval."""
MEAN_WIDTH = 0.62
"""Ems a sign takes in our typeface, on average."""


def plain(name: str, longest: int = LONGEST) -> str:
    """A name without control characters and line breaks, its middle left out where it is too long.

    >>> plain("llama-3.2-vision-instruct-4bit", 15), plain("a\\u202eb\\nc")
    ('llama-3…ct-4bit', 'ab c')
    """
    shown = " ".join(whole(name).split()) or "?"
    if len(shown) <= longest:
        return shown
    head = (longest - 1) // 2
    return f"{shown[:head].rstrip(CLUMSY)}…{shown[-(longest - 1 - head) :].lstrip(CLUMSY)}"


def lined(name: str, longest: int = LONGEST) -> str:
    """A name as `plain` has it, in two lines where it is too long for one and can be broken.

    >>> lined("llama3.2-vision (context-carry)", 20), lined("east_asian − west_asian", 20)
    ('llama3.2-vision\\n(context-carry)', 'east_asian −\\nwest_asian')
    """
    shown = " ".join(whole(name).split())
    at = next((shown.find(sign) + (2 if sign[1] == "−" else 0) for sign in BREAKS if sign in shown), 0)
    if len(shown) <= longest or not at:
        return plain(shown, longest)
    return f"{plain(shown[:at], longest)}\n{plain(shown[at + 1 :], longest)}"


def fitted(name: str, inches: float, size: float) -> str:
    """A name in as many signs a line as there is room for at a size in points, in two lines at most."""
    return lined(name, max(6, int(inches * 72 / size / MEAN_WIDTH)))


def whole(name: str) -> str:
    """A name without control characters (white space becomes a blank).

    >>> whole("fear\\x00\\tful")
    'fear ful'
    """
    return "".join(" " if c.isspace() else c for c in name if c.isspace() or unicodedata.category(c)[0] != "C")


def title(name: str) -> str:
    """A name as a heading of a panel or the label of an axis."""
    return heading(plain(name))


def width(words: str, size: float) -> float:
    """About how many inches a line of words takes at a size in points: wide signs one em, others two thirds."""
    ems = sum(1.0 if unicodedata.east_asian_width(c) in "WF" else MEAN_WIDTH for c in words)
    return ems * size / 72


def points(estimate: Estimate) -> str:
    """A number in scale points with its interval.

    >>> from vlmrate.stats import Estimate
    >>> points(Estimate(-1.994, -2.1, -1.88, 0.95, 240, "bias"))
    '−1.99 [−2.10, −1.88]'
    """
    return _with_interval(estimate, Style.POINTS)


def bounded(estimate: Estimate) -> str:
    """A number that cannot exceed 1 in size with its interval."""
    return _with_interval(estimate, Style.BOUNDED)


def value(estimate: Estimate) -> str:
    """A number in scale points alone, where there are too many for a listener to hear intervals too."""
    return decimal(estimate.value, 2)


def counted(n: int, one: str, many: str | None = None) -> str:
    """A number with its noun.

    >>> counted(1, "image"), counted(1440, "image")
    ('1 image', '1,440 images')
    """
    return f"{n:,} {one if n == 1 else many or one + 's'}"


def listed(words: Sequence[str]) -> str:
    """Words as a list in a sentence.

    >>> listed(["a", "b", "c"])
    'a, b and c'
    """
    return " and ".join([", ".join(words[:-1]), words[-1]]) if len(words) > 1 else "".join(words)


def sentences(*parts: str) -> str:
    """Sentences in a row; empty ones are left out."""
    return " ".join(part for part in parts if part)


def drawn_of(drawn: int, there: int, which: str) -> str:
    """What a reader must know where not everything is drawn; empty where it is."""
    return f"Drawn are {which}, {drawn} of {there}; the tables have all." if drawn < there else ""


def _with_interval(estimate: Estimate, style: Style) -> str:
    return f"{number(estimate.value, style)} {interval(estimate, style)}"
