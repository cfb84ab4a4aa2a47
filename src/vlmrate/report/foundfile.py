"""Files of what was found inside a model: one a command in the folder `probe` of a rater, read back by the report.

Each is JSON of the records as analysis.json has them, with a digest of its content: what was edited is refused.
"""

from __future__ import annotations

import re
from dataclasses import fields, is_dataclass, replace
from typing import TYPE_CHECKING, Any

from vlmrate.errors import AnalysisError, ProbeError
from vlmrate.inference.files import write_atomically
from vlmrate.probe.found import Found
from vlmrate.report.jsonfile import as_json, digest_of, lines, read_object
from vlmrate.report.jsonreader import fields_of, from_json
from vlmrate.stats import Estimate
from vlmrate.study.faults import shown

if TYPE_CHECKING:
    from pathlib import Path

    from vlmrate.report.jsonreader import Json
    from vlmrate.study.records import Study

SCHEMA = "vlmrate-found/1"
FOLDER = "probe"
_UNFIT = re.compile(r"[^\w.-]+")


def found_json(found: Found) -> dict[str, Json]:
    """What was found, by command, in the terms of JSON; commands that found nothing are left out."""
    return {name: as_json(value, name) for name, value in _filled(found)}


def holds_numbers(found: Found) -> bool:
    """Whether anything was computed at all, and not everything skipped."""
    return _holds_estimate(found)


def found_paths(found: Found, study: Study, model: str) -> tuple[Path, ...]:
    """Where what was found in a model is stored, a file a command."""
    folder = study.results / study.name / (_UNFIT.sub("-", model).strip("-.") or "model") / FOLDER
    return tuple(folder / f"{name}.json" for name, _ in _filled(found))


def write_found(found: Found, study: Study, model: str) -> tuple[Path, ...]:
    """Store what was found in a model, a file a command; what the same command found in it before is replaced."""
    files = found_paths(found, study, model)
    for file, (name, value) in zip(files, _filled(found), strict=True):
        file.parent.mkdir(parents=True, exist_ok=True)
        content: dict[str, Json] = {"study": study.name, "command": name, "found": as_json(value, name)}
        write_atomically(file, lines({"schema": SCHEMA, "digest": digest_of(content), **content}) + "\n")
    return files


def read_found(study: Study) -> Found | None:
    """All that was found inside models of a study, raters in the order of their names; None where no command ran.

    Raises:
        ProbeError: A file is not as vlmrate wrote it, or of another version.
    """
    found = Found()
    kinds = fields_of(Found)
    for name in kinds:
        for file in sorted((study.results / study.name).glob(f"*/{FOLDER}/{name}.json")):
            there = getattr(found, name)
            found = replace(found, **{name: (*there, *_read(file, name, kinds[name]))})
    return None if found.is_empty else found


def found_files(study: Study) -> tuple[Path, ...]:
    """The files that `read_found` reads."""
    names = [field.name for field in fields(Found)]
    folder = study.results / study.name
    return tuple(file for name in names for file in sorted(folder.glob(f"*/{FOLDER}/{name}.json")))


def _read(file: Path, name: str, kind: Any) -> tuple[Any, ...]:
    again = f"run `vlmrate probe {name.replace('_', ' ')}` again, or delete it"
    try:
        read = from_json(_content(file), kind)
    except AnalysisError as error:
        raise ProbeError(f"{shown(file)} is not as vlmrate wrote it: {error}; {again}") from error
    if not isinstance(read, tuple):  # only to say so to the type checker
        raise ProbeError(f"{shown(file)} holds nothing that was found; {again}")
    return read


def _content(file: Path) -> Json:
    content = read_object(file)
    if (schema := content.pop("schema", None)) != SCHEMA:
        raise AnalysisError(f"it is of schema {schema}, and this version of vlmrate reads {SCHEMA}")
    if content.pop("digest", None) != digest_of(content):
        raise AnalysisError("its content does not fit its digest")
    return content.get("found")


def _holds_estimate(value: object) -> bool:
    if isinstance(value, Estimate):
        return True
    if isinstance(value, tuple):
        return any(map(_holds_estimate, value))
    if is_dataclass(value) and not isinstance(value, type):
        return any(_holds_estimate(getattr(value, field.name)) for field in fields(value))
    return False


def _filled(found: Found) -> list[tuple[str, Any]]:
    return [(field.name, value) for field in fields(found) if (value := getattr(found, field.name))]
