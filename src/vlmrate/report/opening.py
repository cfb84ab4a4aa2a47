"""What a reader must know before the first number: what was shown, who answered, and how sure its numbers are."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vlmrate.protocol.native import DERIVED as DERIVED_PROTOCOL
from vlmrate.stats import Skipped

if TYPE_CHECKING:
    from collections.abc import Iterator

    from vlmrate.analysis import Analysis
    from vlmrate.analysis.run_quality import RunQuality
    from vlmrate.study.design import Design

SIMULATED = "The people of this study are SIMULATED: its figures say how vlmrate works, and nothing about people."
TOY_FAMILY = "tiny"
TOY = "{name} is the embedded model: it knows drawn faces only. What it says of other pictures means nothing."
DERIVED = {
    "calibrated": "its numbers are another rater's, put on people's scale by lines fitted to people's ratings",
    "hybrid": "it takes each item from another rater",
    "ensemble": "it is the mean and the vote of other raters",
    "expected": "it answers what another rater's probabilities come to",
    "category-mean": "it is an oracle that answers with people's mean of the emotion posed",
    "label-only": "it answers with people's mean of the label that another rater gave",
    "person": "it is one person drawn for each image, held against the mean of the others",
}
"""What a reader must know of raters that were made of other ratings, by the way in which they were."""
MOST_LEVELS = 12


def opening(analysis: Analysis) -> tuple[str, ...]:
    """Plain sentences, one a line."""
    return tuple(_sentences(analysis))


def warnings(analysis: Analysis) -> tuple[str, ...]:
    """What a reader must be told before anything else, set so that it cannot be missed."""
    return tuple(_warnings(analysis))


def _warnings(analysis: Analysis) -> Iterator[str]:
    if analysis.design.simulated_people:
        yield SIMULATED
        return
    # The studies that it was made for have simulated people.
    yield from (TOY.format(name=run.name) for run in analysis.runs if _is_toy(run))


def _is_toy(run: RunQuality) -> bool:
    return any((setting.name, setting.value) == ("family", TOY_FAMILY) for setting in run.settings)


def _derived(run: RunQuality) -> str | None:
    """That a rater is no model but was made of other ratings, and what it knows beside the images."""
    told = {setting.name: setting.value for setting in run.settings}
    if run.protocol != DERIVED_PROTOCOL or told.get("method") not in DERIVED:
        return None
    knows = f" It knows {told['knows']}." if "knows" in told else ""
    return f"{run.name} is no model: {DERIVED[told['method']]}.{knows}"


def _sentences(analysis: Analysis) -> Iterator[str]:
    design = analysis.design
    yield f"Stimuli: {_stimuli(design)}."
    yield f"People: {_people(design)}."
    for run in analysis.runs:
        yield f"Rater: {_rater(run, design.images)}."
    yield from filter(None, map(_derived, analysis.runs))
    if not analysis.runs:
        yield "Raters: none yet. What follows is of people alone; `vlmrate infer` asks a model."
    if analysis.published is not None:
        told = sum(not isinstance(value.ours, Skipped) for value in analysis.published.values)
        yield (
            f"Published: {analysis.published.name}, {told:,} of {len(analysis.published.values):,} printed values have "
            "one of this study beside them."
        )
    yield f"Intervals: {_intervals(analysis)}."
    if any(run.repeats > 1 for run in analysis.runs):
        yield (
            "Repeats: numbers are the mean over a rater's repeats of an image; labels, SDs and distinct values are "
            "those of the first repeat."
        )


def _stimuli(design: Design) -> str:
    factors = [
        f"{factor.name}: {', '.join(f'{level.name} {level.images:,}' for level in factor.levels)}"
        for factor in design.factors
        if factor.part != "identity" and len(factor.levels) <= MOST_LEVELS
    ]
    identities = [f"{len(f.levels):,} identities" for f in design.factors if f.part == "identity"]
    cells = [] if design.crossing is None else [_cells([cell.images for cell in design.crossing.cells])]
    return "; ".join([f"{design.images:,} images", *factors, *cells, *identities])


def _cells(sizes: list[int]) -> str:
    size = f"{max(sizes):,}" if min(sizes) == max(sizes) else f"{min(sizes):,} to {max(sizes):,}"
    return f"{len(sizes):,} cells of {size}"


def _people(design: Design) -> str:
    if design.ratings is None:
        return "none"
    who = "means only" if design.ratings.raters is None else f"{design.ratings.raters:,}"
    simulated = " (simulated)" if design.simulated_people else ""
    images = design.images - len(design.ratings.images_without)
    items = ", ".join(item.name for item in design.items if item.ratings is not None)
    return f"{who}{simulated}; {design.ratings.ratings:,} ratings of {images:,} images, on {items}"


def _rater(run: RunQuality, images: int) -> str:
    due = run.due(images)
    protocol = "" if f"({run.protocol})" in run.name else f" ({run.protocol})"
    troubles = ((due - run.rated, "missing"), (run.failed, "failed"), (run.unreadable, "broken on disk"))
    # Some images may have been rated again, beside a whole run.
    count = f"{run.rated:,} of {due:,} ratings" if run.rated <= due else f"{run.rated:,} ratings of {images:,} images"
    told = [count, *(f"{n:,} {word}" for n, word in troubles if n > 0)]
    return f"{run.name}{protocol}, {', '.join(told)}"


def _intervals(analysis: Analysis) -> str:
    made = analysis.resampling
    of_what = "identities" if made.clustered_by == "identity" else "images"
    return (
        f"{100 * made.bootstrap.level:g} % in brackets, bootstrap with {made.bootstrap.resamples:,} resamples of "
        f"{made.clusters:,} {of_what}, seed {made.bootstrap.seed}"
    )
