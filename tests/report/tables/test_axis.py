"""The tables of axes: every number in its column, what was skipped with its reason, captures told apart."""

from __future__ import annotations

from dataclasses import replace

from vlmrate.probe.axes import Alike, ArrayAxes, Axes, Read
from vlmrate.probe.axis import Axis, AxisLayer, Beside, ItemOutcome
from vlmrate.probe.ceilings import Ceiling
from vlmrate.probe.likeness import CellsOutcome, Likeness, LikenessLayer
from vlmrate.probe.spoken import Rater
from vlmrate.report.figures.axis import axis_figures
from vlmrate.report.figures.render import drawing
from vlmrate.report.markdown import markdown
from vlmrate.report.tables.axis import axis_tables
from vlmrate.stats import CorrelationDifference, Estimate, Skipped

READ = Read("one", "tiny", "context-carry", "answer/valence")
NO_WORDS = Skipped("the rater told no probabilities")


def told(value: float) -> Estimate:
    """An estimate with an interval of .2."""
    return Estimate(value, value - 0.1, value + 0.1, 0.95, 144, "as told")


def axis() -> Axis:
    """Two layers, the second better than chance; a digit, and no expected rating."""
    pair = CorrelationDifference(140, told(0.7), told(0.4), told(0.3))
    return Axis(
        images=144,
        identities=24,
        r=told(0.8),
        r_within=told(0.7),
        p=0.004,
        p_holm=0.008,
        layers=(1, 0, 1),
        ceiling=Ceiling(told(0.88), told(0.85)),
        share=told(0.82),
        share_within=told(0.75),
        digit=Beside(replace(pair, difference=told(0.2)), pair),
        expected=NO_WORDS,
        by_layer=(AxisLayer(0, 0.3, 0.1, 0.4), AxisLayer(1, 0.8, 0.7, 0.004)),
    )


def likeness() -> Likeness:
    """Six emotions."""
    return Likeness(6, 144, 2, None, told(0.6), 0.01, 0.03, (LikenessLayer(2, None, 0.6, 0.01),))


def array(read: Read = READ) -> ArrayAxes:
    """One item found, one skipped; one way of cells of two."""
    return ArrayAxes(
        read,
        Rater("tiny", "context-carry"),
        (ItemOutcome("valence", axis()), ItemOutcome("arousal", Skipped("people's means do not differ"))),
        (CellsOutcome("emotion", likeness()), CellsOutcome("skin x emotion", Skipped("too few cells"))),
    )


def test_numbers_stand_in_their_columns_and_reasons_below() -> None:
    """Three tables of one capture."""
    axes, beside, people = (markdown(table, 2, "Table") for table in axis_tables([Axes((array(),), ())]))
    within = ".700 [.600, .800] | .750 [.650, .850] | .004 | .008 |"
    assert f"| answer/valence | 144 | 0, 1 | .800 [.700, .900] | .820 [.720, .920] | {within}" in axes
    assert "people's means do not differ" in axes
    digit = "| .700 [.600, .800] | .400 [.300, .500] | .300 [.200, .400] | .200 [.100, .300] |"
    assert "**valence, said by tiny (context-carry)**" in beside
    assert f"| answer/valence | digit | 140 {digit}" in beside
    assert NO_WORDS.reason in beside
    assert "| answer/valence | 6 | 2 | .600 [.500, .700] | .010 | .030 |" in people
    assert "too few cells" in people


def test_without_any_answers_that_is_said_once() -> None:
    """One row an array and item."""
    silent = replace(axis(), digit=NO_WORDS, expected=NO_WORDS)
    only = replace(array(), rater=NO_WORDS, items=(ItemOutcome("valence", silent),))
    _, beside, _ = axis_tables([Axes((only,), ())])
    assert [row[:3] for row in beside.rows] == [("valence", "answer/valence", "anything")]


def test_captures_are_told_apart_by_what_differs() -> None:
    """By their models, else their protocols, else their files; pairs stand in a table of their own."""
    others = {
        "base, answer/valence": replace(READ, model="base"),
        "context-carry-ko, answer/valence": replace(READ, protocol="context-carry-ko"),
        "two, answer/valence": replace(READ, capture="two"),
    }
    for name, read in others.items():
        pair = Alike(READ, read, (CellsOutcome("emotion", replace(likeness(), other=3)),))
        tables = list(axis_tables([Axes((array(), array(read)), (pair,))]))
        assert tables[0].rows[1][1] == name
        assert tables[3].rows[0][2:5] == (name, 6, "2, 3")


def test_the_figure_shows_layers_readings_and_ceiling() -> None:
    """Signs filled where p holds; a line across for the digit and the ceiling; words tell the chosen layers' r."""
    (figure,) = axis_figures([Axes((array(),), ())])
    (panel,) = drawing(figure).axes
    assert panel.get_title() == "Valence"
    signs = [line for line in panel.lines if line.get_marker() not in ("None", None, "")]
    assert [(line.get_xdata()[0], line.get_ydata()[0]) for line in signs] == [(0, 0.1), (1, 0.7)]
    assert [line.get_markerfacecolor() == "white" for line in signs] == [True, False]
    lines = [line.get_ydata()[0] for line in panel.lines if line.get_linestyle() in (":", "--", "-.")]
    assert lines == [0.4, 0.85]
    assert "answer/valence .700 [.600, .800]" in figure.caption
    skipped = replace(array(), items=array().items[1:])
    assert not list(axis_figures([Axes((skipped,), ())]))
    assert not list(axis_figures(()))


def test_the_figure_of_a_study_without_emotions_tells_r_over_all() -> None:
    """And says so; a layer whose r within emotion is not defined is drawn at 0, not at its r over all."""
    none = Skipped("the study names no emotion factor")
    layers = tuple(replace(layer, r=0.6, r_within=None) for layer in axis().by_layer)
    (figure,) = axis_figures([Axes((_with(replace(axis(), r_within=none, by_layer=layers)),), ())])
    drawn = drawing(figure)
    assert [text.get_text() for text in drawn.texts if text.get_text().startswith("r")] == ["r"]
    assert figure.caption.startswith("r of people's mean")
    assert "answer/valence .800 [.700, .900]" in figure.caption
    (figure,) = axis_figures([Axes((_with(replace(axis(), by_layer=(layers[0], axis().by_layer[1]))),), ())])
    signs = [line for line in drawing(figure).axes[0].lines if line.get_marker() not in ("None", None, "")]
    assert [line.get_ydata()[0] for line in signs] == [0.0, 0.7]


def _with(found: Axis) -> ArrayAxes:
    return replace(array(), items=(replace(array().items[0], found=found),))
