"""The figure of separability: what it says in words are the numbers, and nothing is drawn of what was skipped."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from matplotlib.figure import Figure

from vlmrate.probe.separability import ArrayOutcome, Chosen, FactorOutcome, LayerSeparability, Separability
from vlmrate.report.figures.canvas import layer_axis
from vlmrate.report.figures.render import drawing, save
from vlmrate.report.figures.separability import separability_figures
from vlmrate.stats import Estimate, Skipped

if TYPE_CHECKING:
    from pathlib import Path


def outcome(array: str, accuracies: tuple[float, ...]) -> ArrayOutcome:
    """Emotion told from some layers, above .5 with a small p; skin skipped."""
    layers = tuple(
        LayerSeparability(i, accuracy, 0.001 if accuracy > 0.5 else 0.6, 0.1, 0.0)
        for i, accuracy in enumerate(accuracies)
    )
    accuracy = Estimate(0.875, 0.8, 0.95, 0.95, 60, "balanced accuracy")
    found = Separability("emotion", ("a", "b", "c"), 120, 20, 1 / 3, layers, Chosen(1, accuracy, 0.002, 10))
    skipped = FactorOutcome("skin", Skipped("one class"))
    return ArrayOutcome("one", "tiny", array, (FactorOutcome("emotion", found), skipped))


def test_every_layer_is_a_sign_filled_where_it_holds(tmp_path: Path) -> None:
    """Places are the accuracies, hollow signs those of chance, and words tell the chosen layer with its interval."""
    (figure,) = separability_figures([outcome("answer/emotion", (0.3, 0.9)), outcome("vision", (0.8,))])
    (axes,) = drawing(figure).axes
    assert axes.get_title() == "Emotion"
    signs = [line for line in axes.lines if line.get_marker() not in ("None", None, "")]
    assert [(line.get_xdata()[0], line.get_ydata()[0]) for line in signs] == [(0, 0.3), (1, 0.9), (0, 0.8)]
    assert [line.get_markerfacecolor() == "white" for line in signs] == [True, False, False]
    assert "answer/emotion .875 [.800, .950] in layer 1" in figure.caption
    assert "Skin" not in figure.alt
    save(figure, tmp_path / "figure.svg")
    assert "balanced accuracy" in (tmp_path / "figure.svg").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("layers", "ticks", "limits"),
    [((17,), [17], (16.5, 17.5)), ((3, 4), [3, 4], (2.5, 4.5)), ((0, 8, 16), [0, 8, 16], (-0.5, 16.5))],
)
def test_ticks_stand_at_the_layers_there_are(
    layers: tuple[int, ...], ticks: list[int], limits: tuple[float, float]
) -> None:
    """Whichever they are; nothing between them."""
    axes = Figure().add_subplot()
    layer_axis(axes, layers)
    assert list(axes.get_xticks()) == ticks
    assert axes.get_xlim() == limits


def test_ticks_of_many_layers_are_whole_numbers() -> None:
    """No more of them than can be read."""
    axes = Figure().add_subplot()
    layer_axis(axes, range(34))
    ticks = list(axes.get_xticks())
    assert len(ticks) <= 9
    assert all(tick == round(tick) for tick in ticks)


def test_where_all_was_skipped_nothing_is_drawn() -> None:
    """No figure."""
    only = outcome("answer/emotion", (0.3,))
    assert not list(separability_figures([ArrayOutcome("one", "tiny", "vision", only.factors[1:])]))
