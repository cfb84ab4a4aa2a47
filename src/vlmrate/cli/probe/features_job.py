"""From the options of `vlmrate probe features list` and `sizes` to what is stored and shown."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console
from rich.text import Text

from vlmrate.cli.probe.showing import present
from vlmrate.errors import ProbeError
from vlmrate.probe.found import Found
from vlmrate.probe.sparse.features import features_of
from vlmrate.probe.sparse.sizes import sizes_of
from vlmrate.probe.sparse.store import open_dictionary
from vlmrate.probe.store import open_capture
from vlmrate.report.contact_sheet import save_sheet
from vlmrate.study.faults import shown
from vlmrate.study.load import find_study, load_study

if TYPE_CHECKING:
    from collections.abc import Sequence

    from vlmrate.cli.probe.showing import Showing
    from vlmrate.probe.sparse.features import Listing
    from vlmrate.probe.sparse.train import Training

SHEET = ".png"
MOST_SIZES = 12


def listed(
    dictionary: Path,
    capture: Path,
    listing: Listing,
    *,
    study: Path | None,
    results: Path | None,
    sheet: Path | None,
    how: Showing,
) -> None:
    """Say what the features of a dictionary stand for, store and show it; the sheet where one is asked for."""
    if sheet is not None and sheet.suffix.lower() != SHEET:
        raise ProbeError(f"--sheet {sheet}: a contact sheet is written as {SHEET}; name it so")
    loaded = load_study(find_study(study, Path.cwd()), results=results)
    opened = open_capture(capture)
    found = features_of(open_dictionary(dictionary), dictionary.stem, opened, loaded, listing)
    if sheet is not None:
        number = save_sheet(found.features, loaded, sheet)
        said = Console(highlight=False, stderr=how.as_json)
        said.print(Text(f"The contact sheet of {number} features is {shown(sheet)}.\n"), soft_wrap=True)
    present(Found(features=(found,)), loaded, found.model, how)


def sized(
    capture: Path,
    array: str,
    layer: int,
    sizes: Sequence[int],
    training: Training,
    listing: Listing,
    *,
    study: Path | None,
    results: Path | None,
    how: Showing,
) -> None:
    """Train and judge dictionaries of several sizes, store and show what came of it."""
    loaded = load_study(find_study(study, Path.cwd()), results=results)
    found = sizes_of(open_capture(capture), loaded, array, layer, sizes, training, listing)
    present(Found(features_sizes=(found,)), loaded, found.model, how)


def read_sizes(text: str, k: int) -> tuple[int, ...]:
    """Read "64,128" as two sizes.

    Raises:
        ProbeError: One is no number or smaller than k, or there are too many.
    """
    words = [word.strip() for word in text.split(",")]
    if not all(word.isascii() and word.isdigit() and len(word) <= 7 for word in words) or len(words) > MOST_SIZES:
        raise ProbeError(f"--sizes {text}: sizes are up to {MOST_SIZES} whole numbers with commas, such as 64,128,256")
    sizes = tuple(dict.fromkeys(int(word) for word in words))
    if min(sizes) < k:
        raise ProbeError(f"--sizes {min(sizes)}: a dictionary of so few features cannot keep {k}; lower --k")
    return sizes
