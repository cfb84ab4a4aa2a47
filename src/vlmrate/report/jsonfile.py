"""The whole analysis as JSON for programs: every number at full precision, the same bytes for the same input."""

from __future__ import annotations

import dataclasses
import json
import math
from typing import TYPE_CHECKING, TypeAlias

from vlmrate.errors import AnalysisError
from vlmrate.stats import Skipped

if TYPE_CHECKING:
    from vlmrate.analysis import Analysis

SCHEMA = "vlmrate-analysis/1"

Json: TypeAlias = "dict[str, Json] | list[Json] | str | int | float | bool | None"


def json_text(analysis: Analysis) -> str:
    """The analysis as JSON with sorted keys; what was skipped stands as {"skipped": reason}."""
    content = as_json(analysis)
    if not isinstance(content, dict):  # only to say so to the type checker: an Analysis is a dataclass
        raise AnalysisError("an analysis must be a record")
    whole = {"schema": SCHEMA, **content}
    return json.dumps(whole, indent=1, sort_keys=True, ensure_ascii=False, allow_nan=False) + "\n"


def as_json(value: object) -> Json:
    """A record, and all that it holds, in the terms of JSON; NaN and infinity become null.

    Raises:
        AnalysisError: It holds something that has no place in an analysis.
    """
    if isinstance(value, Skipped):
        return {"skipped": value.reason}
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {field.name: as_json(getattr(value, field.name)) for field in dataclasses.fields(value)}
    if isinstance(value, tuple | list):
        return [as_json(entry) for entry in value]
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if value is None or isinstance(value, str | int):
        return value
    raise AnalysisError(f"an analysis cannot hold {type(value).__name__}")
