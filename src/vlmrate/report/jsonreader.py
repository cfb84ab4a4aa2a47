"""From JSON to frozen records, strictly by their annotations: no key too many or too few, nothing converted."""

from __future__ import annotations

import dataclasses
import types
from collections.abc import Callable
from enum import Enum
from functools import cache
from typing import Any, Literal, TypeAlias, Union, get_args, get_origin, get_type_hints

from vlmrate.errors import AnalysisError
from vlmrate.stats import Skipped

Json: TypeAlias = "dict[str, Json] | list[Json] | str | int | float | bool | None"
Reader: TypeAlias = Callable[[Json, str], Any]
"""From JSON, and where it stands in the file, to a value."""

SCALARS: dict[object, tuple[tuple[type, ...], str]] = {
    str: ((str,), "words"),
    int: ((int,), "a whole number"),
    float: ((float, int), "a number"),
    bool: ((bool,), "true or false"),
    type(None): ((type(None),), "null"),
    Any: ((str, int, float), "a plain value"),  # the name of a group, as statistics were given it
}
"""What JSON gives for an annotation, and what that is called."""


def from_json(content: Json, kind: type) -> object:
    """A value of `kind`: a frozen dataclass, tuple, enumeration, union or plain type, with all that it holds.

    Raises:
        AnalysisError: The content is not of that kind; the sentence says where.
    """
    return _reader(kind)(content, "")


def json_name(kind: type, field: str) -> str:
    """What a field is called in JSON: its name, but that what was skipped says so."""
    return "skipped" if kind is Skipped else field


def fields_of(kind: type) -> dict[str, Any]:
    """The annotations of a dataclass by name; they must be resolvable in its module when the program runs."""
    hints = get_type_hints(kind)
    return {field.name: hints[field.name] for field in dataclasses.fields(kind)}


def is_union(kind: object) -> bool:
    """Whether an annotation leaves a choice."""
    return get_origin(kind) in (Union, types.UnionType)


@cache
def _reader(kind: Any) -> Reader:
    if kind in SCALARS:
        return _scalar(*SCALARS[kind])
    if is_union(kind):
        return _union(get_args(kind))
    origin = get_origin(kind)
    if origin is Literal:
        return _one_of(get_args(kind), {value: value for value in get_args(kind)})
    if origin is tuple:
        return _tuple(get_args(kind))
    if isinstance(kind, type) and issubclass(kind, Enum):
        return _one_of(tuple(entry.value for entry in kind), {entry.value: entry for entry in kind})
    if isinstance(kind, type) and dataclasses.is_dataclass(kind):
        return _record(kind)
    raise TypeError(f"analysis.json cannot hold {kind}")


def _scalar(accepted: tuple[type, ...], called: str) -> Reader:
    def read(content: Json, where: str) -> Any:
        # type() and not isinstance: true is no number.
        if type(content) not in accepted:
            raise _unfit(content, where, called)
        return content

    return read


def _one_of(values: tuple[Any, ...], found: dict[Any, Any]) -> Reader:
    def read(content: Json, where: str) -> Any:
        if isinstance(content, dict | list) or content not in found:
            raise _unfit(content, where, f"one of {', '.join(map(str, values))}")
        return found[content]

    return read


def _tuple(kinds: tuple[Any, ...]) -> Reader:
    if len(kinds) == 2 and kinds[1] is Ellipsis:
        entry = _reader(kinds[0])

        def read(content: Json, where: str) -> Any:
            if not isinstance(content, list):
                raise _unfit(content, where, "a list")
            return tuple(entry(value, f"{where}[{i}]") for i, value in enumerate(content))

        return read
    readers = [_reader(kind) for kind in kinds]

    def read_fixed(content: Json, where: str) -> Any:
        if not isinstance(content, list) or len(content) != len(readers):
            raise _unfit(content, where, f"a list of {len(readers)}")
        pairs = enumerate(zip(readers, content, strict=True))
        return tuple(reader(value, f"{where}[{i}]") for i, (reader, value) in pairs)

    return read_fixed


def _record(kind: type) -> Reader:
    readers = {json_name(kind, name): (name, _reader(hint)) for name, hint in fields_of(kind).items()}

    def read(content: Json, where: str) -> Any:
        if not isinstance(content, dict):
            raise _unfit(content, where, f"a record of {', '.join(readers)}")
        if content.keys() != readers.keys():
            raise AnalysisError(_keys(content, readers, where))
        return kind(**{readers[k][0]: readers[k][1](v, f"{where}.{k}".lstrip(".")) for k, v in content.items()})

    return read


def _union(kinds: tuple[Any, ...]) -> Reader:
    """Records are told by their keys, everything else by its kind of JSON."""
    records = {_keys_of(kind): _reader(kind) for kind in kinds if _is_record(kind)}
    others = [kind for kind in kinds if not _is_record(kind)]
    lists = [kind for kind in others if get_origin(kind) is tuple]
    if len(records) + len(others) != len(kinds) or len(lists) > 1:
        raise TypeError(f"analysis.json cannot tell {' and '.join(map(str, kinds))} apart")
    listed = [_reader(kind) for kind in lists]
    plain = [_reader(kind) for kind in others if kind not in lists]

    def read(content: Json, where: str) -> Any:
        if isinstance(content, list) and listed:
            return listed[0](content, where)
        if isinstance(content, dict) and records:
            record = records.get(frozenset(content), next(iter(records.values())))
            return record(content, where)
        for reader in plain:
            try:
                return reader(content, where)
            except AnalysisError:
                continue
        raise _unfit(content, where, "something else")

    return read


def _is_record(kind: Any) -> bool:
    return isinstance(kind, type) and dataclasses.is_dataclass(kind)


def _keys_of(kind: type) -> frozenset[str]:
    return frozenset(json_name(kind, field.name) for field in dataclasses.fields(kind))


def _keys(content: dict[str, Json], readers: dict[str, Any], where: str) -> str:
    at = f"{where} " if where else "it "
    missing = [name for name in readers if name not in content]
    if missing:
        return f"{at}has no {missing[0]}"
    return f"{at}has {next(name for name in content if name not in readers)}, which is unknown"


def _unfit(content: Json, where: str, expected: str) -> AnalysisError:
    held = "a list" if isinstance(content, list) else "a record" if isinstance(content, dict) else repr(content)[:40]
    return AnalysisError(f"{where or 'it'} holds {held} in place of {expected}")
