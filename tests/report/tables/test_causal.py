"""Tables and figures of causal: every number in its column and in words, what was skipped with its reason."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from vlmrate.probe.carrying import Carried, Carriers, LabelCarried, Overlap
from vlmrate.probe.causal import (
    Causal,
    CausalOutcome,
    DirectionEffect,
    DirectionOutcome,
    LabelChange,
    LayerEffect,
    Random,
    Replies,
)
from vlmrate.probe.found import Found
from vlmrate.probe.overshadowing import Overshadowing, Rival
from vlmrate.report.figures.causal import causal_figures
from vlmrate.report.figures.render import drawing, save
from vlmrate.report.foundfile import read_found, write_found
from vlmrate.report.markdown import markdown
from vlmrate.report.tables.causal import causal_tables
from vlmrate.stats import Estimate, Skipped

if TYPE_CHECKING:
    from pathlib import Path


def told(value: float) -> Estimate:
    """An estimate with an interval of .5 to either side."""
    return Estimate(value, value - 0.5, value + 0.5, 0.95, 40, "mean")


def layer(number: int, own: float, p: float) -> LayerEffect:
    """An effect on two labels after one block, the first the direction's own."""
    as_low = 8 if p > 0.1 else 0
    random = Random(20, -0.1, 0.15, -0.3, 0.2, as_low, told(own + 0.1), p, min(1.0, 4 * p))
    labels = (LabelChange("happy", told(own), told(own / 6)), LabelChange("sad", told(1.25), told(0.75)))
    return LayerEffect(number, labels, LabelChange("all others", told(1.25), told(0.75)), random)


@pytest.fixture
def outcome() -> CausalOutcome:
    """Happy projected out after two blocks, sad skipped; two carriers of happy, one of sad."""
    overshadowing = Overshadowing(told(2.5), (Rival("sad", told(1.25), told(0.5), Skipped("no third label")),), "sad")
    replies = Replies(told(0.9), told(0.95), 0.05, told(0.0), told(0.1))
    effect = DirectionEffect(
        own="happy",
        named=True,
        pictures=12,
        layers=(layer(0, -0.05, 0.5), layer(1, -2.5, 0.009)),
        layer=1,
        overshadowing=overshadowing,
        replies=replies,
    )
    happy = Carried("happy", ("unit 5", "unit 9"), told(2.0), told(0.7), told(1.5), (0.7, 1.0))
    overlap = Overlap("happy", "sad", (2, 1), 1, told(0.5), 0.1, 0.04, 0.04)
    labels = (LabelCarried("happy", happy), LabelCarried("sad", Skipped("no candidate lowers sad")))
    carriers = Carriers("units", 1, 64, 2560, labels, (overlap,))
    skipped = DirectionOutcome("sad", Skipped("sad is shown by 1 identities"))
    found = Causal("emotion", 12, 72, (DirectionOutcome("happy", effect), skipped), carriers)
    return CausalOutcome("tiny", found)


def test_numbers_stand_in_their_columns_and_reasons_below(outcome: CausalOutcome) -> None:
    """At the chosen layer alone, beside random directions; every layer and label in tables of their own."""
    made = {table.id: "\n".join(markdown(table, 2, "Table").splitlines()) for table in causal_tables([outcome])}
    assert (
        "| happy | happy | 1 | 12 | −2.50 [−3.00, −2.00] | 0.15 | −2.40 [−2.90, −1.90] | 0 | .009 | .036 |"
        in made["causal"]
    )
    assert "sad is shown by 1 identities" in made["causal"]
    assert "mean size of the changes by 20 random directions" in made["causal"]
    assert "| sad | 1.25 [0.75, 1.75] | 0.75 [0.25, 1.25] |" in made["causal-labels"]
    assert "| happy | sad | 2.50 [2.00, 3.00] | 0.50 [0.00, 1.00] |" in made["causal-rivals"]
    assert "| sad | 1.25 [0.75, 1.75] | 0.50 [0.00, 1.00] | –¹ |" in made["causal-pairs"]
    assert "| happy | .950 [.450, 1.450] | .900 [.400, 1.400] | .050 |" in made["causal-answers"]
    assert "**tiny: 64 of 2,560 units after block 1**" in made["causal-carriers"]
    assert "| happy | 2 | 2.00 [1.50, 2.50] | .700 [.200, 1.200] | unit 5 |" in made["causal-carriers"]
    assert "no candidate lowers sad" in made["causal-carriers"]
    assert "| happy, sad | 2, 1 | 1 | .500 [.000, 1.000] | .100 | .040 | .040 |" in made["causal-overlap"]
    assert made["causal-layers"].count("| 0.15 | −2.40 [−2.90, −1.90] | .009 | .036 |") == 1


def test_models_side_by_side_are_told_apart_and_a_skipped_one_says_why(outcome: CausalOutcome) -> None:
    """Headings bear the model where there are two; a model without anything is one row with its reason."""
    other = CausalOutcome("other", Skipped("the protocol asks for no label"))
    made = {table.id: table for table in causal_tables([outcome, other])}
    assert made["causal-layers"].rows[0][0] == "tiny: happy"
    assert made["causal"].rows[-1][:2] == ("other", "–")
    assert Skipped("the protocol asks for no label") in made["causal"].rows[-1]
    (alone, *others) = causal_tables([other])
    assert len(alone.rows) == 1
    assert not any(table.rows for table in others)
    assert not list(causal_figures([other]))


def test_figures_show_layers_labels_and_carriers(outcome: CausalOutcome, tmp_path: Path) -> None:
    """Signs at the changes, filled where the corrected p is small; the same in words; what was skipped is not drawn."""
    layers, labels, carriers = causal_figures([outcome])
    (axes,) = drawing(layers).axes
    signs = [line for line in axes.lines if line.get_marker() == "o"]
    assert [(line.get_xdata()[0], line.get_ydata()[0]) for line in signs] == [(0, -0.05), (1, -2.5)]
    assert [line.get_markerfacecolor() == "white" for line in signs] == [True, False]
    assert "Happy: −2.50 [−3.00, −2.00] after layer 1." in layers.caption
    assert "Sad" not in layers.alt
    (axes,) = drawing(labels).axes
    assert [text.get_text() for text in axes.texts] == ["−2.50", "1.25"]
    assert "Without happy it is sad that rises most, 1.25 [0.75, 1.75]." in labels.caption
    (axes,) = drawing(carriers).axes
    assert list(axes.lines[0].get_ydata()) == [0, 0.7, 1.0]
    assert "happy 2.00 [1.50, 2.50]" in carriers.alt
    for figure in (layers, labels, carriers):
        save(figure, tmp_path / f"{figure.id}.svg")


def test_only_one_layer_is_drawn_too(outcome: CausalOutcome) -> None:
    """The range of random directions is then a bar."""
    assert isinstance(outcome.found, Causal)
    effect = outcome.found.directions[0].found
    assert isinstance(effect, DirectionEffect)
    one = DirectionOutcome("happy", replace(effect, layers=effect.layers[1:]))
    (figure, *_) = causal_figures([replace(outcome, found=replace(outcome.found, directions=(one,)))])
    (axes,) = drawing(figure).axes
    assert [-0.3, 0.2] in [list(line.get_ydata()) for line in axes.lines]
    assert list(axes.get_xticks()) == [1]
    assert axes.get_xlim() == (0.5, 1.5)


def test_the_name_of_an_axis_stands_within_a_drawing_of_one_row(outcome: CausalOutcome) -> None:
    """A row is lower than the name of its axis is long."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    _, labels, _ = causal_figures([outcome])
    made = drawing(labels)
    canvas = FigureCanvasAgg(made)
    canvas.draw()
    box = made.axes[0].yaxis.label.get_window_extent()
    assert box.y0 >= 0
    assert box.y1 <= made.bbox.y1


def test_shares_above_1_and_below_0_are_drawn_whole(outcome: CausalOutcome) -> None:
    """The half that tells may take from the sum what the half that chooses gave to it."""
    assert isinstance(outcome.found, Causal)
    carried = outcome.found.carriers.labels[0].found
    assert isinstance(carried, Carried)
    label = LabelCarried("happy", replace(carried, curve=(-0.2, 1.3, 1.0)))
    carriers = replace(outcome.found.carriers, labels=(label,))
    (*_, figure) = causal_figures([replace(outcome, found=replace(outcome.found, carriers=carriers))])
    low, high = drawing(figure).axes[0].get_ylim()
    assert low < -0.2
    assert high > 1.3


def test_what_was_found_is_read_back_from_its_file(outcome: CausalOutcome, small) -> None:  # type: ignore[no-untyped-def]  # the fixture's class is in a conftest
    """Every number and reason, as it was."""
    study = small.study(2)
    found = Found(causal=(outcome,))
    write_found(found, study, "tiny")
    assert read_found(study) == found
