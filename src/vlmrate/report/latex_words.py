"""Words from anywhere as LaTeX that shows them and obeys none of them."""

from __future__ import annotations

from vlmrate.report.commands import cut, edged
from vlmrate.report.markdown import plain
from vlmrate.report.symbols import pieces

SPECIAL = {
    "\\": r"\textbackslash{}",
    "{": r"\{",
    "}": r"\}",
    "$": r"\$",
    "&": r"\&",
    "#": r"\#",
    "%": r"\%",
    "_": r"\_",
    "^": r"\textasciicircum{}",
    "~": r"\textasciitilde{}",
    "<": r"$<$",
    ">": r"$>$",
    "|": r"\textbar{}",
    '"': r"\textquotedbl{}",
    "'": "'",
    "`": r"\textasciigrave{}",
    "−": r"$-$",
    "–": r"\textendash{}",
    "—": r"\textemdash{}",
    "‘": r"\textquoteleft{}",
    "’": r"\textquoteright{}",
    "“": r"\textquotedblleft{}",
    "”": r"\textquotedblright{}",
    "…": r"\ldots{}",
    "→": r"$\rightarrow$",
    "×": r"$\times$",
    "±": r"$\pm$",
    "·": r"$\cdot$",
    "≤": r"$\leq$",
    "≥": r"$\geq$",
    "²": r"\textsuperscript{2}",
    "³": r"\textsuperscript{3}",
    "α": r"$\alpha$",
    "κ": r"$\kappa$",
    "ρ": r"$\rho$",
    "Δ": r"$\Delta$",
    "§": r"\S{}",
}
BREAKABLE_FROM = 24
"""Words as long as this (digests, paths) may be broken anywhere."""
LAST_OF_LATIN = 0x17F
UNKNOWN_LATIN = "ĦħĸŦŧŁłŊŋſĿŀŉŒœıĳĲ"


def escaped(words: str) -> str:
    r"""Words that LaTeX shall show as they are, on one line.

    >>> escaped("50 % of a_b \\input{x}")
    '50 \\% of a\\_b \\textbackslash{}input\\{x\\}'
    """
    return " ".join(_word(word) for word in plain(words).split())


def marked_up(words: str, *, symbols: bool = True) -> str:
    r"""Words with statistical symbols in italics and marks of notes raised.

    >>> marked_up("p Holm"), marked_up("–¹", symbols=False)
    ('\\textit{p} Holm', '\\textendash{}\\textsuperscript{1}')
    """
    told = []
    for piece in pieces(words):
        text = edged(piece.words, escaped)
        if piece.raised or (piece.lowered and symbols):
            text = rf"\text{'superscript' if piece.raised else 'subscript'}{{{text}}}"
        if piece.italic and symbols:
            text = rf"\textit{{{text}}}"
        told.append(r"\_" + text if piece.lowered and not symbols else text)
    return "".join(told)


def sentence(words: str) -> str:
    """A sentence of the report with its symbols, and its commands in the type of a program."""
    return "".join(rf"\texttt{{{escaped(piece)}}}" if command else marked_up(piece) for piece, command in cut(words))


def _word(word: str) -> str:
    signs = [_sign(character) for character in word]
    if len(word) >= BREAKABLE_FROM:
        return r"\allowbreak{}".join(signs)
    return "".join(signs).replace("--", "-{}-").replace("--", "-{}-").replace("''", "'{}'").replace(",,", ",{},")


def _sign(character: str) -> str:
    if character in SPECIAL:
        return SPECIAL[character]
    if character.isascii() or _is_known(character):
        return character
    return rf"\vlmrateother{{{character}}}{{U+{ord(character):04X}}}"


def _is_known(character: str) -> bool:
    """Whether pdflatex knows a letter by itself: Latin ones with accents."""
    return 0xC0 <= ord(character) <= LAST_OF_LATIN and character not in UNKNOWN_LATIN
