"""How tables are fitted to a page."""

from __future__ import annotations

from dataclasses import replace

from vlmrate.report.layout import layout
from vlmrate.report.measure import GAP, SETTINGS, panels


def test_a_narrow_table_is_set_as_it_is(spanned):
    """The largest type, upright, intervals beside their estimates."""
    (panel,) = panels(layout(spanned))
    assert panel.setting == SETTINGS[0]
    assert "−.500 [−.600, −.400]" in panel.shown.lines[1].cells


def test_intervals_go_below_before_a_page_is_turned(wide):
    """Eight intervals do not fit beside their estimates on an upright page, but below them they do."""
    shorter = replace(wide, columns=wide.columns[:7], rows=tuple(row[:7] for row in wide.rows))
    (panel,) = panels(layout(shorter))
    assert panel.setting.stacked
    assert panel.shown.lines[0].cells[1] == "−1,234.50\n[−1,234.60, −1,234.40]"


def test_panels_fit_and_repeat_the_names(wide):
    """Every panel is narrow enough, begins with the rows' names, and together they hold every column once."""
    cut = panels(layout(wide))
    assert len(cut) > 1
    for panel in cut:
        assert sum(panel.widths) + GAP * (len(panel.widths) - 1) <= panel.setting.letters
        assert panel.shown.columns[0].name == "rater"
    assert [c.name for panel in cut for c in panel.shown.columns[1:]] == [f"v{i}" for i in range(30)]


def test_spanners_move_with_their_columns(spanned, wide):
    """A spanner stands over its own columns in whatever panel they come."""
    names = ("v28", "v29")
    both = replace(wide, spanners=(replace(spanned.spanners[0], columns=names),))
    last = panels(layout(both))[-1].shown
    (over,) = last.spanners
    assert tuple(last.columns[i].name for i in range(over.first, over.last + 1)) == names
