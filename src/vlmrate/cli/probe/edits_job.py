"""What every command that changes a model begins with: it is loaded, and the person told what to know of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.markup import escape

from vlmrate.probe.prepare_edits import prepare_edited

if TYPE_CHECKING:
    from rich.console import Console

    from vlmrate.probe.prepare_edits import EditWishes, PreparedEdits


def opened(wishes: EditWishes, console: Console) -> PreparedEdits:
    """Study, protocol, capture and model as asked for; the console is told of a long load, and the model's note.

    Raises:
        VlmrateError: Anything asked for is missing or unsuitable.
    """
    prepared = prepare_edited(wishes, lambda words: console.print(escape(words), soft_wrap=True))
    if prepared.note:
        console.print(f"Note: {escape(prepared.rater.name)} {escape(prepared.note)}.", soft_wrap=True)
    return prepared
