"""What `vlmrate import` shows: what was taken over, what should be known of it, or every fault."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING

from rich.console import Console
from rich.markup import escape

from vlmrate.errors import RaterError
from vlmrate.inference.imported import examine_predictions, import_predictions
from vlmrate.study.faults import shown

if TYPE_CHECKING:
    from collections.abc import Iterator

    from vlmrate.inference.imported import Examined, Imported, ImportWishes
    from vlmrate.raters.table.predictions import Predictions

FAULTS_SHOWN = 20
_NAMES_SHOWN = 3


def bring_in(wishes: ImportWishes, *, as_json: bool) -> None:
    """Carry out an import and tell what came of it.

    Raises:
        VlmrateError: It was refused; all faults have been printed where there are several.
    """
    console = Console(highlight=False, stderr=as_json)
    examined = examine_predictions(wishes)
    if examined.predictions is None:
        _refuse(wishes, examined, as_json=as_json)
        return
    imported = import_predictions(wishes, examined)
    for words in _told(wishes, examined.predictions, imported):
        console.print(escape(words), soft_wrap=True)
    if as_json:
        _print_json(_summary(wishes, examined, examined.predictions, imported))


def _refuse(wishes: ImportWishes, examined: Examined, *, as_json: bool) -> None:
    console = Console(highlight=False, stderr=True)
    faults, count = examined.faults, len(examined.faults)
    if as_json:
        listed = [{"row": f.row, "also_rows": f.also_rows, "column": f.column, "message": f.message} for f in faults]
        _print_json({"status": "refused", "file": str(wishes.file), "faults": listed})
    if count == 1:
        raise RaterError(f"{faults[0]}; nothing was stored")
    for fault in faults[:FAULTS_SHOWN]:
        console.print(escape(str(fault)), soft_wrap=True)
    rest = f", the first {FAULTS_SHOWN} listed above (--json lists all)" if count > FAULTS_SHOWN else ", listed above"
    raise RaterError(f"{count:,} faults in {shown(wishes.file)}{rest}; nothing was stored")


def _told(wishes: ImportWishes, predictions: Predictions, imported: Imported) -> Iterator[str]:
    folder, count = shown(imported.store.folder), len(predictions.rows)
    if imported.set_aside is not None:
        yield f"Earlier ratings are now in {shown(imported.set_aside)}."
    if not imported.stored:
        yield f"Nothing to do: all {count:,} ratings of {shown(wishes.file)} are in {folder}."
        if imported.described_anew:
            yield "What is known of the rater is now on record as given."
        return
    items = ", ".join(item.name for item in predictions.items)
    there = f", {imported.already_there:,} were there already" if imported.already_there else ""
    yield f"{wishes.rater}: {imported.stored:,} ratings ({items}) imported from {shown(wishes.file)}{there}."
    yield from _notes(predictions, imported)
    yield f"Ratings are in {folder}."


def _notes(predictions: Predictions, imported: Imported) -> Iterator[str]:
    if predictions.loosely:
        name, image = predictions.loosely[0]
        count = len(predictions.loosely)
        yield f"Note: {count:,} images were found without folder and ending of their names, such as {name} for {image}."
    if predictions.unread:
        columns = ", ".join(predictions.unread)
        yield f"Note: not read: {columns} (--column ITEM=COLUMN says what answers an item)."
    if predictions.unrated:
        listed = ", ".join(predictions.unrated[:_NAMES_SHOWN])
        more = " …" if len(predictions.unrated) > _NAMES_SHOWN else ""
        count = len(predictions.unrated)
        yield f"Note: {count:,} images of the study are not in the file and stay unrated ({listed}{more})."
    for item in predictions.items:
        counts = predictions.count(item.name)
        told = {
            "invalid": "have no answer",
            "off-list": "are off the study's list",
            "clamped": "were held on the scale",
        }
        for route, words in told.items():
            if counts[route]:
                yield f"Note: of {item.name}, {counts[route]:,} of {len(predictions.rows):,} answers {words}."
    if imported.without_picture:
        yield (
            f"Note: the pictures of {imported.without_picture:,} images are not here, so which picture was rated is "
            "not on record with their ratings."
        )


def _summary(
    wishes: ImportWishes, examined: Examined, predictions: Predictions, imported: Imported
) -> dict[str, object]:
    routes = {item.name: predictions.count(item.name) for item in predictions.items}
    return {
        "status": "imported" if imported.stored else "nothing to do",
        "study": examined.study.name,
        "rater": wishes.rater,
        "protocol": imported.store.folder.name,
        "folder": str(imported.store.folder),
        "file": str(wishes.file),
        "file_sha256": predictions.settings["file_sha256"],
        "stored": imported.stored,
        "already_there": imported.already_there,
        "unrated": list(predictions.unrated),
        "unread_columns": list(predictions.unread),
        "found_by_plain_name": dict(predictions.loosely),
        "without_picture": imported.without_picture,
        "answers": {item: dict(counts) for item, counts in routes.items()},
    }


def _print_json(document: dict[str, object]) -> None:
    sys.stdout.write(json.dumps(document, indent=2) + "\n")
