"""The baseline's file: written so that a change shows line by line in git, refused when it was edited by hand."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from vlmrate.check.records import Baseline
from vlmrate.errors import CheckError
from vlmrate.inference.files import write_atomically
from vlmrate.study.faults import shown

if TYPE_CHECKING:
    from vlmrate.study.records import Study

FORMAT = "vlmrate-baseline/1"
FOLDER = Path("data") / "baseline"
"""Where baselines lie, from the folder in which the command is run."""
AGAIN = "make it anew with `vlmrate check --update`"


def baseline_file(study: Study, rater: str, protocol: str) -> Path:
    """The usual place of a rater's baseline."""
    return FOLDER / f"{study.name}-{rater}-{protocol}.json"


def write_baseline(file: Path, baseline: Baseline) -> None:
    """Write a baseline with its digest, an image and a metric a line.

    Raises:
        CheckError: The file cannot be written.
    """
    document = baseline.model_dump(mode="json")
    document["digest"] = _digest(document)
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        write_atomically(file, _lines(document))
    except OSError as error:
        raise CheckError(f"{shown(file)} cannot be written: {error.strerror or error}") from None


def read_baseline(file: Path) -> Baseline:
    """The baseline of a file.

    Raises:
        CheckError: There is none, or it is truncated, of another format, or was edited.
    """
    document = _document(file)
    found = document.get("format")
    if found != FORMAT:
        raise CheckError(f"{shown(file)} {_other_format(found)}")
    if document.get("digest") != _digest(document):
        raise CheckError(
            f"{shown(file)} was edited: its digest does not fit what it holds; restore it from git, or {AGAIN}"
        )
    try:
        return Baseline.model_validate_json(json.dumps(document))
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise CheckError(f"{shown(file)} is no baseline ({where}: {first['msg']}); {AGAIN}") from None


def _document(file: Path) -> dict[str, Any]:
    try:
        document = json.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise CheckError(
            f"there is no baseline {shown(file)}; make one with `vlmrate check --update`, or name it with --baseline"
        ) from None
    except OSError as error:
        raise CheckError(f"{shown(file)} cannot be read: {error.strerror or error}") from None
    except (json.JSONDecodeError, UnicodeDecodeError, RecursionError) as error:
        raise CheckError(f"{shown(file)} is not whole JSON ({error}); restore it from git, or {AGAIN}") from None
    if not isinstance(document, dict):
        raise CheckError(f"{shown(file)} is no baseline: it does not hold named fields; {AGAIN}")
    return document


def _other_format(found: object) -> str:
    name, slash, version = str(found).rpartition("/")
    if name == FORMAT.rpartition("/")[0] and slash and version.isdigit():
        mine = int(FORMAT.rpartition("/")[2])
        if int(version) < mine:
            return f"is of the older format {found}, and this vlmrate reads {FORMAT}; {AGAIN}"
        return f"is of the newer format {found}, and this vlmrate reads {FORMAT}; update vlmrate, or {AGAIN}"
    return f"is no baseline (its format is {found!r}, not {FORMAT!r}); name another file with --baseline, or {AGAIN}"


def _digest(document: dict[str, Any]) -> str:
    rest = {key: value for key, value in document.items() if key != "digest"}
    return hashlib.sha256(json.dumps(rest, sort_keys=True, ensure_ascii=False).encode()).hexdigest()


def _lines(document: dict[str, Any]) -> str:
    fields = ",\n".join(f" {json.dumps(key)}: {_value(value)}" for key, value in document.items())
    return f"{{\n{fields}\n}}\n"


def _value(value: object) -> str:
    if isinstance(value, list) and any(isinstance(entry, dict) for entry in value):
        return "[\n" + ",\n".join(f"  {json.dumps(entry, ensure_ascii=False)}" for entry in value) + "\n ]"
    return json.dumps(value, ensure_ascii=False)
