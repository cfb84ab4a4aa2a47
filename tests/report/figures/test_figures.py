"""Which figures an analysis has, and what is said of them in words."""

from __future__ import annotations

from dataclasses import replace

from vlmrate.analysis import AnalysisOptions, analyze
from vlmrate.report.figures import figures, render
from vlmrate.report.figures.style import DOUBLE, SINGLE, SMALL, TALLEST, styled
from vlmrate.stats import Bootstrap
from vlmrate.study.records import Factors, Item, Likert

QUICK = AnalysisOptions(bootstrap=Bootstrap(resamples=100))


def test_a_whole_study_has_every_figure(analysis):
    """Each kind is there, with an id of its own that is a plain file name."""
    ids = [figure.id for figure in figures(analysis)]
    assert len(set(ids)) == len(ids)
    assert set(ids) == {
        *("fig-confusion-emotion", "fig-ranking-emotion", "fig-ceiling", "fig-scatter-valence", "fig-scatter-arousal"),
        *("fig-bland-altman-valence", "fig-bland-altman-arousal", "fig-strength-valence-arousal", "fig-calibration"),
        *("fig-bias", "fig-affect-space-valence-arousal", "fig-bias-groups", "fig-distributions-valence"),
        *("fig-distributions-arousal", "fig-spoken-weighted"),
    }


def test_what_the_data_do_not_hold_is_not_drawn(plain):
    """Without people, emotions and groups the rater's own distribution is left."""
    assert [figure.id for figure in figures(plain)] == ["fig-distributions-attractiveness"]
    render.svg(figures(plain)[0])


def test_a_rater_without_a_single_valid_answer_has_no_distribution(small):
    """Nothing it said could be read: what the others allow is drawn, and nothing fails."""
    study = small.study(6, items=(Item("attractiveness", Likert(1, 7)),), factors=Factors())
    rows = [row | {"value": None, "route": "invalid"} for row in small.rater(study)]
    assert figures(analyze(study, small.results(rows), QUICK)) == ()


def test_a_study_without_emotions_has_what_makes_sense(small):
    """Faces rated for attractiveness alone: agreement, limits, groups, distributions; no confusion, no affect space."""
    study = small.study(
        8, items=(Item("attractiveness", Likert(1, 9)),), factors=Factors(None, "identity", ("gender",))
    )
    study = replace(study, ratings=small.people(study, 6, items=("attractiveness",)))
    found = figures(analyze(study, small.results(small.rater(study)), QUICK))
    assert [figure.id for figure in found] == [
        *("fig-ceiling", "fig-scatter-attractiveness", "fig-bland-altman-attractiveness", "fig-calibration"),
        *("fig-bias", "fig-bias-groups", "fig-distributions-attractiveness"),
    ]
    for figure in found:
        render.svg(figure)


def test_means_of_people_alone_are_enough(small):
    """Where single ratings are not at hand the image means are drawn, and nothing fails."""
    study = small.study(8)
    study = replace(study, ratings=small.aggregated(small.people(study, 6)))
    for figure in figures(analyze(study, small.results(small.rater(study)), QUICK)):
        render.svg(figure)
        assert "single ratings" not in figure.alt


def test_every_figure_is_told_in_words(analysis):
    """Title, caption and alternative text are sentences with numbers."""
    for figure in figures(analysis):
        assert figure.title
        assert not figure.title.endswith(".")
        for words in (figure.caption, figure.alt):
            assert words.endswith("."), figure.id
            assert any(sign.isdigit() for sign in words), figure.id
            assert "nan" not in words.lower().split()
            assert "  " not in words


def test_figures_fit_a_journals_columns(analysis):
    """No drawing is wider than two columns or higher than a page, and no writing smaller than 6 points."""
    for figure in figures(analysis):
        drawing = render.drawing(figure)
        width, height = drawing.get_size_inches()
        assert SINGLE * 0.6 <= width <= DOUBLE + 1e-6, figure.id
        assert height <= TALLEST, figure.id
        assert min(text.get_fontsize() for text in drawing.findobj(_is_text)) >= SMALL


def test_nothing_is_cut_off(analysis):
    """All writing lies inside the drawing, so that nothing is lost at its edges."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    for figure in figures(analysis):
        drawing = render.drawing(figure)
        with styled():
            FigureCanvasAgg(drawing).draw()
            hidden = set(_out_of_sight(drawing))
            for text in drawing.findobj(_is_text):
                if text.get_text() and text.get_visible() and text not in hidden:
                    box = text.get_window_extent()
                    assert box.x0 >= -1, (figure.id, text.get_text())
                    assert box.y0 >= -1, (figure.id, text.get_text())
                    assert box.x1 <= drawing.bbox.x1 + 1, (figure.id, text.get_text())
                    assert box.y1 <= drawing.bbox.y1 + 1, (figure.id, text.get_text())


def test_items_whose_plain_names_are_equal_have_figures_of_their_own(small):
    """`calm?` and `calm!` are both plain `calm-`: a second figure does not overwrite the first."""
    items = (Item("calm?", Likert(1, 9)), Item("calm!", Likert(1, 9)))
    study = small.study(6, items=items, factors=Factors())
    ids = [figure.id for figure in figures(analyze(study, small.results(small.rater(study)), QUICK))]
    assert ids == ["fig-distributions-calm-", "fig-distributions-calm--2"]


def _out_of_sight(drawing):
    """Labels of ticks that lie beyond their axis's ends: they are not drawn."""
    for axes in drawing.axes:
        for axis in (axes.xaxis, axes.yaxis):
            low, high = sorted(axis.get_view_interval())
            for tick in axis.get_major_ticks():
                if not low <= tick.get_loc() <= high:
                    yield from (tick.label1, tick.label2)


def _is_text(artist: object) -> bool:
    from matplotlib.text import Text

    return isinstance(artist, Text)
