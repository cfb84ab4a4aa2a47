"""Tables as strings: spanners, headings, notes and what a terminal drops."""

from __future__ import annotations

import io
from dataclasses import replace

from rich.console import Console

from vlmrate.report.document import document
from vlmrate.report.layout import interval_note, layout
from vlmrate.report.markdown import markdown
from vlmrate.report.terminal import print_table


def test_spanners_stand_over_the_columns_that_are_shown(spanned):
    """Positions are those among the columns left after sections have become headings and empty ones are gone."""
    (over,) = layout(spanned).spanners
    assert (over.title, over.first, over.last) == ("Rater", 2, 3)
    emptied = replace(spanned, rows=tuple((*row[:3], None, *row[4:]) for row in spanned.rows))
    (over,) = layout(emptied).spanners
    assert (over.first, over.last) == (2, 2)


def test_a_spanner_over_columns_apart_is_set_twice(spanned):
    """Where another column stands between, each run has the heading."""
    apart = replace(spanned, spanners=(replace(spanned.spanners[0], columns=("mean", "r")),))
    assert [(over.first, over.last) for over in layout(apart).spanners] == [(2, 2), (4, 4)]


def test_the_note_on_brackets_has_the_level_of_what_is_shown(spanned):
    """A table that stands by itself says what its brackets hold, and nothing where there are none."""
    assert interval_note(layout(spanned)) == "Values in brackets are 95 % confidence intervals."
    plain = replace(spanned, columns=tuple(replace(column, interval=False) for column in spanned.columns))
    assert interval_note(layout(plain)) is None


def test_markdown_of_a_table(spanned, snapshot):
    """Spanners before the titles, right-aligned numbers, notes, and < .001 as it is."""
    assert markdown(spanned, 3, "Table 1") == snapshot


def test_a_terminal_says_which_columns_it_dropped(spanned, snapshot):
    """Titles are broken into lines, and one line names what is in report.md alone."""
    console = Console(width=60, force_terminal=True, color_system=None, file=io.StringIO(), highlight=False)
    print_table(spanned, console, "Table 1")
    told = console.file.getvalue()
    assert told == snapshot
    assert "More columns in report.md: Of errors." in told


def test_the_report_in_markdown(analysis, sections, snapshot):
    """Title, warning, parts with their sentences, numbered tables, and what was not computed."""
    told = document(analysis, sections)
    assert told.split("\n### Table 2.")[0] == snapshot
