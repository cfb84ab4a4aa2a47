"""The history of checks: appended, charted against the newest baseline, drawn."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from vlmrate.check.ewma import LEAST, WEIGHT, chart_of, sparkline
from vlmrate.check.figure import save_history
from vlmrate.check.history import Entry, append, read_history, tracked
from vlmrate.errors import CheckError

if TYPE_CHECKING:
    from pathlib import Path


def entry(value: float, digest: str = "a", target: float = 0.5) -> Entry:
    """A check that found one metric."""
    return Entry(
        time="2026-01-01T00:00:00+00:00",
        verdict="pass",
        mode="exact",
        baseline_digest=digest,
        values={"valence.mae": value},
        targets={"valence.mae": target},
    )


def test_checks_are_read_back_but_for_torn_lines(tmp_path: Path) -> None:
    """A line cut by a crash is left out, and the next one begins on a line of its own."""
    file = tmp_path / "folder" / "history.jsonl"
    append(file, entry(0.5))
    with file.open("a", encoding="utf-8") as stream:
        stream.write('{"time": "20')
    append(file, entry(0.6))
    assert [found.values["valence.mae"] for found in read_history(file)] == [0.5, 0.6]


def test_no_history_gets_its_sentence(tmp_path: Path) -> None:
    """There is no file, or none of its lines is a check."""
    with pytest.raises(CheckError, match="there is no history"):
        read_history(tmp_path / "none.jsonl")
    (tmp_path / "empty.jsonl").write_text("nonsense\n", encoding="utf-8")
    with pytest.raises(CheckError, match="holds no check"):
        read_history(tmp_path / "empty.jsonl")


def test_a_new_baseline_begins_a_new_chart() -> None:
    """Values against an older baseline are no part of it."""
    (series,) = tracked([entry(0.1), entry(0.2), entry(0.3, "b", 0.3), entry(0.4, "b", 0.3)])
    assert (series.chart.values, series.chart.target) == ((0.3, 0.4), 0.3)


def test_the_average_and_its_limits_are_those_of_the_books() -> None:
    """Computed by hand for the first check and for the steady state; no limits below eight checks."""
    values = [1.0, 2.0] * 20
    chart = chart_of(values, 1.5)
    assert chart.averages[0] == pytest.approx(WEIGHT * 1.0 + (1 - WEIGHT) * 1.5)
    sigma = 1.0 / 0.954
    assert chart.high[0] - 1.5 == pytest.approx(2.86 * sigma * WEIGHT)
    assert chart.high[-1] - 1.5 == pytest.approx(2.86 * sigma * (WEIGHT / (2 - WEIGHT)) ** 0.5, rel=1e-6)
    assert chart_of(values[: LEAST - 1], 1.5).low == ()


def test_slow_drift_is_seen_and_chance_rarely() -> None:
    """A drift of two SDs in forty checks is nearly always seen; few stable series leave the limits in twenty."""
    seen = alarms = 0
    for seed in range(200):
        noise = np.random.default_rng(seed).normal(0, 1, 40)
        seen += bool(chart_of(list(noise + np.linspace(0, 2, 40)), 0.0).outside)
        alarms += bool(chart_of(list(noise[:20]), 0.0).outside)
    assert seen > 180
    assert alarms < 40


def test_a_rater_that_never_changes_has_a_flat_line_and_any_change_is_outside() -> None:
    """Without any spread the limits are the baseline's value itself."""
    assert chart_of([0.5] * 9 + [0.51], 0.5).outside == (9,)
    assert sparkline([0.5] * 3) == "▄▄▄"


def test_the_history_is_drawn_the_same_each_time(tmp_path: Path) -> None:
    """SVG and PNG, byte for byte."""
    series = tracked([entry(0.5 + 0.01 * (i % 3)) for i in range(12)])
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        save_history(tmp_path / name, series)
    for form in ("history.svg", "history.png"):
        assert (tmp_path / "one" / form).read_bytes() == (tmp_path / "two" / form).read_bytes()
