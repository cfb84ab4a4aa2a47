"""A report's files: analysis.json, tables/*.csv, report.md. The same analysis gives the same bytes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from vlmrate.errors import AnalysisError
from vlmrate.inference.files import write_atomically
from vlmrate.report.csvfile import csv_text
from vlmrate.report.document import document
from vlmrate.report.jsonfile import json_text
from vlmrate.report.tables import tables

if TYPE_CHECKING:
    from pathlib import Path

    from vlmrate.analysis import Analysis


@dataclass(frozen=True, slots=True)
class Written:
    """Where a report's files lie."""

    analysis: Path
    report: Path
    tables: tuple[Path, ...]


def write_report(analysis: Analysis, folder: Path) -> Written:
    """Write all files of a report into `folder`, which is made if need be; earlier ones are replaced.

    Raises:
        AnalysisError: The folder cannot be written to.
    """
    to_tables = folder / "tables"
    written = Written(
        analysis=folder / "analysis.json",
        report=folder / "report.md",
        tables=tuple(to_tables / f"{table.id}.csv" for table in tables(analysis)),
    )
    ours = written.analysis.is_file()
    try:
        to_tables.mkdir(parents=True, exist_ok=True)
        write_atomically(written.analysis, json_text(analysis))
        write_atomically(written.report, document(analysis))
        for path, table in zip(written.tables, tables(analysis), strict=True):
            write_atomically(path, csv_text(table))
        # Tables of an earlier state of the study would be taken for this one's.
        for stale in (set(to_tables.glob("*.csv")) - set(written.tables)) if ours else ():
            stale.unlink()
    except OSError as error:
        raise AnalysisError(f"the report cannot be written to {folder}: {error.strerror or error}") from error
    return written
