"""analysis.json: the whole analysis for programs, every number at full precision, and the way back.

Records are objects with their fields in order, tuples are lists, and what was skipped is {"skipped": reason}. There is
no NaN: what is not defined is null or skipped. The same analysis gives the same bytes, and reading them gives an equal
analysis. A digest of the content tells a file that was edited: numbers that no longer fit each other are no analysis.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
import math
from enum import Enum
from typing import TYPE_CHECKING

from vlmrate.analysis import Analysis
from vlmrate.errors import AnalysisError
from vlmrate.report.jsonreader import from_json, json_name
from vlmrate.study.faults import shown

if TYPE_CHECKING:
    from pathlib import Path

    from vlmrate.report.jsonreader import Json

SCHEMA = "vlmrate-analysis/4"
AGAIN = "run `vlmrate analyze` to write it anew"


def json_text(analysis: Analysis) -> str:
    """The analysis as JSON: a record or column of plain values is one line, so that the file can be read and compared.

    Raises:
        AnalysisError: It holds a number that is not finite, or something that has no place in an analysis.
    """
    fields = {f.name: as_json(getattr(analysis, f.name), f.name) for f in dataclasses.fields(analysis)}
    return lines({"schema": SCHEMA, "digest": digest_of(fields), **fields}) + "\n"


def as_json(value: object, where: str = "analysis") -> Json:
    """A record, and all that it holds, in the terms of JSON.

    Raises:
        AnalysisError: It holds NaN, infinity, or something that has no place in an analysis; `where` begins the path.
    """
    if value is None or isinstance(value, str | int):
        return value.value if isinstance(value, Enum) else value
    if isinstance(value, float):
        if math.isfinite(value):
            return value
        raise AnalysisError(f"{where} of the analysis is {value}, which no file may hold; please report it")
    if isinstance(value, tuple):
        return [as_json(entry, f"{where}[{i}]") for i, entry in enumerate(value)]
    if isinstance(value, Enum):
        return as_json(value.value, where)
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {
            json_name(type(value), field.name): as_json(getattr(value, field.name), f"{where}.{field.name}")
            for field in dataclasses.fields(value)
        }
    raise AnalysisError(f"{where}: an analysis cannot hold {type(value).__name__}")


def read_analysis(path: Path) -> Analysis:
    """Read an analysis back.

    Raises:
        AnalysisError: The file is not there, is not whole, is of another schema, or was changed.
    """
    content = _content(path)
    schema = content.get("schema")
    if schema != SCHEMA:
        told = f"is of schema {schema}, this version of vlmrate reads {SCHEMA}" if schema else "is no analysis"
        raise AnalysisError(f"{shown(path)} {told}; {AGAIN}")
    fields = {name: entry for name, entry in content.items() if name not in ("schema", "digest")}
    try:
        read = from_json(fields, Analysis)
    except AnalysisError as error:
        raise AnalysisError(f"{shown(path)} is not as vlmrate wrote it: {error}; {AGAIN}") from error
    if content.get("digest") != digest_of(fields):
        raise AnalysisError(f"{shown(path)} is not as vlmrate wrote it: its content does not fit its digest; {AGAIN}")
    if not isinstance(read, Analysis):  # only to say so to the type checker
        raise AnalysisError(f"{shown(path)} is no analysis; {AGAIN}")
    return read


def read_object(path: Path) -> dict[str, Json]:
    """A JSON object from a file, with finite numbers only.

    Raises:
        AnalysisError: It cannot be read, or is no such object; the sentence says what, and not which file.
    """
    try:
        content = json.loads(path.read_bytes().decode(), parse_constant=_no_constant, parse_float=_finite)
    except OSError as error:
        raise AnalysisError(f"it cannot be read: {error.strerror or error}") from error
    except json.JSONDecodeError as error:
        raise AnalysisError(f"it is not whole, or not JSON, from line {error.lineno}") from error
    except (ValueError, RecursionError) as error:
        raise AnalysisError(str(error)) from error
    if not isinstance(content, dict):
        raise AnalysisError("it holds no JSON object")
    return content


def _content(path: Path) -> dict[str, Json]:
    if not path.exists():
        raise AnalysisError(f"{shown(path)} is not there yet; run `vlmrate analyze` first")
    try:
        return read_object(path)
    except AnalysisError as error:
        raise AnalysisError(f"{shown(path)} is not as vlmrate wrote it: {error}; {AGAIN}") from error


def _no_constant(name: str) -> float:
    raise ValueError(f"it holds {name}, which is no number")


def _finite(digits: str) -> float:
    if math.isfinite(number := float(digits)):
        return number
    raise ValueError(f"it holds {digits[:40]}, which is beyond all numbers here")


def digest_of(fields: dict[str, Json]) -> str:
    """SHA-256 of the content, in hexadecimal digits; that of the same file set otherwise is the same."""
    content = json.dumps(fields, sort_keys=True, separators=(",", ":"), allow_nan=False)
    return hashlib.sha256(content.encode()).hexdigest()


def lines(value: Json, indent: str = "") -> str:
    """JSON with a line for each record or column that holds nothing but plain values."""
    inner = indent + " "
    if isinstance(value, dict) and not all(map(_is_plain, value.values())):
        entries = (f"{inner}{_line(name)}: {lines(entry, inner)}" for name, entry in value.items())
        return "{\n" + ",\n".join(entries) + f"\n{indent}}}"
    if isinstance(value, list) and not all(map(_is_row, value)):
        return "[\n" + ",\n".join(inner + lines(entry, inner) for entry in value) + f"\n{indent}]"
    return _line(value)


def _line(value: Json) -> str:
    return json.dumps(value, ensure_ascii=False, allow_nan=False)


def _is_plain(value: Json) -> bool:
    return not isinstance(value, dict | list)


def _is_row(value: Json) -> bool:
    return all(map(_is_plain, value)) if isinstance(value, list) else _is_plain(value)
