"""The figure of separability: what it says in words are the numbers, and nothing is drawn of what was skipped."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vlmrate.probe.separability import ArrayOutcome, Chosen, FactorOutcome, LayerSeparability, Separability
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


def test_where_all_was_skipped_nothing_is_drawn() -> None:
    """No figure."""
    only = outcome("answer/emotion", (0.3,))
    assert not list(separability_figures([ArrayOutcome("one", "tiny", "vision", only.factors[1:])]))
