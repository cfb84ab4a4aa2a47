"""Agreement before and after a calibration, and the lines behind it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vlmrate.report.table import Part, Table, bounded, count, points, section, stub, text
from vlmrate.report.tables.naming import heading, slug
from vlmrate.stats import Skipped

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from vlmrate.analysis import Analysis
    from vlmrate.analysis.calibration import CalibrationOf, ItemCalibration, RaterCalibration
    from vlmrate.report.table import Cell
    from vlmrate.stats import Agreement


def calibration_tables(analysis: Analysis) -> Iterator[Table]:
    """Two tables an item with a scale that people rated: what was gained, and the lines."""
    if isinstance(analysis.calibration, Skipped):
        return
    for item in analysis.calibration:
        if not isinstance(item.raters, Skipped):
            yield _gains(item, item.raters)
            yield _lines(item, item.raters)


def _ways(rater: RaterCalibration) -> tuple[tuple[str, CalibrationOf | Skipped], ...]:
    return (
        ("one line", rater.overall),
        ("a line per emotion posed", rater.by_emotion),
        ("a line per label given", rater.by_answer),
    )


def _gains(item: ItemCalibration, raters: Sequence[RaterCalibration]) -> Table:
    return Table(
        id=slug("calibration", item.item),
        title=f"{heading(item.item)}: agreement with people before and after calibration",
        part=Part.AGREEMENT,
        columns=(
            section("rater", "Rater"),
            stub("way", "Calibration"),
            count("n", "n"),
            points("mae", "MAE"),
            points("mae_change", "Change", terminal=False),
            points("rmse", "RMSE"),
            points("bias", "Bias"),
            bounded("r", "r"),
            bounded("r_change", "Change", terminal=False),
            bounded("r_within", "r within emotion", terminal=False),
        ),
        rows=tuple(row for rater in raters for row in _rows(rater)),
        notes=tuple(_notes(raters)),
        main=False,
    )


def _rows(rater: RaterCalibration) -> Iterator[tuple[Cell, ...]]:
    given = next((told for _, told in _ways(rater) if not isinstance(told, Skipped)), None)
    if given is not None:
        yield _row(rater.rater, "as given", given.n, given.before, (None, None), _within_before(rater))
    for way, told in _ways(rater):
        if isinstance(told, Skipped):
            yield (rater.rater, way, None, *[told] * 7)
        else:
            changes = told.mae_change, told.r_change
            # Labels are not the emotions within which r is asked elsewhere: of them there is none to show.
            within = told.after.r_within if way == "a line per emotion posed" else None
            yield _row(rater.rater, way, told.n, told.after, changes, within)


def _within_before(rater: RaterCalibration) -> Cell:
    return None if isinstance(rater.by_emotion, Skipped) else rater.by_emotion.before.r_within


def _row(
    rater: str, way: str, n: int, agreement: Agreement, changes: tuple[Cell, Cell], within: Cell
) -> tuple[Cell, ...]:
    mae_change, r_change = changes
    figures = (agreement.mae, mae_change, agreement.rmse, agreement.bias, agreement.r, r_change, within)
    return (rater, way, n, *figures)


def _notes(raters: Sequence[RaterCalibration]) -> Iterator[str]:
    yield (
        "calibrated = intercept + slope × rating, least squares on people's means. Each image is calibrated by a line "
        "fitted without any image of its identity (five-fold cross-validation); intervals hold the lines fixed. Change "
        "= after − before on the same images."
    )
    yield (
        "A line per emotion posed needs the right answer and may only be used where it is known; it comes near to "
        "answering people's mean for the emotion. A line per label given serves any image."
    )
    if reverses := reversed_by_one_line(raters):
        yield (
            f"The one line of {', '.join(reverses)} has a negative slope: it turns the order of the ratings around, "
            "and with it the sign of r."
        )
    for rater in raters:
        for way, told in _ways(rater):
            if not isinstance(told, Skipped):
                yield from (f"{rater.rater}, {way}: {note}." for note in told.notes)


def reversed_by_one_line(raters: Sequence[RaterCalibration]) -> tuple[str, ...]:
    """Raters whose line over all images falls: what they rate higher, people rate lower."""
    return tuple(
        rater.rater
        for rater in raters
        if not isinstance(rater.overall, Skipped) and any(line.slope < 0 for line in rater.overall.lines)
    )


def _lines(item: ItemCalibration, raters: Sequence[RaterCalibration]) -> Table:
    return Table(
        id=slug("calibration-lines", item.item),
        title=f"{heading(item.item)}: the lines of calibration",
        part=Part.AGREEMENT,
        columns=(
            section("rater", "Rater"),
            stub("way", "Calibration"),
            text("group", "Images"),
            count("n", "n"),
            points("slope", "Slope"),
            points("intercept", "Intercept"),
        ),
        rows=tuple(
            (rater.rater, way, str(line.group), line.n, line.slope, line.intercept)
            for rater in raters
            for way, told in _ways(rater)
            if not isinstance(told, Skipped)
            for line in told.lines
        ),
        notes=(
            "Fitted on all images, for use on images outside this study and to be drawn. What calibration gains is "
            "judged by other lines, which had not seen the identity. A slope of 0 is an intercept alone: all ratings "
            "were the same.",
        ),
        main=False,
    )
