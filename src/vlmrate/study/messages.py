"""What pydantic found, in a sentence for someone who writes a YAML file."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from vlmrate.study.faults import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pydantic_core import ErrorDetails

_WANTED = {
    "string_type": "text",
    "int_type": "a whole number",
    "int_from_float": "a whole number",
    "int_parsing": "a whole number",
    "bool_type": "true or false",
    "tuple_type": "a list, such as [one, two]",
    "dict_type": "a block of keys with values",
    "model_type": "a block of keys with values",
    "model_attributes_type": "a block of keys with values",
}


def problem(detail: ErrorDetails, known: Sequence[str]) -> str:
    """One sentence on one error; `known` are the keys that may stand where the faulty one stands."""
    kind = detail["type"]
    key = str(detail["loc"][-1]) if detail["loc"] else ""
    if kind == "extra_forbidden":
        return _unknown_key(key, known)
    if kind == "missing":
        choice = " (an item has options, or low and high)" if {"options", key} <= set(known) else ""
        return f"the key {key!r} is missing{choice}"
    if kind == "value_error":
        return str(detail["ctx"]["error"])
    if kind in {"too_short", "string_too_short"}:
        return _too_few(detail)
    if kind in _WANTED:
        quoted = " (put it in quotes)" if kind == "string_type" and _is_scalar(detail["input"]) else ""
        return f"must be {_WANTED[kind]}, not {_as_written(detail['input'])}{quoted}"
    return detail["msg"]


def _unknown_key(key: str, known: Sequence[str]) -> str:
    if key in known:  # known elsewhere: low beside options, or intended beside low and high
        return f"the key {key!r} does not fit: an item has either options (and intended) or low and high"
    return f"unknown key {key!r}; {did_you_mean(key, known)}"


def _too_few(detail: ErrorDetails) -> str:
    least = detail["ctx"]["min_length"]
    if detail["type"] == "string_too_short":
        return "is blank; write some text or leave the key out"
    return f"needs at least {least} {'entry' if least == 1 else 'entries'}"


def _is_scalar(value: Any) -> bool:
    return value is not None and not isinstance(value, (dict, list))


def _as_written(value: Any) -> str:
    if value is None:
        return "blank"
    if isinstance(value, bool):
        return "true/false (YAML reads yes, no, on and off so)"
    if isinstance(value, dict):
        return "a block of keys"
    if isinstance(value, list):
        return "a list"
    return repr(value) if isinstance(value, str) else str(value)
