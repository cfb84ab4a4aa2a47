"""How the runs went, how answers were read, and how raters were set."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vlmrate.report.table import Part, Spanner, Table, bounded, count, points, section, share, stub, text

if TYPE_CHECKING:
    from collections.abc import Iterator

    from vlmrate.analysis import Analysis
    from vlmrate.analysis.run_quality import AnswerQuality
    from vlmrate.report.table import Cell


def run_tables(analysis: Analysis) -> Iterator[Table]:
    """The raters' answers, their runs, and their settings."""
    yield _answers(analysis)
    yield _runs(analysis)
    yield _settings(analysis)


def _runs(analysis: Analysis) -> Table:
    return Table(
        id="runs",
        title="Raters: ratings asked for and made",
        part=Part.RUNS,
        columns=(
            stub("rater", "Rater"),
            text("protocol", "Protocol"),
            count("planned", "Planned"),
            count("rated", "Rated"),
            count("failed", "Failed"),
            count("unreadable", "Unreadable"),
            count("outside", "Not in the study"),
            count("repeats", "Repeats"),
        ),
        rows=tuple(
            (run.name, run.protocol, run.planned, run.rated, run.failed, run.unreadable, run.outside, run.repeats)
            for run in analysis.runs
        ),
        notes=(
            "A rating = one image once, all items. Unreadable = files that are there but cannot be read. "
            "Not in the study = ratings of images that it no longer has, left out.",
        ),
        main=False,
    )


def _answers(analysis: Analysis) -> Table:
    return Table(
        id="answers",
        title="Raters: quality of the answers",
        part=Part.RUNS,
        columns=(
            section("rater", "Rater"),
            stub("item", "Item"),
            share("invalid", "Invalid"),
            share("clamped", "Off the scale"),
            share("unlisted", "Probabilities not all told", terminal=False),
            bounded("valid_mass", "Probability of a valid answer", interval=False),
            points("expected_gap", "distance", interval=False),
            bounded("expected_r", "r", interval=False),
            text("routes", "Read as", terminal=False),
        ),
        rows=tuple((run.name, *_answer_row(answers)) for run in analysis.runs for answers in run.answers),
        notes=(
            "Invalid = no answer that could be read. Off the scale = a number set to the scale's nearest end. "
            "Probabilities not all told = the rater named the likeliest answers only; the others count as 0. "
            "Probability of a valid answer = that of all valid answers together, mean over images.",
            "Weighted rating = the sum of value × probability: its mean distance from the number said, in scale "
            "points, and its correlation with it.",
        ),
        spanners=(Spanner("Weighted rating", ("expected_gap", "expected_r")),),
    )


def _answer_row(answers: AnswerQuality) -> tuple[Cell, ...]:
    routes = ", ".join(f"{route.route} {route.answers:,}" for route in answers.routes)
    return (
        answers.item,
        answers.invalid,
        answers.clamped,
        answers.unlisted,
        answers.valid_mass,
        answers.expected_gap,
        answers.expected_r,
        routes,
    )


def _settings(analysis: Analysis) -> Table:
    return Table(
        id="settings",
        title="Raters: settings",
        part=Part.RUNS,
        columns=(section("rater", "Rater"), stub("setting", "Setting"), text("value", "Value")),
        rows=tuple((run.name, setting.name, setting.value) for run in analysis.runs for setting in run.settings),
        notes=("As the manifest of each run records them.",),
        main=False,
    )
