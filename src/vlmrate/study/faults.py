"""A fault in a study's files: what is wrong, and where."""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

ROWS_SHOWN = 5


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that is wrong with a file.

    `row` counts from 1 and includes the header (in a YAML file it is the line); `column` is the column of a
    table or the key of a YAML file. Both are None where the fault is the file's as a whole. `also_rows` are
    the further rows that show the very same fault.
    """

    file: Path
    row: int | None
    column: str | None
    message: str
    also_rows: tuple[int, ...] = ()

    @property
    def place(self) -> str:
        """Where it is: 'row 3, column path', 'line 7, key items.valence', or '' for the whole file."""
        is_yaml = self.file.suffix.lower() in {".yaml", ".yml"}
        row_word, column_word = ("line", "key") if is_yaml else ("row", "column")
        parts = [f"{row_word} {self.row}{_further(self.also_rows)}"] if self.row is not None else []
        if self.column is not None:
            parts.append(f"{column_word} {self.column}")
        return ", ".join(parts)

    def __str__(self) -> str:
        return f"{', '.join(filter(None, [shown(self.file), self.place]))}: {self.message}"


def shown(path: Path) -> str:
    """The path as a person wants to read it: relative to the current folder where it lies inside."""
    resolved = path.resolve()
    here = Path.cwd().resolve()
    return str(resolved.relative_to(here)) if resolved.is_relative_to(here) else str(resolved)


def nearest(word: str, known: Iterable[str]) -> str | None:
    """The known word that `word` was probably meant to be, or None."""
    by_folded = {candidate.casefold(): candidate for candidate in known}
    matches = difflib.get_close_matches(word.casefold(), by_folded, n=1, cutoff=0.6)
    return by_folded[matches[0]] if matches else None


def did_you_mean(word: str, known: Sequence[str]) -> str:
    """Advice to append to 'unknown …': the nearest known word, or the list of them."""
    near = nearest(word, known)
    if near is not None:
        return f"did you mean {near!r}?"
    return f"known are {', '.join(known)}" if known else "there is none to choose from"


def _further(rows: tuple[int, ...]) -> str:
    if not rows:
        return ""
    listed = ", ".join(map(str, rows[:ROWS_SHOWN]))
    left = len(rows) - ROWS_SHOWN
    return f" (also {listed}{f' and {left:,} more' if left > 0 else ''})"
