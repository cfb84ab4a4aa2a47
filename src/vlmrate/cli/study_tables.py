"""A study's design and faults on the terminal, and as JSON."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING

import typer
from rich import box
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from vlmrate.study.design import Design, describe
from vlmrate.study.faults import Fault, shown
from vlmrate.study.records import Labels

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from vlmrate.study.design import Crossing, FactorDesign, ItemDesign, RatingsDesign, Spread
    from vlmrate.study.load import Examined
    from vlmrate.study.starter import Started

MOST_LEVELS = 12  # of a factor in the overview, and of emotions across a table of cells
MOST_NAMES = 8  # of images without ratings


def print_examined(file: Path, examined: Examined) -> None:
    """Print the design as found, then every fault."""
    console = Console(highlight=False, emoji=False)
    if examined.study is not None and examined.study.stimuli:
        _print_design(console, file, describe(examined.study), sound=not examined.faults)
    for fault in examined.faults:
        console.print(escape(str(fault)), soft_wrap=True)
    if not examined.faults:
        console.print("No faults.")


def print_examined_as_json(file: Path, examined: Examined) -> None:
    """Print design (null where the study cannot be read) and faults as one JSON object."""
    usable = examined.study is not None and bool(examined.study.stimuli)
    design = asdict(describe(examined.study)) if usable and examined.study is not None else None
    document = {
        "study": str(file),
        "valid": not examined.faults,
        "design": design,
        "faults": [_fault_as_json(fault) for fault in examined.faults],
    }
    typer.echo(json.dumps(document, indent=2, ensure_ascii=False))


def print_started(started: Started) -> None:
    """Print what `vlmrate init` found and made, and the next command."""
    console = Console(highlight=False, emoji=False)
    console.print(f"Found {started.images:,} pictures.")
    for factor, levels in started.factors.items():
        console.print(escape(f"  {factor}: {_listed(levels)}"))
    if not started.factors:
        console.print("  No factors; --folders or --pattern takes them from folder or file names.")
    if started.left_out:
        console.print(f"Left out {len(started.left_out):,} that cannot be read:")
        for problem in started.left_out:
            console.print(escape(f"  {problem}"), soft_wrap=True)
    console.print(escape(f"Wrote {shown(started.study_file)} and stimuli.csv beside it."), soft_wrap=True)
    console.print(escape(f"Next: vlmrate validate --study {shown(started.study_file)}"), soft_wrap=True)


def _fault_as_json(fault: Fault) -> dict[str, object]:
    return {**asdict(fault), "file": str(fault.file)}


def _print_design(console: Console, file: Path, design: Design, *, sound: bool) -> None:
    console.print(escape(f"Study {design.name} ({shown(file)}): {design.images:,} images"), soft_wrap=True)
    if design.simulated_people:
        console.print("The people of this study are simulated.")
    console.print()
    console.print(_items(design.items), "")
    if design.factors:
        console.print(_factors(design.factors), "")
    if design.crossing is not None and len(design.crossing.factors) > 1:
        console.print(_cells(design.crossing), "")
    if design.identities_in_every_emotion is not None:
        once = "Every identity appears" if design.identities_in_every_emotion else "Not every identity appears"
        console.print(f"{once} exactly once in every emotion.")
    if design.ratings is not None:
        _print_ratings(console, design.ratings, design.images)
    else:
        console.print(f"No ratings by people{'' if sound else ' that can be used'}.")
    console.print()


def _table(title: str, columns: Iterable[str], numbers: Sequence[str] = ()) -> Table:
    table = Table(title=escape(title), title_justify="left", title_style="bold", box=box.SIMPLE_HEAD, show_edge=False)
    for column in columns:
        table.add_column(escape(column), justify="right" if column in numbers else "left", overflow="fold")
    return table


def _items(items: Sequence[ItemDesign]) -> Table:
    table = _table("Items", ["item", "scale", "ratings by people"], ["ratings by people"])
    for item in items:
        table.add_row(
            escape(item.name), escape(_scale(item)), f"{item.ratings:,}" if item.ratings is not None else "none"
        )
    return table


def _scale(item: ItemDesign) -> str:
    if isinstance(item.scale, Labels):
        return ", ".join(item.scale.options) + (f" (intended: {item.intended})" if item.intended else "")
    anchors = [item.scale.low_anchor or "", item.scale.high_anchor or ""]
    return f"{item.scale.low}–{item.scale.high}" + (f" ({' – '.join(anchors)})" if any(anchors) else "")


def _factors(factors: Sequence[FactorDesign]) -> Table:
    table = _table("Factors", ["factor", "part", "levels:images"])
    for factor in factors:
        table.add_row(escape(factor.name), factor.part, escape(_levels(factor)))
    return table


def _levels(factor: FactorDesign) -> str:
    """Each level with its images; where there are many, how many there are and the range of their images."""
    sizes = [level.images for level in factor.levels]
    if len(sizes) > MOST_LEVELS:
        images = f"{sizes[0]}" if len(set(sizes)) == 1 else f"{min(sizes)} to {max(sizes)}"
        return f"{_listed([level.name for level in factor.levels])} ({images} each)"
    return ", ".join(f"{level.name or '(blank)'}:{level.images}" for level in factor.levels)


def _listed(words: Sequence[str]) -> str:
    if len(words) <= MOST_LEVELS:
        return ", ".join(words)
    return f"{len(words)} levels: {', '.join(words[:3])}, … {words[-1]}"


def _cells(crossing: Crossing) -> Table:
    """Images a cell: the levels of the first factor across where they fit, else a row a cell."""
    across = list(dict.fromkeys(cell.levels[0] for cell in crossing.cells))
    title = f"Images a cell: {' x '.join(crossing.factors)}"
    if any(cell.identities is not None and cell.identities != cell.images for cell in crossing.cells):
        title += " (identities in brackets)"
    size = {cell.levels: _size(cell.images, cell.identities) for cell in crossing.cells}
    if len(across) > MOST_LEVELS:
        table = _table(title, [*crossing.factors, "images"], ["images"])
        for cell in crossing.cells:
            table.add_row(*map(escape, cell.levels), size[cell.levels])
    else:
        table = _table(title, [*crossing.factors[1:], *across], across)
        for row in dict.fromkeys(cell.levels[1:] for cell in crossing.cells):
            table.add_row(*map(escape, row), *(size.get((first, *row), "0") for first in across))
    return table


def _size(images: int, identities: int | None) -> str:
    return str(images) if identities in {None, images} else f"{images} ({identities})"


def _print_ratings(console: Console, ratings: RatingsDesign, images: int) -> None:
    people = f"{ratings.raters:,} people" if ratings.raters is not None else "People (aggregated)"
    rated = images - len(ratings.images_without)
    console.print(f"{people} gave {ratings.ratings:,} ratings of {rated:,} images.")
    if ratings.raters_an_image is not None:
        console.print(f"Raters an image: {_spread(ratings.raters_an_image)}.")
    if ratings.images_a_rater is not None:
        console.print(f"Images a rater: {_spread(ratings.images_a_rater)}.")
    if ratings.images_without:
        named = ", ".join(ratings.images_without[:MOST_NAMES])
        more = (
            f" and {len(ratings.images_without) - MOST_NAMES:,} more"
            if len(ratings.images_without) > MOST_NAMES
            else ""
        )
        console.print(escape(f"Images without ratings: {len(ratings.images_without):,} ({named}{more})."))
    else:
        console.print("Every image has ratings.")


def _spread(spread: Spread) -> str:
    if spread.least == spread.most:
        return f"{spread.least:,} each"
    return f"from {spread.least:,} to {spread.most:,}, median {spread.median:,g}"
