"""Tables, figure and file of steering: numbers in their columns, what was skipped with its reason."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest

from probe.planted import PlantedModel, planted_units
from vlmrate.probe.direction import CapturedDirections
from vlmrate.probe.found import Found
from vlmrate.probe.steer import SteerWay, steer
from vlmrate.probe.steered import Steering, SteerOutcome, StepLength, Targeted
from vlmrate.probe.sweep import Doses
from vlmrate.report.figures.inside import inside_figures
from vlmrate.report.figures.render import save
from vlmrate.report.foundfile import read_found, write_found
from vlmrate.report.markdown import markdown
from vlmrate.report.tables.inside import inside_tables
from vlmrate.stats import Bootstrap, Skipped

if TYPE_CHECKING:
    from pathlib import Path

    from vlmrate.study.records import Study

EMOTIONS = ("happy", "sad", "angry", "fear", "disgust", "neutral")


@pytest.fixture
def found(lasting, tmp_path: Path) -> tuple[Study, Steering]:  # type: ignore[no-untyped-def]  # the fixture's class is in a conftest
    """A planted model steered along happy and at sad, people's ratings beside it."""
    study = lasting.study(16)
    study = replace(study, ratings=lasting.people(study), results=tmp_path / "results")
    units = planted_units(EMOTIONS, 24, {}, seed=3)
    model = PlantedModel(
        study,
        units,
        dict.fromkeys(EMOTIONS, 4.0),
        slopes={"valence": 0.2 * units["happy"], "arousal": np.zeros(24)},
        prompt={"sad": -4.5},
    )
    capture = model.capture(tmp_path / "capture.safetensors")
    way = SteerWay(("happy", "sad"), (2, 3), doses=Doses.of((-4, -1, 1, 4)), target="sad", bootstrap=Bootstrap(200))
    made = steer(model, study, study.stimuli, lambda identities: CapturedDirections(capture, study, identities), way)
    assert isinstance(made, Steering)
    return study, made


def test_what_was_found_is_read_back_and_told(found: tuple[Study, Steering], tmp_path: Path) -> None:
    """The file gives the same records; tables stand in their order; figures are drawn, one a direction."""
    study, steering = found
    kept = Found(steer=(SteerOutcome("planted", steering),))
    write_found(kept, study, "planted")
    assert read_found(study) == kept
    tables = inside_tables(kept)
    assert [table.id for table in tables] == [
        "steer",
        "steer-probabilities",
        "steer-order",
        "steer-doses",
        "steer-moves",
        "steer-layers",
        "steer-target",
    ]
    shown = {table.id: markdown(table, 2, "Table 1") for table in tables}
    happy, sad = steering.directions
    assert f"**happy, layer {happy.chosen}**" in shown["steer"]
    assert "| valence (expected) | 0.6" in shown["steer"]
    assert "P(sad)" in shown["steer-probabilities"]
    assert "| valence (expected) | 1.000 [1.000, 1.000] | up | 4 of 4 | −4 to 4 | −4 to 4 |" in shown["steer-order"]
    assert f"**sad, layer {sad.chosen}**" in shown["steer-doses"]
    assert "| −4 |" in shown["steer-doses"]
    assert "| Clamped valence | Clamped arousal |" in shown["steer-doses"]
    assert "happy +" in shown["steer-moves"]
    assert "| 3 |" in shown["steer-layers"]
    assert isinstance(steering.target, Targeted)
    assert f"planted: sad, by {steering.target.direction} at layer" in shown["steer-target"]
    assert "| change in MAE, valence (expected) |" in shown["steer-target"]
    figures = inside_figures(kept)
    assert [figure.id for figure in figures] == ["fig-steer-planted-happy", "fig-steer-planted-sad"]
    assert "Valence moves by 0.6" in figures[0].caption
    save(figures[0], tmp_path / "steer.svg")
    assert (tmp_path / "steer.svg").stat().st_size < 200_000


def test_what_was_skipped_says_why(found: tuple[Study, Steering]) -> None:
    """A model without a sweep, and a target that was not reached; no figure of what there is not."""
    skipped = Found(steer=(SteerOutcome("planted", Skipped("the study names no identity factor")),))
    (only,) = inside_tables(skipped)
    assert "the study names no identity factor" in markdown(only, 2, "Table 1")
    assert inside_figures(skipped) == ()
    unreached = replace(found[1], target=Skipped("nothing raises it"))
    two = Found(steer=(SteerOutcome("planted", unreached), *skipped.steer))
    tables = {table.id: markdown(table, 2, "Table 1") for table in inside_tables(two)}
    assert "nothing raises it" in tables["steer-target"]
    assert "**planted: happy, layer" in tables["steer"]


def test_the_length_of_dose_1_is_told_of_a_step_that_asks_several_items(found: tuple[Study, Steering]) -> None:
    """The step of single-shot is called by all that it asks."""
    together = (StepLength("emotion+valence+arousal", 4.25),)
    directions = tuple(
        replace(one, layers=tuple(replace(layer, lengths=together) for layer in one.layers))
        for one in found[1].directions
    )
    tables = inside_tables(Found(steer=(SteerOutcome("planted", replace(found[1], directions=directions)),)))
    table = next(table for table in tables if table.id == "steer-layers")
    assert {row[2] for row in table.rows} == {4.25}
