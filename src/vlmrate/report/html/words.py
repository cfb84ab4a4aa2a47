"""Words as markup: everything is escaped, statistical symbols are in italics, and "Table 3" leads to Table 3."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from markupsafe import Markup, escape

from vlmrate.report.commands import cut
from vlmrate.report.markdown import plain
from vlmrate.report.symbols import pieces

if TYPE_CHECKING:
    from collections.abc import Mapping

    from vlmrate.report.symbols import Piece

_PER_CENT = re.compile(r"(?<=\d) %")
_BRACKET = re.compile(r" (?=[\[(])")
_REFERENCE = re.compile(r"\b(?:Table|Figure) \d+\b")


def without_controls(value: object) -> object:
    """Words without control and direction characters, which could turn a line around; anything else as it is."""
    return plain(value) if isinstance(value, str) and not isinstance(value, Markup) else value


def symbols(words: str) -> Markup:
    """Words with statistical symbols in italics and marks of notes raised.

    >>> symbols("<r>, d_z; –¹")
    Markup('&lt;<i>r</i>&gt;, <i>d</i><i><sub>z</sub></i>; –<sup>1</sup>')
    """
    return Markup("").join(_piece(piece) for piece in pieces(_clean(words)))


def linked(words: str, anchors: Mapping[str, str]) -> Markup:
    """Words in which the name of a table or figure leads to it; `anchors` are the ids of both by their names.

    >>> linked("<Table 3>", {"Table 3": "table-bias"})
    Markup('&lt;<a href="#table-bias">Table 3</a>&gt;')
    """
    return _with_links(escape(_clean(words)), anchors)


def typeset(words: str, anchors: Mapping[str, str]) -> Markup:
    """Words of ours with both: titles, notes and captions. Names in cells have no symbols."""
    return _with_links(symbols(words), anchors)


def sentence(words: str, anchors: Mapping[str, str]) -> Markup:
    """A sentence of the report: with links and symbols, and its commands as code.

    >>> sentence("`vlmrate infer` makes r; `x`", {})
    Markup('<code>vlmrate infer</code> makes <i>r</i>; `x`')
    """
    pieces = cut(_clean(words))
    return Markup("").join(
        Markup("<code>{}</code>").format(piece) if command else typeset(piece, anchors) for piece, command in pieces
    )


def numbered(words: str) -> Markup:
    """A number, and what is in brackets beside it, each unbroken: in a table too wide they stand in two lines.

    >>> numbered(".500 [.400, .600]")
    Markup('<span>.500</span> <span>[.400, .600]</span>')
    """
    parts = _BRACKET.split(_clean(words))
    return Markup(" ").join(Markup("<span>{}</span>").format(part) for part in parts)


def _clean(words: str) -> str:
    """Without control characters, and with each per cent sign kept on the line of its number."""
    return _PER_CENT.sub("\u00a0%", plain(words))


def _piece(piece: Piece) -> Markup:
    shown = escape(piece.words)
    if piece.lowered:
        shown = Markup("<sub>{}</sub>").format(shown)
    if piece.raised:
        shown = Markup("<sup>{}</sup>").format(shown)
    return Markup("<i>{}</i>").format(shown) if piece.italic else shown


def _with_links(shown: Markup, anchors: Mapping[str, str]) -> Markup:
    def link(reference: re.Match[str]) -> str:
        name = reference.group()
        return Markup('<a href="#{}">{}</a>').format(anchors[name], name) if name in anchors else name

    return Markup(_REFERENCE.sub(link, shown))  # noqa: S704 - only links are added to what is escaped
