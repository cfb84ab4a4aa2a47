r"""Tables as LaTeX: booktabs rules, spanners over \cmidrule, notes below; every word is escaped.

A file a table, that any document can \input which loads PACKAGES, and one document with all of them. Tables of
sentences take the whole line, and like those of many rows run over pages; wide ones are set smaller, then sideways.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from vlmrate.report.document import title
from vlmrate.report.latex_words import escaped, marked_up, sentence
from vlmrate.report.layout import interval_note, is_right_aligned, layout
from vlmrate.report.measure import panels
from vlmrate.report.opening import warnings
from vlmrate.report.page import filling, fits_a_page, is_told
from vlmrate.report.table import Part

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from vlmrate.analysis import Analysis
    from vlmrate.report.layout import Layout, Line, Over
    from vlmrate.report.measure import Panel
    from vlmrate.report.outline import NumberedTable, Section

PACKAGES = ("array", "booktabs", "graphicx", "longtable", "pdflscape")
OTHER = (
    "% A sign that pdflatex does not know is written as its code point; lualatex and xelatex set it.\n"
    r"\providecommand{\vlmrateother}[2]{\ifdefined\Umathchar#1\else[#2]\fi}"
)
GAP_POINTS = 4
BROKEN = r"@{}>{\raggedright\arraybackslash}p{\linewidth}@{}"
"""Heading of rows in a table as wide as the line."""
SPACING = rf"\setlength{{\tabcolsep}}{{{GAP_POINTS}pt}}"
SHRUNK = r"\resizebox{\ifdim\width>\linewidth\linewidth\else\width\fi}{!}{%"
"""Letters are counted, not measured: a table of wide ones is made smaller."""
ROOM = 0.85
"""What a table that breaks over pages, and so cannot be made smaller, may take of a line."""
LONG_COLUMN = "7cm"
HEADING = r"\ifdefined\vlmrateheading\vlmrateheading\fi"
"""What a document wants above the table: on the same page, which a table that lies sideways has for itself."""
PREAMBLE = rf"""\documentclass[11pt]{{article}}
\usepackage[T1]{{fontenc}}
\usepackage[utf8]{{inputenc}}
\usepackage{{lmodern}}
\usepackage{{textcomp}}
\usepackage[margin=2.54cm]{{geometry}}
\usepackage{{{",".join(PACKAGES)}}}
\usepackage{{caption}}
\captionsetup{{labelfont=bf,labelsep=newline,textfont=it,justification=raggedright,singlelinecheck=false}}
\setlength{{\parindent}}{{0pt}}
\setlength{{\emergencystretch}}{{3em}}
% Tables stand where they are told of, and do not float: a heading stays with its table.
\renewenvironment{{table}}[1][]{{%
  \par\addvspace{{14pt}}\begin{{minipage}}{{\linewidth}}\captionsetup{{type=table}}}}{{%
  \end{{minipage}}\par\addvspace{{14pt}}}}
% A heading that would stand at the foot of a page goes to the next one.
\newcommand{{\vlmratepart}}[1]{{\gdef\vlmrateheading{{\par
  \ifdim\pagetotal>0pt\ifdim\dimexpr\pagegoal-\pagetotal\relax<12\baselineskip\newpage\fi\fi
  \subsection*{{#1}}\gdef\vlmrateheading{{}}}}}}
\begin{{document}}"""


def latex_document(analysis: Analysis, sections: Sequence[Section]) -> str:
    """A document with all tables of a report, each from its file beside it."""
    blocks = [
        f"% Compile with: pdflatex tables.tex (twice)\n{PREAMBLE}",
        OTHER,
        rf"\section*{{{escaped(title(analysis))}}}",
    ]
    blocks.extend(rf"\textbf{{{escaped(warning)}}}" for warning in warnings(analysis))
    for section in sections:
        if section.part is Part.SUMMARY and section.lead:
            blocks.append("\n".join([r"\begin{itemize}", *_items(section.lead), r"\end{itemize}"]))
        if section.tables:
            blocks.append(rf"\vlmratepart{{{escaped(section.title)}}}")
            blocks.extend(rf"\input{{{entry.table.id}}}" for entry in section.tables)
    return "\n\n".join([*blocks, r"\end{document}"]) + "\n"


def _items(sentences: Sequence[str]) -> Iterator[str]:
    # An item that begins with a bracket would be taken for the mark before it.
    return (rf"\item {{}}{sentence(words)}" for words in sentences)


def latex_table(entry: NumberedTable) -> str:
    """One table, to be \\input; its number is LaTeX's own, the report's stands in a comment."""
    shown = layout(entry.table)
    cut = panels(shown)
    if is_told(cut) or not fits_a_page(cut):
        cut = panels(shown, ROOM)
        body = [line for number, panel in enumerate(cut) for line in _long(entry, panel, number)]
        body.extend(_notes(shown))
    else:
        body = _float(entry, cut)
    body = [r"\begin{landscape}", HEADING, *body, r"\end{landscape}"] if cut[0].setting.sideways else [HEADING, *body]
    head = [f"% {entry.label} of the report. Needs \\usepackage{{{','.join(PACKAGES)}}}", OTHER]
    return "\n".join([*head, *body]) + "\n"


def _float(entry: NumberedTable, cut: Sequence[Panel]) -> list[str]:
    return [
        r"\begin{table}[!htbp]",
        *_sizes(cut[0]),
        rf"{_caption(entry)}",
        *(line for panel in cut for line in _tabular(panel)),
        r"\begin{minipage}{\linewidth}",
        *_notes(cut[0].shown),
        r"\end{minipage}",
        r"\end{table}",
    ]


def _tabular(panel: Panel) -> list[str]:
    return [
        SHRUNK,
        rf"\begin{{tabular}}{{{_columns(panel)}}}",
        r"\toprule",
        *_header(panel),
        r"\midrule",
        *_rows(panel.shown),
        r"\bottomrule",
        r"\end{tabular}}\par\vspace{4pt}",
    ]


def _long(entry: NumberedTable, panel: Panel, number: int) -> list[str]:
    """A panel that breaks over pages; all panels but the first bear the number of the first."""
    head = [r"\toprule", *_header(panel), r"\midrule"]
    again = rf"\caption[]{{{escaped(entry.table.title)} (continued)}}"
    return [
        *([r"\addtocounter{table}{-1}"] if number else []),
        r"\begingroup",
        *_sizes(panel),
        r"\setlength{\LTleft}{0pt}",
        r"\setlength{\LTcapwidth}{\linewidth}",
        rf"\begin{{longtable}}{{{_filling(panel) if panel.long else _columns(panel)}}}",
        rf"{again if number else _caption(entry)}\\",
        *head,
        r"\endfirsthead",
        *head,
        r"\endhead",
        r"\bottomrule",
        r"\endfoot",
        *_rows(panel.shown, BROKEN if panel.long else "@{}l"),
        r"\end{longtable}",
        r"\par\endgroup",
    ]


def _caption(entry: NumberedTable) -> str:
    return rf"\caption{{{escaped(entry.table.title)}}}\label{{tab:{entry.table.id}}}"


def _sizes(panel: Panel) -> list[str]:
    return [rf"\fontsize{{{panel.setting.points:g}}}{{{panel.setting.points * 1.2:g}}}\selectfont", SPACING]


def _columns(panel: Panel) -> str:
    return f"@{{}}{''.join(_kind(panel, i) for i in range(len(panel.shown.columns)))}@{{}}"


def _filling(panel: Panel) -> str:
    """Columns as wide as the line together: those of sentences share what the others leave."""
    parts = filling(panel)
    gaps = 2 * GAP_POINTS * (len(parts) - 1)
    sides = ("left" if is_right_aligned(column) else "right" for column in panel.shown.columns)
    kinds = (
        rf">{{\ragged{side}\arraybackslash}}p{{\dimexpr{part:.4f}\linewidth-{part * gaps:.2f}pt\relax}}"
        for side, part in zip(sides, parts, strict=True)
    )
    return f"@{{}}{''.join(kinds)}@{{}}"


def _kind(panel: Panel, i: int) -> str:
    if i in panel.long:
        return rf">{{\raggedright\arraybackslash}}p{{{LONG_COLUMN}}}"
    return "r" if is_right_aligned(panel.shown.columns[i]) else "l"


def _header(panel: Panel) -> Iterator[str]:
    shown = panel.shown
    if shown.spanners:
        yield _spanner_row(shown)
        yield "".join(rf"\cmidrule(lr){{{over.first + 1}-{over.last + 1}}}" for over in shown.spanners)
    titles = (_title(panel, i) for i in range(len(shown.columns)))
    yield " & ".join(titles) + r" \\"


def _title(panel: Panel, i: int) -> str:
    lines = [marked_up(line) for line in panel.titles[i]]
    if i in panel.long:
        return " ".join(lines)  # the column breaks its lines itself
    return _stack(lines, "r" if is_right_aligned(panel.shown.columns[i]) else "l", "b")


def _spanner_row(shown: Layout) -> str:
    cells: list[str] = []
    i = 0
    starts = {over.first: over for over in shown.spanners}
    while i < len(shown.columns):
        over = starts.get(i)
        cells.append("" if over is None else _over(over))
        i = i + 1 if over is None else over.last + 1
    return " & ".join(cells) + r" \\"


def _over(over: Over) -> str:
    return rf"\multicolumn{{{over.last - over.first + 1}}}{{c}}{{{marked_up(over.title)}}}"


def _stack(lines: Sequence[str], side: str, place: str) -> str:
    if len(lines) == 1:
        return lines[0]
    stacked = r"\\".join(f"{{{line}}}" for line in lines)
    return rf"\begin{{tabular}}[{place}]{{@{{}}{side}@{{}}}}{stacked}\end{{tabular}}"


def _rows(shown: Layout, heading: str = "@{}l") -> Iterator[str]:
    for number, line in enumerate(shown.lines):
        if line.heading:
            if number:
                yield r"\addlinespace"
            yield rf"\multicolumn{{{len(shown.columns)}}}{{{heading}}}{{{_cell(line.cells[0], plain=True)}}} \\*"
        else:
            yield _row(line)


def _row(line: Line) -> str:
    # A cell that begins with a bracket would be taken for the distance after the line break above it.
    return " & ".join(_cell(cell) for cell in line.cells) + r" \\"


def _cell(words: str, *, plain: bool = False) -> str:
    if "\n" in words:
        return _stack([marked_up(line, symbols=False) for line in words.split("\n")], "r", "t")
    told = escaped(words) if plain else marked_up(words, symbols=False)
    return f"{{{told}}}" if told.startswith(("[", "*")) else told


def _notes(shown: Layout) -> list[str]:
    told = [note for note in (*shown.notes, interval_note(shown)) if note]
    if not told:
        return []
    joined = " ".join(marked_up(note) for note in told)
    return [rf"{{\footnotesize\raggedright\noindent\textit{{Note.}} {joined}\par}}"]
