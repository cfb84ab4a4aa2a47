"""What every command of probe does with what it found: kept where there is something, and nothing lost where not."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import typer

from probe.planted import PlantedModel, planted_units
from vlmrate.cli.probe.showing import present, showing
from vlmrate.errors import ProbeError
from vlmrate.probe.found import Found
from vlmrate.probe.separability import Way, captures_separability
from vlmrate.report.foundfile import read_found
from vlmrate.stats import Bootstrap, Skipped

EMOTIONS = ("happy", "sad", "angry", "fear", "disgust", "neutral")


def test_what_was_found_before_stays_where_nothing_is_computed(small, tmp_path, capsys) -> None:  # type: ignore[no-untyped-def]  # the fixture's class is in a conftest
    """Kept and drawn, and said so; again otherwise: replaced, and said so; skipped throughout: exit code 1."""
    model = PlantedModel(small.study(8), planted_units(EMOTIONS, 12, {}, seed=0), dict.fromkeys(EMOTIONS, 5.0))
    capture = model.capture(tmp_path / "c.safetensors")

    def found(seed: int) -> Found:
        way = Way(permutations=19, seed=seed, bootstrap=Bootstrap(resamples=100, seed=seed))
        return Found(separability=captures_separability([capture], model.study, ("emotion",), way, "answer/emotion"))

    first, second = found(0), found(1)
    present(first, model.study, "planted", showing(tmp_path / "f.svg", as_json=False))
    said = capsys.readouterr().out
    assert "f.svg. Kept in" in said
    assert "in place of an earlier run's" not in said
    assert "<svg" in (tmp_path / "f.svg").read_text(encoding="utf-8")
    present(second, model.study, "planted", showing(None, as_json=False))
    assert "in place of an earlier run's" in capsys.readouterr().out
    (outcome,) = second.separability
    nothing = tuple(replace(factor, found=Skipped("too few")) for factor in outcome.factors)
    with pytest.raises(typer.Exit) as ended:
        present(
            Found(separability=(replace(outcome, factors=nothing),)),
            model.study,
            "planted",
            showing(None, as_json=False),
        )
    assert ended.value.exit_code == 1
    assert "Nothing could be computed, so nothing is kept." in capsys.readouterr().out
    assert read_found(model.study) == second
    with pytest.raises(ProbeError, match=r"--figure f\.gif: a figure is written as"):
        showing(Path("f.gif"), as_json=False)
