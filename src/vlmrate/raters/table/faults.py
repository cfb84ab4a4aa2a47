"""Faults of cells, gathered: what is wrong in the very same way is one fault that names all its rows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vlmrate.study.faults import Fault

if TYPE_CHECKING:
    from pathlib import Path


class CellFaults:
    """Collects what is wrong with the cells of one file."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._rows: dict[tuple[str, str], list[int]] = {}

    def add(self, row: int, column: str, message: str) -> None:
        """Note a fault; rows are added in their order."""
        self._rows.setdefault((column, message), []).append(row)

    def gathered(self) -> tuple[Fault, ...]:
        """All of them, in the order of their first rows."""
        found = [
            Fault(self._file, first, column, message, tuple(also))
            for (column, message), (first, *also) in self._rows.items()
        ]
        return tuple(sorted(found, key=lambda fault: fault.row or 0))
