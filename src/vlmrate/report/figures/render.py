"""A figure as SVG for a page, or as a file: the same figure gives the same bytes."""

from __future__ import annotations

import io
import re
import warnings
from functools import lru_cache
from typing import TYPE_CHECKING
from xml.sax.saxutils import escape

from vlmrate.errors import AnalysisError
from vlmrate.inference.files import write_atomically
from vlmrate.report.figures.style import styled
from vlmrate.report.figures.words import whole

if TYPE_CHECKING:
    from pathlib import Path

    from matplotlib.figure import Figure as Drawing

    from vlmrate.report.figures.figure import Figure

DPI = 300
"""Dots an inch of PNG files: what journals ask for."""
KEPT = 256
"""Pictures kept in memory, some hundred thousand bytes each."""
FAMILIES = "'DejaVu Sans', Verdana, Arial, sans-serif"
"""What readers without our typeface see: none of them is much wider."""

TAG = re.compile(r"<[^<>]+>")
DECLARED = re.compile(r'(?<= id=")[^"]*(?=")')
REFERENCE = re.compile(r'(?<=url\(#)[^)]*(?=\))|(?<=href="#)[^"]*(?=")')
UNUSED_ID = re.compile(r' id="[^"]*"')
PLACES = re.compile(r'(?<= )(?:d|x|y|points)="[^"]*"')
LONG_NUMBER = re.compile(r"-?\d+\.\d{3,}")


@lru_cache(maxsize=1)
def drawing(figure: Figure) -> Drawing:
    """The figure as a drawing of matplotlib, in our style; the last one is kept, to be saved in other forms."""
    with styled():
        return figure.draw()


def svg(figure: Figure) -> str:
    """The figure as an <svg> element for an HTML page, one of many there.

    Every id begins with the figure's; title and description are told to screen readers; text is text, in whatever
    typeface the reader has. It holds no script, no style sheet and no address to load from.
    """
    return content(figure, "svg").decode("utf-8")


def save(figure: Figure, path: Path) -> None:
    """Write the figure to a file: .svg, .pdf, or .png with 300 dots an inch.

    Raises:
        AnalysisError: The suffix is none of these.
    """
    write_atomically(path, content(figure, path.suffix.lower().removeprefix(".")))


@lru_cache(maxsize=KEPT)
def content(figure: Figure, kind: str) -> bytes:
    """What a file of a kind ("svg", "pdf" or "png") holds: no date, no version of a program.

    A report shows a figure in several of its files; it is drawn for the first and kept.

    Raises:
        AnalysisError: There is no such kind.
    """
    named = {"Title": whole(figure.title)}
    metadata = {
        "svg": {"Date": None, "Creator": None},
        "pdf": {"CreationDate": None, "ModDate": None, "Creator": None, "Producer": None, **named},
        "png": {"Software": None, **named},
    }
    if kind not in metadata:
        raise AnalysisError(f"A figure is written as .svg, .pdf or .png, not as .{kind}.")
    target = io.BytesIO()
    with styled(), warnings.catch_warnings():
        if kind == "svg":
            # The reader's typeface draws the text: that ours lacks a sign is of no account.
            warnings.filterwarnings("ignore", message="Glyph .* missing from font", category=UserWarning)
        drawing(figure).savefig(target, format=kind, dpi=DPI, metadata=metadata[kind])
    raw = target.getvalue()
    return (_finished(raw.decode("utf-8"), figure) + "\n").encode("utf-8") if kind == "svg" else raw


def _finished(raw: str, figure: Figure) -> str:
    """The drawing's SVG without what belongs to a file of its own, its ids made the figure's."""
    body = raw[raw.index("<svg") :].strip()
    body = re.sub(r"<metadata>.*?</metadata>\s*", "", body, flags=re.DOTALL)
    body = re.sub(r"<style [^>]*>.*?</style>\s*", "", body, flags=re.DOTALL)
    body = re.sub(r"<defs>\s*</defs>\s*", "", body)
    used = {match.group() for tag in TAG.findall(body) for match in REFERENCE.finditer(tag)}
    prefix = _plain_id(figure.id)
    body = TAG.sub(lambda match: _tag(match.group(), prefix, used), body)
    head, rest = body.split(">", 1)
    told = f'<title id="{prefix}-title">{escape(whole(figure.title))}</title>'
    told += f'<desc id="{prefix}-desc">{escape(whole(figure.alt))}</desc>'
    root = f'{head} role="img" aria-labelledby="{prefix}-title {prefix}-desc" stroke-linejoin="round">'
    return re.sub(r"\n\s+", "\n", root + told + rest)


def _tag(tag: str, prefix: str, used: set[str]) -> str:
    declared = DECLARED.search(tag)
    if declared is not None:
        tag = DECLARED.sub(f"{prefix}-{declared.group()}", tag) if declared.group() in used else UNUSED_ID.sub("", tag)
    tag = REFERENCE.sub(lambda match: f"{prefix}-{match.group()}", tag)
    tag = tag.replace("'DejaVu Sans'", FAMILIES)
    return PLACES.sub(lambda match: LONG_NUMBER.sub(_rounded, match.group()), tag)


def _rounded(number: re.Match[str]) -> str:
    """Hundredths of a point: finer than any printer."""
    return f"{float(number.group()):.2f}".rstrip("0").rstrip(".")


def _plain_id(words: str) -> str:
    """An id of letters, digits, - and _ that names no other figure."""
    return re.sub(r"[^A-Za-z0-9_-]", lambda match: f"_{ord(match.group()):x}_", words)
