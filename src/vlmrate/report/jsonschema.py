"""The JSON Schema of analysis.json, made from the annotations of the records it holds."""

from __future__ import annotations

import dataclasses
import inspect
import json
import sys
from enum import Enum
from typing import Any, Literal, get_args, get_origin

from vlmrate.analysis import Analysis
from vlmrate.report.jsonfile import SCHEMA
from vlmrate.report.jsonreader import Json, fields_of, is_union, json_name

DIALECT = "https://json-schema.org/draft/2020-12/schema"
DIGEST: Json = {
    "description": "SHA-256 of all other fields but schema, as JSON with sorted keys, without spaces, in ASCII.",
    "type": "string",
    "pattern": "^[0-9a-f]{64}$",
}
TYPES: dict[object, Json] = {
    str: "string",
    int: "integer",
    float: "number",
    bool: "boolean",
    type(None): "null",
    Any: ["string", "number"],
}


def schema_text() -> str:
    """The schema as it is shipped."""
    return json.dumps(analysis_schema(), indent=1, ensure_ascii=False) + "\n"


def analysis_schema() -> dict[str, Json]:
    """The schema of an analysis; every kind of record is a definition of its own."""
    definitions: dict[str, Json] = {}
    record = _record(Analysis, definitions)
    properties: dict[str, Json] = {"schema": {"const": SCHEMA}, "digest": DIGEST, **_as_object(record["properties"])}
    return {
        "$schema": DIALECT,
        "title": SCHEMA,
        **record,
        "properties": properties,
        "required": list(properties),
        "$defs": {name: definitions[name] for name in sorted(definitions)},
    }


def _record(kind: type, definitions: dict[str, Json]) -> dict[str, Json]:
    properties = {json_name(kind, name): _of(hint, definitions) for name, hint in fields_of(kind).items()}
    return {
        "description": inspect.cleandoc(kind.__doc__ or "").split("\n\n")[0].replace("\n", " "),
        "type": "object",
        "properties": dict(properties),
        "required": list(properties),
        "additionalProperties": False,
    }


def _of(kind: Any, definitions: dict[str, Json]) -> Json:
    if kind in TYPES:
        return {"type": TYPES[kind]}
    if is_union(kind):
        return {"anyOf": [_of(choice, definitions) for choice in get_args(kind)]}
    origin = get_origin(kind)
    if origin is Literal:
        return {"enum": list(get_args(kind))}
    if origin is tuple:
        return _list(get_args(kind), definitions)
    if isinstance(kind, type) and issubclass(kind, Enum):
        return {"enum": [entry.value for entry in kind]}
    return _reference(kind, definitions)


def _list(kinds: tuple[Any, ...], definitions: dict[str, Json]) -> Json:
    if len(kinds) == 2 and kinds[1] is Ellipsis:
        return {"type": "array", "items": _of(kinds[0], definitions)}
    size = len(kinds)
    entries = [_of(kind, definitions) for kind in kinds]
    return {"type": "array", "prefixItems": entries, "minItems": size, "maxItems": size}


def _reference(kind: type, definitions: dict[str, Json]) -> Json:
    if not dataclasses.is_dataclass(kind):
        raise TypeError(f"analysis.json cannot hold {kind}")
    # Two modules may call different records by the same name.
    name = f"{kind.__module__.removeprefix('vlmrate.')}.{kind.__name__}"
    if name not in definitions:
        definitions[name] = {}
        definitions[name] = _record(kind, definitions)
    return {"$ref": f"#/$defs/{name}"}


def _as_object(value: Json) -> dict[str, Json]:
    return value if isinstance(value, dict) else {}


if __name__ == "__main__":
    sys.stdout.write(schema_text())
