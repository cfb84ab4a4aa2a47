"""What is drawn is what was computed: points, lines and words read back from the drawings."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from vlmrate.apa import decimal
from vlmrate.report.figures import answers, figures, render
from vlmrate.report.figures.bubbles import merged
from vlmrate.report.figures.distributions import histogram
from vlmrate.stats import Skipped
from vlmrate.study.records import Likert


def drawn(figure, panel: int = 0):
    """One panel of a figure."""
    return render.drawing(figure).axes[panel]


def marks(axes, label: str) -> list[tuple[float, float]]:
    """Markers of one label, from left to right."""
    (line,) = (line for line in axes.lines if line.get_label() == label)
    return sorted(zip(line.get_xdata(), line.get_ydata(), strict=True))


def spans(axes) -> set[tuple[float, float]]:
    """Both ends of every horizontal line drawn as an interval."""
    from matplotlib.collections import LineCollection

    lines = [line for item in axes.collections if isinstance(item, LineCollection) for line in item.get_segments()]
    return {(round(line[0][0], 9), round(line[-1][0], 9)) for line in lines}


def ends(estimate) -> tuple[float, float]:
    """An interval as `spans` has it."""
    return round(estimate.ci_low, 9), round(estimate.ci_high, 9)


def words(axes) -> list[str]:
    """All that is written in a panel."""
    return [text.get_text() for text in axes.texts]


def test_a_confusion_matrix_has_every_count_with_its_share(analysis, figure_of):
    """Each cell with images tells their number and their share of the row; the last column holds the invalid answer."""
    (item,) = analysis.classification
    figure = figure_of("fig-confusion-emotion")
    for i, rater in enumerate(item.raters):
        axes = drawn(figure, i)
        told = {(text.get_position()[1], text.get_position()[0]): text.get_text() for text in axes.texts}
        counts = {
            (r, c): f"{n}\n{100 * n / sum(row):.0f}%"
            for r, row in enumerate(rater.confusion.counts)
            for c, n in enumerate(row)
            if n
        }
        assert told == counts
        assert [label.get_text() for label in axes.get_xticklabels()] == list(rater.confusion.answers)
    assert "llama3.2-vision's most frequent error is happy without a valid answer, 1/8 (12.5 %)." in figure.caption
    assert "accuracy .958; right happy 7 of 8, sad 7 of 8" in figure.alt


def test_points_of_the_scatter_are_the_images(analysis, figure_of):
    """In a small study every image is a point at people's mean and the rater's rating, in the panel of its emotion."""
    figure = figure_of("fig-scatter-valence")
    (item,) = (item for item in analysis.dimensions if item.item == "valence")
    best = item.raters[0].rater
    for j, pairs in enumerate(answers.pairs_by_emotion(analysis, best, "valence")):
        axes = drawn(figure, j)
        diagonal, *dots = axes.lines
        assert list(diagonal.get_xdata()) == list(diagonal.get_ydata()) == [1, 9]
        found = {(x, y) for line in dots for x, y in zip(line.get_xdata(), line.get_ydata(), strict=True)}
        images = set(zip(pairs.people, pairs.rater, strict=True))
        assert np.array(sorted(found)) == pytest.approx(np.array(sorted(images)))
        assert axes.get_title().lower() == pairs.emotion


def test_merged_points_keep_images_and_means():
    """Points drawn as one stand at their mean and count all their images; far ones stay apart."""
    x, y = np.array([1.0, 1.1, 5.0]), np.array([2.0, 2.0, 2.0])
    bubbles = merged(x, y, 0.5)
    assert bubbles.x == pytest.approx([1.05, 5.0])
    assert list(bubbles.n) == [2, 1]
    assert list(merged(x, y, 0.0).n) == [1, 1, 1]


def test_limits_of_agreement_are_those_of_the_analysis(analysis, figure_of):
    """Bias and limits stand where the analysis has them, with bands from end to end of their intervals."""
    figure = figure_of("fig-bland-altman-valence")
    (item,) = (item for item in analysis.limits if item.item == "valence")
    of_rater = {entry.rater: entry.means for entry in item.raters}
    for axes in render.drawing(figure).axes:
        told = of_rater[axes.get_title()]
        estimates = (told.bias, told.lower, told.upper)
        levels = [line.get_ydata()[0] for line in axes.lines if list(line.get_xdata()) == [0, 1]]
        assert set(levels) == {0, *(estimate.value for estimate in estimates)}
        bands = {(patch.get_y(), patch.get_y() + patch.get_height()) for patch in axes.patches}
        assert np.array(sorted(bands)) == pytest.approx(np.array(sorted((e.ci_low, e.ci_high) for e in estimates)))
        (slope,) = (line for line in axes.lines if line.get_label() == "slope")
        (x0, x1), (y0, y1) = slope.get_xdata(), slope.get_ydata()
        assert (y1 - y0) / (x1 - x0) == pytest.approx(told.slope.value)
        assert decimal(told.bias.value, 2) in words(axes)


def test_bias_markers_and_intervals_are_those_of_the_analysis(analysis, figure_of):
    """Each emotion's bias of each rater is a marker, its interval a line; the planted bias is told in the caption."""
    figure = figure_of("fig-bias")
    for panel, item in enumerate(analysis.bias):
        axes = drawn(figure, panel)
        for rater in item.raters:
            expected = [*(entry.bias.mean_bootstrap for entry in rater.emotions), rater.overall]
            assert sorted(x for x, _ in marks(axes, rater.rater)) == sorted(estimate.value for estimate in expected)
            assert {ends(estimate) for estimate in expected} <= spans(axes)
    fear = analysis.bias[0].raters[0].emotions[3].bias.mean_bootstrap.value
    assert f"valence: the largest bias is gemma3's in fear, {decimal(fear, 2)} [" in figure.caption


def test_group_gaps_are_those_of_the_analysis(analysis, figure_of):
    """The difference in bias between women and men is drawn for each rater."""
    axes = drawn(figure_of("fig-bias-groups"))
    (item, _) = analysis.group_bias
    for gap in item.raters:
        assert marks(axes, gap.rater) == [(gap.gap.bias.value, pytest.approx(marks(axes, gap.rater)[0][1]))]
        assert ends(gap.gap.bias) in spans(axes)


def test_arrows_go_from_people_to_the_rater(analysis, figure_of):
    """Every emotion has its two centroids, the means of the bias table."""
    axes = drawn(figure_of("fig-affect-space-valence-arousal"))
    valence, arousal = (item.raters[0].emotions for item in analysis.bias)
    expected = {
        point
        for v, a in zip(valence, arousal, strict=True)
        for point in ((v.bias.human_mean, a.bias.human_mean), (v.bias.model_mean, a.bias.model_mean))
    }
    points = {(line.get_xdata()[0], line.get_ydata()[0]) for line in axes.lines if line.get_linestyle() == "None"}
    assert points == expected
    arrows = {(*text.xyann, *text.xy) for text in axes.texts if text.arrow_patch is not None}
    assert (
        valence[3].bias.human_mean,
        arousal[3].bias.human_mean,
        valence[3].bias.model_mean,
        arousal[3].bias.model_mean,
    ) in arrows


def test_the_ceiling_and_all_beside_it_stand_where_they_were_computed(analysis, figure_of):
    """Ceiling, one person and category mean are lines; raters' r are markers, best first."""
    axes = drawn(figure_of("fig-ceiling"))
    people, base, item = analysis.reliability[0], analysis.baselines[0], analysis.dimensions[0]
    lines = {line.get_xdata()[0] for line in axes.lines if line.get_linestyle() != "None"}
    assert lines == {people.ceiling.value, people.one_person.r.value, base.category_mean.r.value}
    assert {x for x, _ in marks(axes, "rater")} == {rater.r.value for rater in item.raters}
    assert [label.get_text() for label in axes.get_yticklabels()] == [rater.rater for rater in item.raters]


def test_strength_is_r_on_both_items(analysis, figure_of):
    """A rater's marker stands at its two correlations, with both intervals as a cross."""
    axes = drawn(figure_of("fig-strength-valence-arousal"))
    (items,) = analysis.strength
    found = {(line.get_xdata()[0], line.get_ydata()[0]) for line in axes.lines if line.get_linestyle() == "None"}
    assert found == {(rater.overall.first.value, rater.overall.second.value) for rater in items.raters}
    assert {ends(rater.overall.first) for rater in items.raters} <= spans(axes)


def test_calibration_shows_before_and_after(analysis, figure_of):
    """MAE as rated and after one line are markers of their own."""
    axes = drawn(figure_of("fig-calibration"))
    overall = [rater.overall for rater in analysis.calibration[0].raters]
    assert [x for x, _ in marks(axes, "as rated")] == sorted(told.before.mae.value for told in overall)
    assert [x for x, _ in marks(axes, "one line")] == sorted(told.after.mae.value for told in overall)


def test_ranking_is_by_kappa(analysis, figure_of):
    """The uppermost rater is the one with the highest kappa, its marker at that kappa."""
    axes = drawn(figure_of("fig-ranking-emotion"))
    (item,) = analysis.classification
    assert [label.get_text() for label in axes.get_yticklabels()] == [rater.rater for rater in item.raters]
    by_place = sorted(marks(axes, "score"), key=lambda mark: mark[1])
    assert [x for x, _ in by_place] == [rater.scores.kappa.value for rater in item.raters]


def test_spoken_and_weighted_are_not_mistaken_for_one_another(analysis, figure_of):
    """Weighted ratings equal to the spoken ones have the same r; the rater that told none is not there."""
    axes = drawn(figure_of("fig-spoken-weighted"))
    assert [label.get_text() for label in axes.get_yticklabels()] == ["gemma3"]
    (told,) = (rater for rater in analysis.decoding[0].raters if rater.rater == "gemma3")
    within = told.spoken_and_weighted.within
    assert [x for x, _ in marks(axes, "probability-weighted")] == [within.first.value]
    assert [x for x, _ in marks(axes, "spoken")] == [within.second.value]


def test_histograms_count_to_the_nearest_point():
    """Halves go up, what is missing is left out, and the ends of the scale keep their own."""
    given = np.array([1.0, 1.4, 1.5, 4.9, np.nan, 5.0])
    assert list(histogram(given, Likert(1, 5))) == [2, 1, 0, 0, 2]


def test_bars_are_as_high_as_their_shares(analysis, figure_of):
    """Within a panel the heights of the bars are in proportion to the shares of people's and raters' ratings."""
    axes = drawn(figure_of("fig-distributions-valence"))
    (bars,) = (item for item in axes.collections if type(item).__name__ == "PolyCollection")
    boxes = [path.vertices for path in bars.get_paths()]
    lowest = min(box[:, 1].min() for box in boxes)
    mine = {
        round(box[:, 0].mean() if len(box) == 4 else box[:4, 0].mean()): float(np.ptp(box[:, 1]))
        for box in boxes
        if box[:, 1].min() == lowest
    }
    values = answers.rater_values(analysis, "llama3.2-vision", "valence")
    happy = values[np.array(answers.emotion_of_images(analysis)) == "happy"]
    counts = {point: n for point, n in zip(range(1, 10), histogram(happy, Likert(1, 9)), strict=True) if n}
    assert set(mine) == set(counts)
    heights = np.array([mine[point] / counts[point] for point in counts])
    assert heights == pytest.approx(heights[0])


def test_a_collapse_is_named(small):
    """A rater that answers the typical value of every emotion is said to give one number to each."""
    from vlmrate.analysis import AnalysisOptions, analyze
    from vlmrate.stats import Bootstrap

    study = small.study(6)
    study = replace(study, ratings=small.people(study))
    rows = small.rater(study, noise=0.0)
    found = figures(analyze(study, small.results(rows), AnalysisOptions(bootstrap=Bootstrap(resamples=50))))
    (figure,) = (figure for figure in found if figure.id == "fig-distributions-valence")
    assert "model gives one number to all images of happy, sad, angry, fear, disgust, neutral." in figure.caption
    assert "model 1.0" in figure.caption


def test_more_raters_than_fit_are_told(analysis):
    """Where raters are left out of a figure the caption says how many, and which are drawn."""
    (item, *others) = analysis.dimensions
    many = tuple(replace(item.raters[0], rater=f"r{i}") for i in range(12))
    runs = tuple(replace(analysis.runs[0], name=rater.rater) for rater in many)
    columns = tuple(
        replace(column, rater=rater.rater)
        for column in analysis.images.raters
        if column.rater == item.raters[0].rater
        for rater in many
    )
    crowd = replace(
        analysis,
        runs=(*analysis.runs, *runs),
        dimensions=(replace(item, raters=many), *others),
        images=replace(analysis.images, raters=(*analysis.images.raters, *columns)),
    )
    (figure,) = (figure for figure in figures(crowd) if figure.id == "fig-scatter-valence")
    assert "Drawn are the raters with the highest r, 8 of 12; the tables have all." in figure.caption
    assert len(render.drawing(figure).axes) == 8 * 6


def test_what_was_skipped_is_left_out(analysis):
    """Figures of questions that could not be answered are not there; the others are."""
    none = Skipped("not asked")
    bare = replace(
        analysis, classification=none, bias=none, group_bias=none, limits=none, strength=none, calibration=none,
        decoding=none, spread=none, reliability=none, baselines=none,
    )  # fmt: skip
    assert [figure.id for figure in figures(bare)] == ["fig-ceiling", "fig-scatter-valence", "fig-scatter-arousal"]
