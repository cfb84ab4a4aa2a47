"""What debias and compare find is stored and read back as it was, and stands in tables and figures."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from probe.test_compare import QUICK as QUICK_COMPARE
from probe.test_compare import model
from probe.test_debias import QUICK, bench
from vlmrate.probe.bench import Bench
from vlmrate.probe.comparing import Otherwise, compare
from vlmrate.probe.debias import DebiasOutcome
from vlmrate.probe.debiasing import debias
from vlmrate.probe.direction import CapturedDirections
from vlmrate.probe.found import Found
from vlmrate.protocol.forced import wrong_label
from vlmrate.report.figures.inside import inside_figures
from vlmrate.report.figures.render import save
from vlmrate.report.foundfile import read_found, write_found
from vlmrate.report.tables.inside import inside_tables
from vlmrate.stats import Skipped

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def found(small, tmp_path: Path) -> Found:  # type: ignore[no-untyped-def]  # the fixture's class is in a conftest
    """A group taken out, one that was skipped, and four channels."""
    on = bench(small, tmp_path / "d.safetensors", identities=12)
    skipped = DebiasOutcome("planted", "d", "age", Skipped("old is shown by 3 identities, and each half needs two"))
    plain = model(small, identities=8)
    capture = plain.capture(tmp_path / "c.safetensors")
    told = {stimulus.image_id: wrong_label(plain.study.items[0], stimulus) for stimulus in plain.study.stimuli}
    others = (
        Otherwise("persona", "prompt", replace(plain, prompt={"valence": 1.5})),
        Otherwise("false-label", "false label", replace(plain, told=told), told),
    )
    asked = Bench(
        plain, plain.study, plain.study.stimuli, capture, lambda who: CapturedDirections(capture, plain.study, who)
    )
    return Found(
        debias=(debias(on, "gender", QUICK), skipped), compare=(compare(asked, "happy", others, QUICK_COMPARE),)
    )


def test_it_is_read_back_as_it_was(small, found: Found) -> None:  # type: ignore[no-untyped-def]  # the fixture's class is in a conftest
    """A file a command, nothing lost in it."""
    study = small.study(8)
    files = write_found(found, study, "planted")
    assert [file.name for file in files] == ["debias.json", "compare.json"]
    assert read_found(study) == found


def test_tables_hold_a_row_a_level_a_measure_and_a_channel(found: Found) -> None:
    """In the order of the commands; what was skipped says why."""
    tables = {table.id: table for table in inside_tables(found)}
    assert list(tables) == [
        *("debias", "debias-bias", "debias-costs", "debias-left"),
        *("compare", "compare-planted-happy", "compare-tests", "compare-false-label"),
    ]
    assert any(isinstance(cell, Skipped) for cell in tables["debias"].rows[1])
    first = tables["debias-bias"].rows[0]
    assert first[:2] == ("gender: project-out", "emotion, f")
    assert len(tables["debias-bias"].rows) == 4 * 3
    channels = [row[0] for row in tables["compare-planted-happy"].rows]
    assert channels == [
        *("baseline (as it is)", "persona", "happy up", "happy down", "random, mean of 9", "false-label"),
    ]


def test_every_figure_can_be_drawn(found: Found, tmp_path: Path) -> None:
    """Bias and what is left of a group, and the channels of a direction; none of a group that was skipped."""
    figures = inside_figures(found)
    assert [figure.id for figure in figures] == [
        *("fig-debias-planted-gender", "fig-debias-left-planted-gender", "fig-compare-planted-happy"),
    ]
    for figure in figures:
        save(figure, tmp_path / f"{figure.id}.svg")
    assert "persona" in (tmp_path / "fig-compare-planted-happy.svg").read_text(encoding="utf-8")
    assert not inside_figures(Found(debias=found.debias[1:]))
